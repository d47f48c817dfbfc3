#pragma once

#include <holdfast/actors/registry.hpp>
#include <holdfast/runtime/node_options.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace holdfast {

/// What a configuration file says: what the options of `node` say, and how services run their calls.
struct node_config {
  node_options options;
  std::map<std::string, service_options> services;
};

/// Reads TOML on top of `into`:
///
///     name = "alpha"
///     listen = "127.0.0.1:7101"
///     data = "/var/lib/alpha"
///     [peers]
///     beta = "127.0.0.1:7102"
///     [link]
///     silence_max = "3s"
///     [services.pages]
///     attempts = 5
///
/// Throws errc::bad_config with file and line for a key that is not known, a value of another kind or out of range.
void read_config(const std::filesystem::path& file, node_config& into);
void parse_config(std::string_view text, const std::string& file_name, node_config& into);

}  // namespace holdfast
