#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/archive_in.hpp>
#include <holdfast/persistence/archive_out.hpp>

#include <new>
#include <span>
#include <string>
#include <string_view>
#include <tuple>

/// Typed objects to bytes and back: the arguments of a call, its result, a value of a table. A call
/// is encoded once, where it is made, and decoded once, where it runs. Arguments stand one after
/// the other, without a count: what they are is the method's signature (signature.hpp), not the
/// bytes. ("a.pdf", 300) takes 17 bytes.
///
/// Encoding throws errc::too_large when a reader's bounds would refuse the bytes. Decoding throws
/// errc::undecodable and names the place; an exception out of a user's `serialize` becomes that
/// too. Any thread.
namespace holdfast {
namespace detail {

template <class Read>
void decode_all(archive_in& in, Read read) {
  try {
    read();
    in.finish();
  } catch (const error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& other) {
    in.fail(std::string("its serialize function threw: ") + other.what());
  }
}

template <class... A>
consteval void check_values() {
  static_assert((std::is_same_v<A, std::decay_t<A>> && ...),
                "holdfast: encode plain values: std::string, no literal");
  static_assert((std::is_default_constructible_v<A> && ...),
                "holdfast: what travels needs a default constructor");
}

}  // namespace detail

template <class... A>
std::string encode_arguments(const A&... arguments) {
  detail::check_values<A...>();
  std::string bytes;
  archive_out out(bytes);
  (void)(out << ... << arguments);
  out.finish();
  return bytes;
}

/// `names` are the parameters' names, for errors; fewer are fine.
template <class... A>
std::tuple<A...> decode_arguments(std::string_view bytes,
                                  std::span<const std::string_view> names = {}) {
  detail::check_values<A...>();
  std::tuple<A...> arguments;
  archive_in in(bytes);
  auto one = [&](unsigned position, auto& argument) {
    in.at_argument(position + 1, position < names.size() ? names[position] : std::string_view());
    in >> argument;
  };
  detail::decode_all(in, [&] {
    std::apply([&, position = 0u](auto&... each) mutable { (one(position++, each), ...); },
               arguments);
    if constexpr (sizeof...(A) == 0)
      in.at_thing("the arguments");
  });
  return arguments;
}

/// One object: a result, a row of a table, the state of an actor.
template <class T>
std::string encode(const T& content) {
  return encode_arguments(content);
}

/// `what` names it in errors: "the result", "table pages".
template <class T>
T decode(std::string_view bytes, std::string_view what) {
  detail::check_values<T>();
  T content{};
  archive_in in(bytes);
  in.at_thing(what);
  detail::decode_all(in, [&] { in >> content; });
  return content;
}

}  // namespace holdfast
