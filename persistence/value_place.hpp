#pragma once

#include <holdfast/core/value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast {

/// Where in an argument a conversion stands: a chain on the stack that becomes text only for an error,
/// "order.lines[0].qty". Each place must outlive the places below it.
class value_place {
public:
  explicit value_place(std::string_view root) : name_(root) {}
  value_place(const value_place& above, std::string_view member);
  value_place(const value_place& above, std::size_t index);

  std::string text() const;

  /// Throws errc::bad_argument: "order.lines[0].qty: expected integer, got string".
  [[noreturn]] void fail(std::string_view why) const;
  [[noreturn]] void expected(std::string_view wanted, const value& got) const;
  [[noreturn]] void out_of_range(const value& got, std::string_view type) const;

private:
  void check_depth() const;

  const value_place* above_ = nullptr;
  std::string_view name_;
  std::size_t index_ = 0;
  unsigned depth_ = 0;
  bool is_element_ = false;
};

}  // namespace holdfast
