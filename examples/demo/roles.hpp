#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace demo {

/// What the driver tells a process that it starts.
struct role_settings {
  std::filesystem::path data;         ///< of its node
  std::filesystem::path secret_file;  ///< of the cluster
  std::filesystem::path root;         ///< the tree; for the source
  std::size_t files_max = 0;          ///< of the tree, the first ones; for the source
  std::string listen;
  std::string peer_address;  ///< of the target; for the source
};

/// Queues one call for each file of the tree, keeps what comes back, runs until SIGTERM. Standard output is for the
/// driver: "queued N", "answered N".
int run_source(const role_settings& settings);

/// Measures files when it is asked to and keeps what it found, runs until SIGTERM. Tells the driver "measured N".
int run_target(const role_settings& settings);

}  // namespace demo
