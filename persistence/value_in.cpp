#include <holdfast/persistence/value_in.hpp>

#include <algorithm>

namespace holdfast::detail {

value_in::value_in(const value& from, const value_place& place)
    : place_(place), named_(from.get_if<dict>()), items_(from.get_if<array>()) {
  if (!named_ && !items_)
    place.expected("struct", from);
}

void value_in::nameless() const {
  place_.fail("this type's serialize names no members (BOOST_SERIALIZATION_NVP); pass an array");
}

void value_in::finish() const {
  if (items_ && found_ < items_->size())
    place_.fail(std::to_string(items_->size()) + " elements given, " + std::to_string(found_)
                + " taken");
  if (!named_ || found_ == named_->size())
    return;
  std::string names;
  for (auto name : known_)
    names += (names.empty() ? "" : ", ") + std::string(name);
  for (auto& [name, content] : *named_)
    if (std::find(known_.begin(), known_.end(), name) == known_.end())
      value_place(place_, name)
          .fail("unknown field; known are " + (names.empty() ? "none" : names));
}

const array& expect_items(const value& from, std::size_t count, const value_place& place) {
  auto& items = expect<array>(from, "array", place);
  if (items.size() != count)
    place.fail("expected " + std::to_string(count) + " elements, got "
               + std::to_string(items.size()));
  return items;
}

double expect_double(const value& from, const value_place& place) {
  if (auto number = from.get_if<std::int64_t>()) {
    auto exact = static_cast<double>(*number);
    // 2^63 itself is not an int64: the cast back would be undefined
    if (exact >= 0x1p63 || static_cast<std::int64_t>(exact) != *number)
      place.fail(std::to_string(*number) + " is not exact as a double");
    return exact;
  }
  return expect<double>(from, "number", place);
}

}  // namespace holdfast::detail
