#pragma once

#include <holdfast/runtime/node_options.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <unistd.h>

/// What the roles (roles.hpp) have in common.
namespace bench {

/// A line for the process that started this one.
inline void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

[[noreturn]] inline void wait_for_end() {
  for (;;)
    pause();
}

/// A node with default settings and a folder of its own; those of one folder know each other's secret.
inline holdfast::node_options role_node(const std::filesystem::path& folder,
                                        const std::string& name) {
  return {
      .data = folder / name, .log_level = "warn", .name = name, .secret_file = folder / "secret"};
}

inline std::string crowd_name(std::size_t number) {
  return "n" + std::to_string(number);
}

}  // namespace bench
