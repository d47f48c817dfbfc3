#pragma once

#include <string_view>

/// The one rule for names that stand in keys, in command lines and in logs: letters, digits, '_',
/// '-' and single dots between them, at most limits::name_bytes_max bytes. Methods and their
/// parameters are C++-like: no '-'.
namespace holdfast {

constexpr bool is_word_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Letters, digits and '_', at least one.
constexpr bool is_word(std::string_view text) {
  for (char c : text)
    if (!is_word_character(c))
      return false;
  return !text.empty();
}

/// Words with single dots between them: "pages.render".
constexpr bool is_dotted_name(std::string_view text) {
  for (;;) {
    auto dot = text.find('.');
    if (!is_word(text.substr(0, dot)))
      return false;
    if (dot == std::string_view::npos)
      return true;
    text.remove_prefix(dot + 1);
  }
}

/// Everything before the last dot: the service a method belongs to. A name without a dot is its own
/// service.
constexpr std::string_view service_of(std::string_view method_name) {
  return method_name.substr(0, method_name.rfind('.'));
}

/// Throws errc::bad_name unless `name` may name a `what` ("node", "table", "actor"): "the table
/// name 'a b' ...".
void check_name(std::string_view what, std::string_view name);

/// The same for the name of a method, which a command line or a foreign node gives at run time.
void check_method_name(std::string_view name);

}  // namespace holdfast
