#pragma once

#include "tests/benchmark/child.hpp"

#include <holdfast/runtime/node.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
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
inline constexpr holdfast::method<void(std::uint64_t)> ask_on{"bench.ask_on(open)"};

/// Synchronous calls that a handler of `ask_on` keeps open: each answer brings the next call while they are wanted.
struct open_calls {
  std::atomic<bool> wanted{false};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> open{0};
};

/// Commits of a node's store so far, and rows of one of its tables now.
std::uint64_t commits_of(holdfast::node& node);
std::uint64_t rows_of(holdfast::node& node, holdfast::table_id table);

/// For `windowed_rate`: the calls to peers whose ends they have not told. As the bare pair counts, which writes a removal
/// together with the next records.
std::function<std::uint64_t(std::uint64_t on_disk)> still_open(holdfast::node& source);

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

  open_calls& asking() { return asking_; }

  std::uint64_t outbox() { return rows_of(*source_, holdfast::table_id::outbox); }
  std::uint64_t inbox() { return rows_of(*source_, holdfast::table_id::inbox); }

private:
  std::unique_ptr<child> target_;
  std::string foreign_address_;
  open_calls asking_;
  std::unique_ptr<holdfast::node> source_;
};

/// The other process: prints its two addresses and runs until it is killed.
int serve_target(const std::string& data);

}  // namespace bench
