#pragma once

#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/signature.hpp>
#include <holdfast/persistence/value_archive.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

/// Typed calls as dynamic values, for targets that do not know our types. Whoever encodes a typed call knows its types, at
/// compile time: the same templates leave here, before main, how calls of that signature are translated. So a program
/// can also translate what it queued before its last start, as long as it is built with the same signatures.
namespace holdfast {

struct dynamic_signature {
  array (*arguments)(std::string_view payload) =
      nullptr;                                          ///< throws errc::undecodable, bad_argument
  std::string (*result)(const value& given) = nullptr;  ///< encoded; throws errc::bad_argument
};

/// Null for a signature that no code of this program calls. Any thread.
const dynamic_signature* find_dynamic_signature(std::uint64_t fingerprint);

namespace detail {

/// True. What is known already stays: two types that encode alike have one fingerprint.
bool remember_signature(std::uint64_t fingerprint, dynamic_signature signature);

template <class R, class... A>
struct signature_as_values {
  static array arguments(std::string_view payload) {
    return arguments_to_values(decode_arguments<A...>(payload));
  }
  static std::string result(const value& given) {
    if constexpr (std::is_void_v<R>)
      return {};
    else
      return encode<R>(from_value<R>(given, "the result"));
  }
  static const bool is_known;
};
template <class R, class... A>
const bool signature_as_values<R, A...>::is_known = remember_signature(fingerprint<R, A...>(),
                                                                       {&arguments, &result});

}  // namespace detail

/// Naming the constant makes the compiler register the signature when the program starts.
template <class R, class... A>
void know_signature() {
  (void)&detail::signature_as_values<R, A...>::is_known;
}

}  // namespace holdfast
