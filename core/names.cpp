#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/core/names.hpp>

#include <string>

namespace holdfast {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view name, std::string_view why) {
  auto shown = std::string(name.substr(0, 64));
  for (auto& c : shown)
    if (static_cast<unsigned char>(c) < 0x20)
      c = '?';
  throw error(errc::bad_name, "the " + std::string(what) + " name '" + shown
                                  + (name.size() > 64 ? "..." : "") + "' " + std::string(why));
}

void check_length(std::string_view what, std::string_view name) {
  if (name.empty())
    throw error(errc::bad_name, "the " + std::string(what) + " name is empty");
  if (name.size() > limits::name_bytes_max)
    refuse(what, name, "is longer than " + std::to_string(limits::name_bytes_max) + " bytes");
}

}  // namespace

void check_name(std::string_view what, std::string_view name) {
  check_length(what, name);
  auto plain = std::string(name);
  for (auto& c : plain)
    if (c == '-')
      c = '_';
  if (!is_dotted_name(plain))
    refuse(what, name, "may hold letters, digits, '_', '-' and single dots between them only");
}

void check_method_name(std::string_view name) {
  check_length("method", name);
  if (!is_dotted_name(name))
    refuse("method", name,
           "must be words of letters, digits and '_' with dots between them, such as pages.render");
}

}  // namespace holdfast
