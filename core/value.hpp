#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// Dynamic values: what a command line or a foreign node, which do not know a method's types, pass
/// and get.
///
/// A value is null, a bool, a 64-bit integer, a double, a string, bytes, a moment in time, an array
/// or a struct. It owns what it holds; copies are deep. Everything that comes from outside (JSON,
/// the wire) is at most `value_depth_max` deep; code that builds values itself keeps to that too,
/// and whatever walks a value for output refuses a deeper one.
namespace holdfast {

class value;
struct member;

using array = std::vector<value>;
using binary = std::vector<std::byte>;
using date_time = std::chrono::sys_time<std::chrono::microseconds>;

/// Arrays and structs within each other. Walking a value uses the stack; a deeper one could overrun
/// it.
inline constexpr unsigned value_depth_max = 64;

enum class value_kind : std::uint8_t {
  null,
  boolean,
  integer,
  real,
  string,
  bytes,
  date_time,
  array,
  structure
};

/// "integer", "struct" and so on, as they stand in error messages.
std::string_view to_string(value_kind kind);

/// A struct: named members in the order they were given. Names are unique; giving one twice throws
/// bad_argument. Two are equal when they hold equal members in the same order.
class dict {
public:
  dict();
  dict(std::initializer_list<member> members);
  explicit dict(std::vector<member> members);

  // Defined where member is complete: `value` holds a dict by value before that.
  dict(const dict&);
  dict(dict&&) noexcept;
  dict& operator=(const dict&);
  dict& operator=(dict&&) noexcept;
  ~dict();

  bool empty() const { return members_.empty(); }
  std::size_t size() const;
  const member* begin() const;
  const member* end() const;
  const member& operator[](std::size_t position) const;

  const value* find(std::string_view name) const;  ///< null when there is none
  value* find(std::string_view name);
  const value& at(std::string_view name) const;  ///< throws bad_argument when there is none
  void add(std::string name, value content);     ///< a new member, at the end
  void set(std::string name, value content);     ///< replaces the member of that name, or adds it
  bool operator==(const dict& other) const;

private:
  std::vector<member> members_;
};

class value {
public:
  using storage = std::variant<std::monostate, bool, std::int64_t, double, std::string, binary,
                               date_time, array, dict>;

  value() = default;
  value(std::nullptr_t) {}
  template <std::same_as<bool> B>
  value(B content) : content_(std::in_place_type<bool>, content) {}
  template <std::integral I>
  requires(!std::same_as<I, bool>) value(I content) : content_(checked(content)) {}
  template <std::floating_point F>
  value(F content) : content_(static_cast<double>(content)) {}
  value(const char* content) : content_(std::string(content)) {}
  value(std::string_view content) : content_(std::string(content)) {}
  value(std::string content) : content_(std::move(content)) {}
  value(binary content) : content_(std::move(content)) {}
  value(date_time content) : content_(content) {}
  value(array content) : content_(std::move(content)) {}
  value(dict content) : content_(std::move(content)) {}

  value_kind kind() const { return static_cast<value_kind>(content_.index()); }
  std::string_view kind_name() const { return to_string(kind()); }
  bool is_null() const { return content_.index() == 0; }

  /// The content when it is a `T` (bool, std::int64_t, double, std::string, binary, date_time,
  /// array, dict), else null.
  template <class T>
  const T* get_if() const {
    return std::get_if<T>(&content_);
  }
  template <class T>
  T* get_if() {
    return std::get_if<T>(&content_);
  }

  bool as_bool()
      const;  ///< these throw bad_argument, naming both kinds, when the value is of another kind
  std::int64_t as_integer() const;
  double as_double() const;  ///< an integer is taken too
  const std::string& as_string() const;
  const binary& as_bytes() const;
  date_time as_date_time() const;
  const array& as_array() const;
  const dict& as_dict() const;

  const storage& content() const { return content_; }
  bool operator==(const value& other) const = default;

private:
  template <class I>
  static std::int64_t checked(I content) {
    if constexpr (sizeof(I) == 8 && std::is_unsigned_v<I>)
      if (content > static_cast<I>(std::numeric_limits<std::int64_t>::max()))
        too_large(static_cast<std::uint64_t>(content));
    return static_cast<std::int64_t>(content);
  }
  [[noreturn]] static void too_large(std::uint64_t content);

  storage content_;
};

struct member {
  std::string name;
  value content;
  bool operator==(const member&) const = default;
};

inline std::size_t dict::size() const {
  return members_.size();
}
inline const member* dict::begin() const {
  return members_.data();
}
inline const member* dict::end() const {
  return members_.data() + members_.size();
}
inline const member& dict::operator[](std::size_t position) const {
  return members_[position];
}

/// For logs and messages: `{who: "ann", lines: [1, 2.5, null]}`. Long content is cut at
/// `bytes_max`, with "...".
std::string to_text(const value& content, std::size_t bytes_max = 1000);

/// "2026-11-22T18:21:07.250000Z": ISO 8601, always UTC, microseconds only when there are some.
/// Years 0000 to 9999; others throw bad_argument.
std::string format_date_time(date_time moment);

/// Reads what `format_date_time` writes, and offsets such as "+02:00". Throws bad_argument with
/// what is wrong.
date_time parse_date_time(std::string_view text);

}  // namespace holdfast
