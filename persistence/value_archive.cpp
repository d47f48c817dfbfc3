#include <holdfast/core/error.hpp>
#include <holdfast/persistence/value_archive.hpp>

#include <algorithm>

namespace holdfast::detail {
namespace {

[[noreturn]] void refuse(std::string_view method_name, const std::string& why) {
  throw error(errc::bad_argument, std::string(method_name) + ": " + why);
}

std::string listed(std::span<const std::string_view> params) {
  std::string names;
  for (auto param : params)
    names += (names.empty() ? "" : ", ") + std::string(param);
  return names.empty() ? "it takes none" : "it takes " + names;
}

}  // namespace

std::vector<const value*> assign_arguments(std::string_view method_name,
                                           std::span<const std::string_view> params,
                                           const array& positional, const dict& named) {
  if (positional.size() > params.size())
    refuse(method_name,
           std::to_string(positional.size()) + " arguments are given; " + listed(params));
  std::vector<const value*> given(params.size(), nullptr);
  for (std::size_t i = 0; i < positional.size(); ++i)
    given[i] = &positional[i];
  for (auto& [name, content] : named) {
    auto param = std::find(params.begin(), params.end(), name);
    if (param == params.end())
      refuse(method_name, "there is no parameter '" + name + "'; " + listed(params));
    auto& place = given[static_cast<std::size_t>(param - params.begin())];
    if (place)
      refuse(method_name, "argument '" + name + "' is given twice, by position and by name");
    place = &content;
  }
  return given;
}

void missing_argument(std::string_view method_name, std::string_view param) {
  refuse(method_name, "argument '" + std::string(param) + "' is missing");
}

}  // namespace holdfast::detail
