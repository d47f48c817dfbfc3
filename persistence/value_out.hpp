#pragma once

#include <holdfast/persistence/serial_kind.hpp>
#include <holdfast/persistence/value_place.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Typed objects to dynamic values, through the user's own `serialize`.
///
/// A class whose `serialize` names all members (BOOST_SERIALIZATION_NVP) becomes a struct, another an
/// array of them. Vectors, lists and sets become arrays; maps with string keys structs, other maps
/// arrays of [key, value]; optional the content or null; pair, tuple and std::array arrays; variant
/// {which: 0, value: ...}; vectors of bytes (std::byte, unsigned char) bytes; system time points
/// date-times, cut to microseconds; durations and enumerations numbers.
namespace holdfast {

template <class T>
value to_value(const T& content, const value_place& place);

/// `name` is how an error calls the whole: a number may be too large, objects nested too deeply.
template <class T>
value to_value(const T& content, std::string_view name = "value") {
  return to_value(content, value_place(name));
}

namespace detail {

template <class T>
inline constexpr bool is_byte_vector = kind<T> == serial_kind::bytes;
template <class A>
inline constexpr bool is_byte_vector<std::vector<unsigned char, A>> = true;

template <class Map>
inline constexpr bool has_string_keys = kind<typename Map::key_type> == serial_kind::string;

/// The archive that a `serialize` sees: takes the members of one object.
class value_out {
public:
  using is_saving = std::true_type;
  using is_loading = std::false_type;
  struct use_array_optimization {
    template <class>
    struct apply : std::false_type {};
  };

  explicit value_out(const value_place& place) : place_(place) {}

  template <class T>
  value_out& operator&(const T& content) {
    return *this << content;
  }

  template <class T>
  value_out& operator<<(const T& content) {
    if constexpr (kind<T> == serial_kind::named)
      members_.push_back(
          {content.name(), to_value(content.const_value(), value_place(place_, content.name()))});
    else {
      all_named_ = false;
      members_.push_back({"", to_value(content, value_place(place_, members_.size()))});
    }
    return *this;
  }

  boost::serialization::library_version_type get_library_version() const {
    return boost::serialization::library_version_type(18);
  }
  unsigned get_flags() const { return 0; }
  template <class T>
  void register_type(const T* = nullptr) {}

  value take() {
    if (all_named_)
      return dict(std::move(members_));
    array items;
    for (auto& each : members_)
      items.push_back(std::move(each.content));
    return items;
  }

private:
  const value_place& place_;
  std::vector<member> members_;
  bool all_named_ = true;
};

template <class Range>
value array_of(const Range& range, const value_place& place) {
  array items;
  for (auto& each : range)
    items.push_back(to_value(each, value_place(place, items.size())));
  return items;
}

template <class Map>
value map_to_value(const Map& map, const value_place& place) {
  if constexpr (has_string_keys<Map>) {
    std::vector<member> members;
    for (auto& [key, mapped] : map)
      members.push_back({std::string(key), to_value(mapped, value_place(place, key))});
    return dict(std::move(members));
  } else
    return array_of(map, place);
}

template <class T>
value integer_to_value(T content, const value_place& place) {
  if constexpr (std::is_same_v<T, std::byte>)
    return static_cast<unsigned>(content);
  else if constexpr (sizeof(T) == 8 && !std::is_signed_v<T>)
    if (static_cast<std::uint64_t>(content) >> 63)
      place.fail(std::to_string(content) + " does not fit a 64-bit signed integer");
  return static_cast<std::int64_t>(content);
}

template <class... T>
value tuple_to_value(const value_place& place, const T&... each) {
  array items;
  (items.push_back(to_value(each, value_place(place, items.size()))), ...);
  return items;
}

// Kinds that take one place of their own in the chain of errors only through what they hold.
template <class T>
value wrapped_to_value(const T& content, const value_place& place) {
  constexpr auto k = kind<T>;
  if constexpr (k == serial_kind::optional)
    return content ? to_value(*content, place) : value();
  else if constexpr (k == serial_kind::variant)
    return dict{{"which", content.index()},
                {"value", std::visit([&](auto& held) { return to_value(held, place); }, content)}};
  else if constexpr (k == serial_kind::tuple || k == serial_kind::pair)
    return std::apply([&](auto&... each) { return tuple_to_value(place, each...); }, content);
  else if constexpr (k == serial_kind::array_view)
    return array_of(std::span(content.address(), content.count()), place);
  else if constexpr (k == serial_kind::raw_view) {
    auto from = static_cast<const std::byte*>(content.m_t);
    return binary(from, from + content.m_size);
  } else {
    value_out members(place);
    boost::serialization::serialize_adl(members, const_cast<T&>(content),
                                        boost::serialization::version<T>::value);
    return members.take();
  }
}

}  // namespace detail

template <class T>
value to_value(const T& content, const value_place& place) {
  using kinds = detail::serial_kind;
  detail::check_travels<T>();
  constexpr auto k = detail::kind<T>;
  if constexpr (detail::is_byte_vector<T>) {
    auto from = reinterpret_cast<const std::byte*>(content.data());
    return binary(from, from + content.size());
  } else if constexpr (k == kinds::dynamic)
    return content;
  else if constexpr (k == kinds::boolean || k == kinds::real)
    return value(content);
  else if constexpr (k == kinds::integer)
    return detail::integer_to_value(content, place);
  else if constexpr (k == kinds::enumeration)
    return detail::integer_to_value(static_cast<std::underlying_type_t<T>>(content), place);
  else if constexpr (k == kinds::string)
    return value(std::string_view(content));
  else if constexpr (k == kinds::nothing)
    return value();
  else if constexpr (k == kinds::duration)
    return to_value(content.count(), place);
  else if constexpr (k == kinds::moment)
    return value(std::chrono::floor<std::chrono::microseconds>(content));
  else if constexpr (k == kinds::map || k == kinds::hashed_map)
    return detail::map_to_value(content, place);
  else if constexpr (k == kinds::sequence || k == kinds::set || k == kinds::hashed_set
                     || k == kinds::fixed_array || k == kinds::plain_array)
    return detail::array_of(content, place);
  else if constexpr (k == kinds::bits)
    return array(content.begin(), content.end());
  else
    return detail::wrapped_to_value(content, place);
}

}  // namespace holdfast
