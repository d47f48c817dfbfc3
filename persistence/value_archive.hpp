#pragma once

#include <holdfast/core/method.hpp>
#include <holdfast/persistence/value_in.hpp>
#include <holdfast/persistence/value_out.hpp>

#include <span>
#include <string>
#include <string_view>
#include <tuple>

/// Dynamic calls: a method's arguments from what a command line or a foreign node said, positionally
/// or by keyword or both, and back.
namespace holdfast {
namespace detail {

/// Which value each parameter gets; null where none was given. Throws errc::bad_argument for too many,
/// unknown or twice given arguments, naming the method and its parameters.
std::vector<const value*> assign_arguments(std::string_view method_name,
                                           std::span<const std::string_view> params,
                                           const array& positional, const dict& named);

[[noreturn]] void missing_argument(std::string_view method_name, std::string_view param);

template <class T>
void read_argument(const value* from, T& to, std::string_view method_name, std::string_view param) {
  if (from)
    from_value(*from, to, value_place(param));
  else if constexpr (kind<T> != serial_kind::optional)
    missing_argument(method_name, param);
}

}  // namespace detail

/// The typed arguments of a method. Parameters that are std::optional may be left out. `params` must
/// be as many as the types.
template <class... A>
std::tuple<A...> arguments_from_values(std::string_view method_name,
                                       std::span<const std::string_view> params,
                                       const array& positional, const dict& named) {
  auto given = detail::assign_arguments(method_name, params, positional, named);
  std::tuple<A...> arguments;
  std::size_t position = 0;
  auto one = [&](auto& argument) {
    detail::read_argument(given[position], argument, method_name, params[position]);
    ++position;
  };
  std::apply([&](auto&... each) { (one(each), ...); }, arguments);
  return arguments;
}

template <class R, class... A>
std::tuple<A...> arguments_from_values(const method<R(A...)>& called, const array& positional,
                                       const dict& named) {
  return arguments_from_values<A...>(called.name(), called.params(), positional, named);
}

/// The way back: what a listing shows of a call's arguments.
template <class... A>
array arguments_to_values(const std::tuple<A...>& arguments) {
  return std::move(*to_value(arguments, "arguments").template get_if<array>());
}

}  // namespace holdfast
