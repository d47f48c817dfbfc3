#pragma once

#include <holdfast/persistence/value_out.hpp>

#include <cmath>
#include <limits>

/// Dynamic values to typed objects, the way back of value_out.hpp.
///
/// Every disagreement throws errc::bad_argument with its place: "order.lines[0].qty: expected integer,
/// got string", "order.colour: unknown field; known are who, lines". A struct may leave out members
/// that are optional, and only those; an array may be given for any class, by position. An integer is
/// taken for a double when it is exact, a double never for an integer. Nothing is taken half: on an
/// error the object is to be thrown away.
namespace holdfast {

template <class T>
void from_value(const value& from, T& to, const value_place& place);

template <class T>
T from_value(const value& from, std::string_view name = "value") {
  T to{};
  from_value(from, to, value_place(name));
  return to;
}

namespace detail {

/// The archive that a `serialize` sees: hands out the members of one object, by name or position.
class value_in {
public:
  using is_saving = std::false_type;
  using is_loading = std::true_type;
  using use_array_optimization = value_out::use_array_optimization;

  /// Both must outlive the archive.
  value_in(const value& from, const value_place& place);

  template <class T>
  value_in& operator&(T&& content) {
    return *this >> content;
  }

  template <class T>
  value_in& operator>>(T&& content) {
    using plain = std::remove_cvref_t<T>;
    if constexpr (kind<plain> == serial_kind::named)
      member_named(content.name(), content.value());
    else {
      if (named_)
        nameless();
      next(const_cast<plain&>(content));
    }
    return *this;
  }

  boost::serialization::library_version_type get_library_version() const {
    return boost::serialization::library_version_type(18);
  }
  unsigned get_flags() const { return 0; }
  template <class T>
  void register_type(const T* = nullptr) {}
  void reset_object_address(const void*, const void*) {}

  /// After the object: nothing may be left that it did not ask for.
  void finish() const;

private:
  template <class T>
  void member_named(const char* name, T& content) {
    if (!named_)
      return next(content);
    known_.push_back(name);
    if (auto found = named_->find(name)) {
      ++found_;
      from_value(*found, content, value_place(place_, name));
    } else
      absent(content, value_place(place_, name));
  }

  template <class T>
  void next(T& content) {
    value_place place(place_, found_);
    if (found_ < items_->size())
      from_value((*items_)[found_++], content, place);
    else
      absent(content, place);
  }

  template <class T>
  static void absent(T& content, const value_place& place) {
    if constexpr (kind<std::remove_cv_t<T>> == serial_kind::optional)
      content.reset();
    else
      place.fail("missing");
  }

  [[noreturn]] void nameless() const;

  const value_place& place_;
  const dict* named_ = nullptr;  // one of the two is set
  const array* items_ = nullptr;
  std::size_t found_ = 0;
  std::vector<std::string_view> known_;
};

template <class T>
const T& expect(const value& from, std::string_view wanted, const value_place& place) {
  if (auto held = from.get_if<T>())
    return *held;
  place.expected(wanted, from);
}

const array& expect_items(const value& from, std::size_t count, const value_place& place);
double expect_double(const value& from, const value_place& place);

template <class T>
T expect_integer(const value& from, const value_place& place) {
  auto number = expect<std::int64_t>(from, "integer", place);
  auto narrow = static_cast<T>(number);
  bool fits = static_cast<std::int64_t>(narrow) == number && (std::is_signed_v<T> || number >= 0);
  if (!fits)
    place.out_of_range(from,
                       std::to_string(sizeof(T) * 8)
                           + (std::is_signed_v<T> ? "-bit integers" : "-bit unsigned integers"));
  return narrow;
}

template <class T>
void read_real(const value& from, T& to, const value_place& place) {
  auto number = expect_double(from, place);
  if (std::isfinite(number)
      && std::abs(number) > static_cast<double>(std::numeric_limits<T>::max()))
    place.out_of_range(from, "float");
  to = static_cast<T>(number);
}

template <class T>
void read_moment(const value& from, T& to, const value_place& place) {
  using duration = typename T::duration;
  auto moment = expect<date_time>(from, "date-time", place);
  using seconds = std::chrono::duration<double>;
  auto since = seconds(moment.time_since_epoch());
  if (since > seconds(duration::max()) * 0.999 || since < seconds(duration::min()) * 0.999)
    place.out_of_range(from, "this clock");
  to = std::chrono::floor<duration>(moment);
}

template <class T>
void read_bytes(const value& from, T& to, const value_place& place) {
  if (kind<T> == serial_kind::sequence && from.kind() == value_kind::array) {
    to.clear();
    for (auto& each : from.as_array())
      from_value(each, to.emplace_back(), value_place(place, to.size() - 1));
    return;
  }
  auto& bytes = expect<binary>(from, "bytes", place);
  auto first = reinterpret_cast<const typename T::value_type*>(bytes.data());
  to.assign(first, first + bytes.size());
}

template <class Container>
void read_elements(const value& from, Container& to, const value_place& place) {
  std::size_t position = 0;
  to.clear();
  [[maybe_unused]] auto last = [&] {
    if constexpr (requires { to.before_begin(); })
      return to.before_begin();
    else
      return 0;
  }();
  for (auto& each : expect<array>(from, "array", place)) {
    value_place here(place, position++);
    typename Container::value_type element{};
    from_value(each, element, here);
    if constexpr (requires { to.before_begin(); })
      last = to.insert_after(last, std::move(element));
    else if constexpr (kind<Container> == serial_kind::sequence
                       || kind<Container> == serial_kind::bits)
      to.push_back(std::move(element));
    else if (to.insert(to.end(), std::move(element)); to.size() != position)
      here.fail("stands in this set twice");
  }
}

template <class Map>
void read_map(const value& from, Map& to, const value_place& place) {
  using key_type = typename Map::key_type;
  using mapped_type = typename Map::mapped_type;
  to.clear();
  auto put = [&](key_type key, const value& content, const value_place& here) {
    mapped_type mapped{};
    from_value(content, mapped, here);
    auto before = to.size();
    to.emplace(std::move(key), std::move(mapped));
    if (to.size() == before)
      here.fail("stands in this map twice");
  };
  if constexpr (has_string_keys<Map>) {
    if (auto members = from.get_if<dict>()) {
      for (auto& [name, content] : *members)
        put(key_type(name), content, value_place(place, name));
      return;
    }
  }
  std::size_t position = 0;
  for (auto& each :
       expect<array>(from, has_string_keys<Map> ? "struct" : "array of [key, value]", place)) {
    value_place here(place, position++);
    auto& both = expect_items(each, 2, here);
    key_type key{};
    from_value(both[0], key, value_place(here, 0));
    put(std::move(key), both[1], value_place(here, 1));
  }
}

template <std::size_t I = 0, class T>
void read_alternative(std::size_t which, const value& from, T& to, const value_place& place) {
  if constexpr (I < std::variant_size_v<T>) {
    if (which == I)
      from_value(from, to.template emplace<I>(), place);
    else
      read_alternative<I + 1>(which, from, to, place);
  } else
    place.fail("alternative " + std::to_string(which) + " is asked for, of "
               + std::to_string(std::variant_size_v<T>));
}

template <class T>
void read_variant(const value& from, T& to, const value_place& place) {
  auto& both = expect<dict>(from, "struct {which, value}", place);
  auto which = both.find("which"), content = both.find("value");
  if (both.size() != 2 || !which || !content)
    place.fail("expected the members which and value");
  auto index = expect_integer<std::size_t>(*which, value_place(place, "which"));
  read_alternative(index, *content, to, value_place(place, "value"));
}

template <class First>
void read_block(const value& from, First first, std::size_t count, const value_place& place) {
  auto& items = expect_items(from, count, place);
  for (std::size_t i = 0; i < count; ++i)
    from_value(items[i], first[i], value_place(place, i));
}

template <class T>
void read_wrapped(const value& from, T& to, const value_place& place) {
  constexpr auto k = kind<T>;
  if constexpr (k == serial_kind::optional) {
    to.reset();
    if (!from.is_null())
      from_value(from, to.emplace(), place);
  } else if constexpr (k == serial_kind::variant)
    read_variant(from, to, place);
  else if constexpr (k == serial_kind::tuple || k == serial_kind::pair) {
    auto& items = expect_items(from, std::tuple_size_v<T>, place);
    std::size_t position = 0;
    auto one = [&](auto& each) {
      from_value(items[position], each, value_place(place, position));
      ++position;
    };
    std::apply([&](auto&... each) { (one(each), ...); }, to);
  } else if constexpr (k == serial_kind::array_view)
    read_block(from, to.address(), to.count(), place);
  else if constexpr (k == serial_kind::raw_view) {
    auto& bytes = expect<binary>(from, "bytes", place);
    if (bytes.size() != to.m_size)
      place.fail("expected " + std::to_string(to.m_size) + " bytes, got "
                 + std::to_string(bytes.size()));
    std::copy(bytes.begin(), bytes.end(), static_cast<std::byte*>(const_cast<void*>(to.m_t)));
  } else {
    value_in members(from, place);
    boost::serialization::serialize_adl(members, to, boost::serialization::version<T>::value);
    members.finish();
  }
}

template <class T>
void read_scalar(const value& from, T& to, const value_place& place) {
  constexpr auto k = kind<T>;
  if constexpr (k == serial_kind::boolean)
    to = expect<bool>(from, "bool", place);
  else if constexpr (std::is_same_v<T, std::byte>)
    to = static_cast<std::byte>(expect_integer<std::uint8_t>(from, place));
  else if constexpr (k == serial_kind::integer)
    to = expect_integer<T>(from, place);
  else if constexpr (k == serial_kind::enumeration)
    to = static_cast<T>(expect_integer<std::underlying_type_t<T>>(from, place));
  else if constexpr (k == serial_kind::real)
    read_real(from, to, place);
  else if constexpr (k == serial_kind::string)
    to = expect<std::string>(from, "string", place);
  else if constexpr (k == serial_kind::nothing) {
    if (!from.is_null())
      place.expected("null", from);
  } else if constexpr (k == serial_kind::duration) {
    typename T::rep count{};
    from_value(from, count, place);
    to = T(count);
  } else
    read_moment(from, to, place);
}

}  // namespace detail

template <class T>
void from_value(const value& from, T& to, const value_place& place) {
  using kinds = detail::serial_kind;
  detail::check_travels<T>();
  constexpr auto k = detail::kind<T>;
  if constexpr (std::is_const_v<T>)
    from_value(from, const_cast<std::remove_const_t<T>&>(to), place);
  else if constexpr (k == kinds::dynamic)
    to = from;
  else if constexpr (detail::is_byte_vector<T>)
    detail::read_bytes(from, to, place);
  else if constexpr (k <= kinds::string || k == kinds::nothing || k == kinds::duration
                     || k == kinds::moment)
    detail::read_scalar(from, to, place);
  else if constexpr (k == kinds::sequence || k == kinds::bits || k == kinds::set
                     || k == kinds::hashed_set)
    detail::read_elements(from, to, place);
  else if constexpr (k == kinds::map || k == kinds::hashed_map)
    detail::read_map(from, to, place);
  else if constexpr (k == kinds::fixed_array || k == kinds::plain_array)
    detail::read_block(from, std::data(to), std::size(to), place);
  else
    detail::read_wrapped(from, to, place);
}

}  // namespace holdfast
