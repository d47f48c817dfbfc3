#pragma once

#include <cstdint>
#include <functional>
#include <string>

/// Nodes that start with a backlog: once in the target's inbox, once in the source's outbox. How soon the first call is
/// executed, and what they hold in memory beyond the mapped file.
namespace holdfast::crash {

struct backlog_plan {
  std::int64_t calls = 1'000'000;
  std::int64_t watched =
      100'000;              ///< executions after the start during which the memory is watched
  bool is_drained = false;  ///< waits until all calls have ended
  bool is_on_disk = true;   ///< otherwise in memory, where the mapped file counts as shared memory
  std::function<void(const std::string&)> progress{};
};

struct backlog_figures {
  double filled_seconds = 0;
  double first_ms = 0;             ///< from the process's start to its first execution
  std::int64_t first_anon_kb = 0;  ///< RssAnon + RssShmem at that moment
  std::int64_t most_anon_kb = 0;   ///< and the most while it worked on
  std::int64_t most_file_kb = 0;   ///< RssFile: the mapped file and the program
  std::int64_t waiting = 0;        ///< in the store when the node started
  std::int64_t left_inbox = -1;    ///< with `is_drained`: at the target
  std::int64_t left_outbox = -1;   ///< and at the source
};

/// The target starts with `calls` stored and not executed. Throws std::runtime_error with what went wrong.
backlog_figures run_inbox_backlog(const backlog_plan& plan);

/// The source starts with `calls` queued and not transmitted; the first execution is the target's, the memory the source's.
backlog_figures run_outbox_backlog(const backlog_plan& plan);

}  // namespace holdfast::crash
