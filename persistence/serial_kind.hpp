#pragma once

#include <holdfast/core/value.hpp>

#include <boost/serialization/array_wrapper.hpp>
#include <boost/serialization/binary_object.hpp>
#include <boost/serialization/collection_size_type.hpp>
#include <boost/serialization/item_version_type.hpp>
#include <boost/serialization/level.hpp>
#include <boost/serialization/library_version_type.hpp>
#include <boost/serialization/nvp.hpp>
#include <boost/serialization/serialization.hpp>
#include <boost/serialization/version.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

/// What a type is to the archives. One classification, so that binary archives, dynamic values,
/// fingerprints and the listings of a command line agree on which types travel. The archives handle
/// everything but `object` themselves: none of Boost's headers for containers is needed, and it
/// does not matter which of them this Boost version has.
namespace holdfast::detail {

namespace bs = boost::serialization;

enum class serial_kind {
  boolean,
  integer,  ///< also characters, std::byte and the counters of Boost's own headers
  real,
  enumeration,
  string,
  dynamic,  ///< holdfast::value
  duration,
  moment,  ///< time points of the system clock
  optional,
  variant,
  nothing,  ///< std::monostate
  tuple,
  pair,
  fixed_array,  ///< std::array
  plain_array,  ///< T[N]
  bytes,        ///< vector<std::byte>
  bits,         ///< vector<bool>
  sequence,     ///< vector, deque, list, forward_list
  set,          ///< ordered, with or without repetitions
  map,
  hashed_set,
  hashed_map,
  named,       ///< boost::serialization::nvp
  array_view,  ///< boost::serialization::make_array
  raw_view,    ///< boost::serialization::make_binary_object
  object,      ///< has a `serialize` of its own
  pointer,     ///< refused, as are the rest
  view,
  callable,
  unsupported,
};

template <class T>
struct kind_is : std::integral_constant<serial_kind, serial_kind::object> {};

template <serial_kind K>
using kind_constant = std::integral_constant<serial_kind, K>;

template <class Allocator>
using narrow_string = std::basic_string<char, std::char_traits<char>, Allocator>;
template <class Duration>
using steady_moment = std::chrono::time_point<std::chrono::steady_clock, Duration>;

// clang-format off
template <class A> struct kind_is<narrow_string<A>> : kind_constant<serial_kind::string> {};
template <> struct kind_is<value> : kind_constant<serial_kind::dynamic> {};
template <class R, class P> struct kind_is<std::chrono::duration<R, P>> : kind_constant<serial_kind::duration> {};
template <class D> struct kind_is<std::chrono::sys_time<D>> : kind_constant<serial_kind::moment> {};
template <class D> struct kind_is<steady_moment<D>> : kind_constant<serial_kind::unsupported> {};
template <class T> struct kind_is<std::optional<T>> : kind_constant<serial_kind::optional> {};
template <class... T> struct kind_is<std::variant<T...>> : kind_constant<serial_kind::variant> {};
template <> struct kind_is<std::monostate> : kind_constant<serial_kind::nothing> {};
template <class... T> struct kind_is<std::tuple<T...>> : kind_constant<serial_kind::tuple> {};
template <class A, class B> struct kind_is<std::pair<A, B>> : kind_constant<serial_kind::pair> {};
template <class T, std::size_t N> struct kind_is<std::array<T, N>> : kind_constant<serial_kind::fixed_array> {};
template <class T, std::size_t N> struct kind_is<T[N]> : kind_constant<serial_kind::plain_array> {};
template <class... A> struct kind_is<std::vector<A...>> : kind_constant<serial_kind::sequence> {};
template <class A> struct kind_is<std::vector<std::byte, A>> : kind_constant<serial_kind::bytes> {};
template <class A> struct kind_is<std::vector<bool, A>> : kind_constant<serial_kind::bits> {};
template <class... A> struct kind_is<std::deque<A...>> : kind_constant<serial_kind::sequence> {};
template <class... A> struct kind_is<std::list<A...>> : kind_constant<serial_kind::sequence> {};
template <class... A> struct kind_is<std::forward_list<A...>> : kind_constant<serial_kind::sequence> {};
template <class... A> struct kind_is<std::set<A...>> : kind_constant<serial_kind::set> {};
template <class... A> struct kind_is<std::multiset<A...>> : kind_constant<serial_kind::set> {};
template <class... A> struct kind_is<std::map<A...>> : kind_constant<serial_kind::map> {};
template <class... A> struct kind_is<std::multimap<A...>> : kind_constant<serial_kind::map> {};
template <class... A> struct kind_is<std::unordered_set<A...>> : kind_constant<serial_kind::hashed_set> {};
template <class... A> struct kind_is<std::unordered_multiset<A...>> : kind_constant<serial_kind::hashed_set> {};
template <class... A> struct kind_is<std::unordered_map<A...>> : kind_constant<serial_kind::hashed_map> {};
template <class... A> struct kind_is<std::unordered_multimap<A...>> : kind_constant<serial_kind::hashed_map> {};
template <class T> struct kind_is<bs::nvp<T>> : kind_constant<serial_kind::named> {};
template <class T> struct kind_is<bs::array_wrapper<T>> : kind_constant<serial_kind::array_view> {};
template <> struct kind_is<bs::binary_object> : kind_constant<serial_kind::raw_view> {};
template <> struct kind_is<std::byte> : kind_constant<serial_kind::integer> {};
template <> struct kind_is<bs::collection_size_type> : kind_constant<serial_kind::integer> {};
template <> struct kind_is<bs::item_version_type> : kind_constant<serial_kind::integer> {};
template <> struct kind_is<bs::library_version_type> : kind_constant<serial_kind::integer> {};

template <class T, class D> struct kind_is<std::unique_ptr<T, D>> : kind_constant<serial_kind::pointer> {};
template <class T> struct kind_is<std::shared_ptr<T>> : kind_constant<serial_kind::pointer> {};
template <class T> struct kind_is<std::weak_ptr<T>> : kind_constant<serial_kind::pointer> {};
template <class T> struct kind_is<std::reference_wrapper<T>> : kind_constant<serial_kind::pointer> {};
template <class... C> struct kind_is<std::basic_string_view<C...>> : kind_constant<serial_kind::view> {};
template <class T, std::size_t N> struct kind_is<std::span<T, N>> : kind_constant<serial_kind::view> {};
template <class S> struct kind_is<std::function<S>> : kind_constant<serial_kind::callable> {};
template <class... A> struct kind_is<std::basic_string<A...>> : kind_constant<serial_kind::unsupported> {};
// clang-format on

template <class T>
consteval serial_kind kind_of() {
  if constexpr (std::is_same_v<T, bool>)
    return serial_kind::boolean;
  else if constexpr (std::is_integral_v<T>)
    return sizeof(T) <= 8 ? serial_kind::integer : serial_kind::unsupported;
  else if constexpr (std::is_floating_point_v<T>)
    return sizeof(T) <= 8 ? serial_kind::real : serial_kind::unsupported;
  else if constexpr (std::is_enum_v<T> && !std::is_same_v<T, std::byte>)
    return serial_kind::enumeration;
  else if constexpr (std::is_member_pointer_v<T> || std::is_function_v<T>)
    return serial_kind::callable;
  else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>)
    return serial_kind::pointer;
  else
    return kind_is<T>::value;
}

template <class T>
inline constexpr serial_kind kind = kind_of<std::remove_cv_t<T>>();

/// One readable error for what cannot travel. Every archive asks it first.
template <class T>
consteval void check_travels() {
  constexpr auto k = kind<T>;
  static_assert(k != serial_kind::pointer,
                "holdfast: pointers cannot travel; hold the object itself, "
                "std::optional or a container (T above)");
  static_assert(k != serial_kind::view,
                "holdfast: a view owns nothing and cannot travel; use std::string or "
                "std::vector (T above)");
  static_assert(k != serial_kind::callable, "holdfast: functions cannot travel (T above)");
  static_assert(k != serial_kind::unsupported,
                "holdfast: this type has no portable encoding (long double, 128-bit "
                "integers, wide strings, steady time points; T above)");
}

/// Arrays of these are copied as a block. bool is not among them: a byte of 2 in a bool is
/// undefined behaviour.
template <class T>
inline constexpr bool is_flat =
    std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8;

template <class T>
inline constexpr bool is_flat_vector = false;
template <class T, class A>
inline constexpr bool is_flat_vector<std::vector<T, A>> = is_flat<T>;

/// The bytes an enumeration takes: 4, as in Boost, or 8 where its values need them.
template <class E>
using enum_carrier = std::conditional_t<sizeof(std::underlying_type_t<E>) <= 4, std::int32_t,
                                        std::underlying_type_t<E>>;

/// Does the type write its class version at its first appearance in an archive?
template <class T>
inline constexpr bool has_class_info =
    boost::serialization::implementation_level<T>::value >= boost::serialization::object_class_info;

template <class T>
inline constexpr bool is_deque = false;
template <class T, class A>
inline constexpr bool is_deque<std::deque<T, A>> = true;

/// What one element costs in memory beside itself: the links of a node and what the allocator adds.
template <class Container>
consteval std::size_t memory_per_element() {
  constexpr auto k = kind<Container>;
  constexpr std::size_t node = (k == serial_kind::sequence && !requires(Container c) { c.size(); c[0]; }) ? 32
                               : (k == serial_kind::set || k == serial_kind::map)                        ? 48
                               : (k == serial_kind::hashed_set || k == serial_kind::hashed_map)          ? 48
                                                                                                         : 0;
  return sizeof(typename Container::value_type) + node;
}

/// What a container takes when empty: a deque allocates its first block at once.
template <class Container>
inline constexpr std::size_t memory_when_made = is_deque<Container> ? 640 : 0;

}  // namespace holdfast::detail
