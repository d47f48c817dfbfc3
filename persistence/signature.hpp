#pragma once

#include <holdfast/core/method.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

/// What a call's bytes are, as text and as a number: "(string, int32) -> void" and a hash of that
/// text. The number travels with each call; where the target's differs, the bytes would decode to
/// garbage and the call is refused with both texts instead. Types that encode alike under all
/// circumstances (long and long long) read alike.
///
/// A user's class is "class", whatever its name: its changes are judged by Boost's class version,
/// which stands in the bytes. An older version still decodes, a newer one is refused by the
/// archive; so raising the version of a class does not turn the calls that wait on disk into dead
/// letters.
namespace holdfast {
namespace detail {

// The text goes to a sink, so that the hash of it needs no memory and is known when compiling.
template <class Sink>
class kind_writer {
public:
  constexpr explicit kind_writer(Sink& sink) : sink_(sink) {}

  template <class T>
  constexpr void type() {
    if constexpr (std::is_void_v<T>)
      sink_("void");
    else {
      check_travels<T>();
      constexpr auto k = kind<T>;
      if constexpr (k == serial_kind::integer)
        integer<T>();
      else if constexpr (k == serial_kind::duration || k == serial_kind::moment)
        time<T>();
      else if constexpr (k == serial_kind::optional || k == serial_kind::sequence
                         || k == serial_kind::set || k == serial_kind::hashed_set)
        wrapped<typename T::value_type>(one_type_name<T>());
      else if constexpr (k == serial_kind::map)
        wrapped<typename T::key_type, typename T::mapped_type>("map<");
      else if constexpr (k == serial_kind::hashed_map)
        wrapped<typename T::key_type, typename T::mapped_type>("hashed_map<");
      else if constexpr (k == serial_kind::fixed_array) {
        wrapped<typename T::value_type>("array<");
        numbered(std::tuple_size_v<T>);
      } else if constexpr (k == serial_kind::tuple || k == serial_kind::pair
                           || k == serial_kind::variant)
        list(static_cast<const T*>(nullptr));
      else
        sink_(plain_name<T>());
    }
  }

  template <class... T>
  constexpr void types() {
    [[maybe_unused]] bool first = true;
    ((sink_(std::exchange(first, false) ? "" : ", "), type<T>()), ...);
  }

  constexpr void numbered(std::uint64_t number) {
    sink_("#");
    char digits[20] = {};
    unsigned count = 0;
    do
      digits[count++] = static_cast<char>('0' + number % 10);
    while ((number /= 10) != 0);
    while (count != 0)
      sink_(std::string_view(&digits[--count], 1));
  }

private:
  template <class... T>
  constexpr void wrapped(std::string_view name) {
    sink_(name);
    types<T...>();
    sink_(">");
  }
  template <class... T>
  constexpr void list(const std::tuple<T...>*) {
    wrapped<T...>("tuple<");
  }
  template <class... T>
  constexpr void list(const std::variant<T...>*) {
    wrapped<T...>("variant<");
  }
  template <class A, class B>
  constexpr void list(const std::pair<A, B>*) {
    wrapped<std::remove_const_t<A>, B>("pair<");
  }

  template <class T>
  constexpr void integer() {
    if constexpr (std::is_same_v<T, std::byte>)
      sink_("byte");
    else if constexpr (std::is_same_v<T, char>)
      sink_("char");
    else {
      constexpr std::string_view names[] = {"int8",  "int16",  "int32",  "int64",
                                            "uint8", "uint16", "uint32", "uint64"};
      constexpr auto size = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
      sink_(names[size + (std::is_signed_v<T> ? 0 : 4)]);
    }
  }

  template <class T>
  constexpr void time() {
    using rep = typename T::rep;
    using period = typename T::period;
    wrapped<rep>(kind<T> == serial_kind::duration ? "duration<" : "time<");
    numbered(static_cast<std::uint64_t>(period::num));
    numbered(static_cast<std::uint64_t>(period::den));
  }

  template <class T>
  static constexpr std::string_view one_type_name() {
    switch (kind<T>) {
    case serial_kind::optional: return "optional<";
    case serial_kind::set: return "set<";
    case serial_kind::hashed_set: return "hashed_set<";
    default: return is_flat_vector<T> ? "vector<" : "list<";  // the two encodings of a sequence
    }
  }

  template <class T>
  static constexpr std::string_view plain_name() {
    switch (kind<T>) {
    case serial_kind::boolean: return "bool";
    case serial_kind::real: return sizeof(T) == 4 ? "float" : "double";
    case serial_kind::enumeration:
      return sizeof(enum_carrier_or_int<T>()) == 4 ? "enum32" : "enum64";
    case serial_kind::string: return "string";
    case serial_kind::dynamic: return "value";
    case serial_kind::nothing: return "nothing";
    case serial_kind::bytes: return "bytes";
    case serial_kind::bits: return "list<bool>";
    default: return has_class_info<T> ? "class" : "object";
    }
  }

  template <class T>
  static constexpr auto enum_carrier_or_int() {
    if constexpr (std::is_enum_v<T>)
      return enum_carrier<T>{};
    else
      return 0;
  }

  Sink& sink_;
};

struct hash_sink {  // FNV-1a; stored, so it never changes
  std::uint64_t hash = 0xcbf29ce484222325u;
  constexpr void operator()(std::string_view text) {
    for (char c : text)
      hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
};

struct text_sink {
  std::string text;
  void operator()(std::string_view part) { text += part; }
};

template <class R, class... A, class Sink>
constexpr void write_signature(Sink& sink) {
  kind_writer<Sink> writer(sink);
  sink("(");
  writer.template types<A...>();
  sink(") -> ");
  writer.template type<R>();
}

}  // namespace detail

/// "(string, int32) -> void"
template <class R, class... A>
std::string signature_text() {
  detail::text_sink sink;
  detail::write_signature<R, A...>(sink);
  return std::move(sink.text);
}

template <class R, class... A>
std::string signature_text(const method<R(A...)>&) {
  return signature_text<R, A...>();
}

/// The number of that text. Stored in journals: pinned by a test.
template <class R, class... A>
consteval std::uint64_t fingerprint() {
  detail::hash_sink sink;
  detail::write_signature<R, A...>(sink);
  return sink.hash;
}

template <class R, class... A>
constexpr std::uint64_t fingerprint(const method<R(A...)>&) {
  return fingerprint<R, A...>();
}

}  // namespace holdfast
