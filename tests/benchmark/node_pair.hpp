#pragma once

#include "tests/benchmark/child.hpp"

#include <holdfast/runtime/node.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace bench {

// Arguments that are 128 bytes as stored: eight for the length of the text.
inline constexpr std::size_t argument_bytes = 128;
inline const std::string argument(argument_bytes - 8, 'x');

// What the other process serves.
inline constexpr holdfast::method<void(std::string)> work{"bench.work(content)"};
inline constexpr holdfast::method<void(std::string)> work_and_tell{"bench.work_and_tell(content)"};
inline constexpr holdfast::method<std::string(std::string)> echo{"bench.echo(content)"};
inline constexpr holdfast::method<void(std::string)> message{"bench.message(content)"};
inline constexpr holdfast::method<std::uint64_t()> messages_taken{"bench.messages_taken()"};

// What this process serves.
inline constexpr holdfast::method<void()> executed{"told.executed()"};

/// A real node in this process and one in a process of its own, linked over loopback.
class node_pair {
public:
  explicit node_pair(const std::filesystem::path& data);

  holdfast::node& source() { return *source_; }
  holdfast::peer target() { return source_->to("target"); }
  const std::string& foreign_address() const { return foreign_address_; }  ///< of the target

  /// Calls that `executed` told of, and handlers of `work` that ran here (queued to oneself).
  std::atomic<std::uint64_t> told{0};
  std::atomic<std::uint64_t> worked{0};

  /// Rows of the outbox: calls whose end is not known yet.
  std::uint64_t outbox() { return rows(holdfast::table_id::outbox); }
  std::uint64_t inbox() { return rows(holdfast::table_id::inbox); }

private:
  std::uint64_t rows(holdfast::table_id table);

  std::unique_ptr<child> target_;
  std::string foreign_address_;
  std::unique_ptr<holdfast::node> source_;
};

/// Commits of a node's store so far.
std::uint64_t commits_of(holdfast::node& node);

/// The other process: prints its two addresses and runs until it is killed.
int serve_target(const std::string& data);

}  // namespace bench
