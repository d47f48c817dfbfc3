#pragma once

#include "comparison.hpp"
#include "tree.hpp"

#include <holdfast/runtime/exec_work.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace demo {

/// Compresses a file and prints the digest of that.
holdfast::command_spec pack_command(const std::string& path);

/// How pack_command's output begins.
std::string digest_in(const std::string& output);

/// A node that submits one command for each file, and keeps a table of how they ended. It is told of each end by a queued
/// call, whose handler counts: a file with two accepted ends would show.
class desk {
public:
  desk(const std::filesystem::path& folder, const std::string& hub_address);

  /// On disk when it returns, whether the controller is there or not.
  void submit(const std::vector<std::string>& paths);

  std::uint64_t ended() const { return ended_; }
  std::vector<file_row> rows();
  holdfast::controller_front hub() { return node_.controller("hub"); }
  bool stop() { return node_.stop(); }

private:
  std::atomic<std::uint64_t> ended_ = 0;
  holdfast::node node_;
};

/// The same commands without Holdfast, by xargs on all processors.
plain_pass pack_plainly(const std::vector<std::string>& paths, const std::filesystem::path& folder);

}  // namespace demo
