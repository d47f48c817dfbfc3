#pragma once

#include <holdfast/actors/node_settings.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace holdfast {

/// The port for foreign nodes (docs/wire.md).
struct foreign_options {
  std::vector<std::string> allow{};    ///< methods that they may call: "log.*", "pages.render"
  std::string http{};                  ///< "host:port" for clients over HTTP; empty: none
  std::string listen{};                ///< "host:port"; empty: no foreign nodes
  std::filesystem::path token_file{};  ///< what they say in their hello; without one loopback alone
};

/// What a node is made from: alphabetical, for designated initialisers.
///
///     holdfast::node node({.data = "/var/lib/alpha", .listen = "127.0.0.1:7101", .name = "alpha",
///                          .peers = {{"beta", "127.0.0.1:7102"}}});
struct node_options {
  std::uint64_t bytes_max = 0;   ///< quota of the store; 0 is none
  std::filesystem::path data{};  ///< its directory, created when it is not there, owner-only
  foreign_options foreign{};
  bool insecure = false;  ///< listen where others can reach, without TLS
  std::string listen{};   ///< "host:port", port 0 for any; empty: only dials out
  std::string log_level =
      "info";          ///< trace, debug, info, warn, err, off; lines go to standard error
  std::string name{};  ///< letters, digits, '_', '-' and dots; part of what peers bind
  std::function<void(const std::string&)> on_fatal{};  ///< instead of ending the process; for tests
  std::map<std::string, std::string> peers{};  ///< name to "host:port"; "" for one that dials us
  std::filesystem::path secret_file{};         ///< default_secret_file() when empty
  node_settings settings{};
  std::chrono::milliseconds stop_within{10'000};  ///< for handlers that run when the node stops
};

/// Throws errc::bad_name, bad_config or insecure_listen, naming the option. Opens nothing.
void check_options(const node_options& options);

}  // namespace holdfast
