#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

/// Natural calls with readable errors. A verb has two overloads (`queue` stands for any of them):
///
///     template <class R, class... A>
///     call_id queue(const method<R(A...)>& m, const std::type_identity_t<A>&... arguments);
///
///     template <class R, class... A, class... G>
///     requires misfit<pack<A...>, pack<G...>>
///     call_id queue(const method<R(A...)>&, G&&...) { explain<pack<A...>, pack<G...>>(); ... }
///
/// The first takes conversions and braces. The second matches whatever the first should not take,
/// exactly and therefore first, and exists for its static_asserts: it stops 300.7 becoming an int,
/// a pointer becoming a bool, a null pointer becoming a string, and says which argument is wrong
/// instead of listing overloads.
namespace holdfast {

class value;

template <class... T>
struct pack {};

namespace detail {

template <class Wanted, class Given>
inline constexpr bool loses_fraction =
    std::is_integral_v<Wanted> ? std::is_floating_point_v<Given> : false;

// Numbers and pointers turn into bool silently; types with a conversion of their own mean it.
template <class Wanted, class Given>
consteval bool turns_to_bool() {
  return std::is_same_v<Wanted, bool> && !std::is_same_v<Given, bool> && !std::is_class_v<Given>;
}

// std::string takes a null pointer for the start of a text; a dynamic value takes it for null.
template <class Wanted, class Given>
consteval bool null_as_object() {
  return std::is_null_pointer_v<
             Given> && std::is_constructible_v<Wanted, const char*> && !std::is_same_v<Wanted, value>;
}

template <class Wanted, class Given>
consteval bool fits() {
  using given = std::remove_cvref_t<Given>;
  if (loses_fraction<Wanted, given> || turns_to_bool<Wanted, given>()
      || null_as_object<Wanted, given>())
    return false;
  return std::is_convertible_v<Given, Wanted>;
}

}  // namespace detail

template <class Wanted, class Given>
inline constexpr bool argument_fits = detail::fits<Wanted, Given>();

template <class Wanted, class Given>
inline constexpr bool all_fit = false;
template <class... A, class... G>
requires(sizeof...(A) == sizeof...(G)) inline constexpr bool all_fit<pack<A...>, pack<G...>> =
    (argument_fits<A, G> && ...);

/// What the second overload of a verb takes.
template <class Wanted, class Given>
concept misfit = !all_fit<Wanted, Given>;

/// One argument; `Position` counts from 1. The three template arguments stand in the compiler's
/// message.
template <std::size_t Position, class Wanted, class Given>
consteval void check_argument() {
  using given = std::remove_cvref_t<Given>;
  static_assert(!detail::loses_fraction<Wanted, given>,
                "holdfast: this argument would lose its fraction; convert it yourself (Position, "
                "Wanted, Given above)");
  static_assert(!detail::turns_to_bool<Wanted, given>(),
                "holdfast: only a bool is taken for a bool; compare it yourself (Position, Wanted, "
                "Given above)");
  static_assert(!detail::null_as_object<Wanted, given>(),
                "holdfast: a null pointer is not a string (Position, Wanted, Given above)");
  static_assert(std::is_convertible_v<Given, Wanted>,
                "holdfast: this argument does not convert to the method's parameter (Position, "
                "Wanted, Given above)");
}

namespace detail {

template <class Wanted, class Given>
struct explanation {
  static_assert(sizeof(Wanted) == 0, "holdfast: explain takes two packs");
};

template <class... A, class... G>
struct explanation<pack<A...>, pack<G...>> {
  static consteval void give() {
    static_assert(sizeof...(A) == sizeof...(G),
                  "holdfast: wrong number of arguments for this method");
    if constexpr (sizeof...(A) == sizeof...(G))
      []<std::size_t... I>(std::index_sequence<I...>) {
        (check_argument<I + 1, A, G>(), ...);
      }
    (std::index_sequence_for<A...>{});
  }
};

}  // namespace detail

/// Fails to compile, readably, unless the `Given` arguments fit the `Wanted` parameters.
template <class Wanted, class Given>
consteval void explain() {
  detail::explanation<Wanted, Given>::give();
}

}  // namespace holdfast
