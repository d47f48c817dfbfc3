#pragma once

#include <holdfast/core/limits.hpp>
#include <holdfast/core/names.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace holdfast {

namespace detail {

// Not constexpr: reaching it while a declaration is evaluated makes the compiler point at the call
// and so at its text.
inline void bad_method_declaration(const char*) {}

constexpr std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ')
    text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ')
    text.remove_suffix(1);
  return text;
}

template <std::size_t Arity>
struct declaration {
  std::string_view name;
  std::array<std::string_view, Arity> params{};
};

// Also for the listings of durable actors, which are checked while compiling and read at run time.
template <std::size_t Arity>
constexpr declaration<Arity> parse_text(std::string_view text) {
  declaration<Arity> result;
  auto open = text.find('(');
  result.name = text.substr(0, open);
  if (!is_dotted_name(result.name))
    bad_method_declaration(
        "holdfast: a method's name is words with dots between them: \"pages.render(path, dpi)\"");
  if (result.name.size() > limits::name_bytes_max)
    bad_method_declaration("holdfast: a method's name is longer than limits::name_bytes_max");
  if (open == text.npos) {
    if (Arity != 0)
      bad_method_declaration("holdfast: name the method's parameters: \"pages.render(path, dpi)\"");
    return result;
  }
  if (text.back() != ')')
    bad_method_declaration("holdfast: a method's declaration ends with ')'");
  text = trimmed(text.substr(open + 1, text.size() - open - 2));
  std::size_t count = 0;
  while (!text.empty() || count != 0) {
    auto comma = text.find(',');
    auto param = trimmed(text.substr(0, comma));
    if (!is_word(param))
      bad_method_declaration("holdfast: a parameter's name is letters, digits and '_'");
    if (count == Arity)
      bad_method_declaration("holdfast: more parameter names than parameters");
    for (std::size_t i = 0; i < count; ++i)
      if (result.params[i] == param)
        bad_method_declaration("holdfast: a parameter is named twice");
    result.params[count++] = param;
    if (comma == text.npos)
      break;
    text.remove_prefix(comma + 1);
  }
  if (count != Arity)
    bad_method_declaration("holdfast: fewer parameter names than parameters");
  return result;
}

template <std::size_t Arity>
consteval declaration<Arity> parse_declaration(std::string_view text) {
  return parse_text<Arity>(text);
}

}  // namespace detail

template <class Signature>
class method;

/// A typed, named thing that a node can be asked to do, declared once and used on both sides:
///
///     inline constexpr holdfast::method<void(std::string, int)> render{"pages.render(path, dpi)"};
///
/// The text is checked when it is compiled. Its names are what a command line or a foreign node
/// says; a method without parameters may leave the list out. A plain constant: copy and share it
/// freely.
template <class R, class... A>
class method<R(A...)> {
  static_assert((std::is_same_v<A, std::decay_t<A>> && ...),
                "holdfast: declare a method's parameters as plain values: std::string, not const "
                "std::string&");
  static_assert(std::is_same_v<R, std::decay_t<R>>,
                "holdfast: a method returns a plain value, or void");

public:
  using result = R;
  using arguments = std::tuple<A...>;
  static constexpr std::size_t arity = sizeof...(A);

  consteval method(const char* declaration)
      : declared_(detail::parse_declaration<arity>(declaration)) {}

  constexpr std::string_view name() const { return declared_.name; }
  constexpr std::string_view service() const { return service_of(declared_.name); }
  constexpr const std::array<std::string_view, arity>& params() const { return declared_.params; }

private:
  detail::declaration<arity> declared_;
};

}  // namespace holdfast
