#include <holdfast/core/error.hpp>
#include <holdfast/persistence/archive_limits.hpp>
#include <holdfast/persistence/value_place.hpp>

namespace holdfast {

value_place::value_place(const value_place& above, std::string_view member)
    : above_(&above), name_(member), depth_(above.depth_ + 1) {
  check_depth();
}

value_place::value_place(const value_place& above, std::size_t index)
    : above_(&above), index_(index), depth_(above.depth_ + 1), is_element_(true) {
  check_depth();
}

void value_place::check_depth() const {
  if (depth_ > limits::archive_depth_max)
    fail("nested too deeply");
}

std::string value_place::text() const {
  if (!above_)
    return std::string(name_);
  if (is_element_)
    return above_->text() + "[" + std::to_string(index_) + "]";
  return above_->text() + "." + std::string(name_);
}

void value_place::fail(std::string_view why) const {
  throw error(errc::bad_argument, text() + ": " + std::string(why));
}

void value_place::expected(std::string_view wanted, const value& got) const {
  fail("expected " + std::string(wanted) + ", got " + std::string(got.kind_name()));
}

void value_place::out_of_range(const value& got, std::string_view type) const {
  fail(to_text(got, 40) + " is out of range of " + std::string(type));
}

}  // namespace holdfast
