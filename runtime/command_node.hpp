#pragma once

#include <holdfast/runtime/config_file.hpp>
#include <holdfast/runtime/console.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace holdfast {

/// What the command line of a node says; it wins over the configuration file.
struct node_arguments {
  std::filesystem::path config, data, secret_file, foreign_token_file;
  std::string foreign, foreign_http;
  std::vector<std::string> foreign_allow;
  std::string name, listen, cluster, log_level, heartbeat, silence, stop_within;
  std::vector<std::string> peers;
  std::uint64_t bytes_max = 0;
  bool insecure = false;
};

void add_node_options(CLI::App& command, node_arguments& given);

/// Both together. Throws errc::bad_config.
node_config merged(const node_arguments& given);

/// Runs until SIGTERM or SIGINT; prints "ready NAME ADDRESS". `setup` is called before the node starts.
exit_code run_node(const node_config& config, const std::function<void(node&)>& setup);

}  // namespace holdfast
