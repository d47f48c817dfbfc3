#pragma once

#include <holdfast/core/method.hpp>
#include <holdfast/runtime/exec.hpp>

#include <filesystem>
#include <memory>

namespace holdfast {

class worker;

/// Runs a command as a work item. A failed attempt unless it ends with exit status 0.
inline constexpr method<command_outcome(command_spec)> exec_run{"exec.run(command)"};

/// Lets a worker run commands, with their files in `folder`. Beside the worker's own environment each has HOLDFAST_ITEM,
/// HOLDFAST_ATTEMPT, HOLDFAST_WORKER and HOLDFAST_CHECKPOINT_FILE: what it writes there (to another file that it then
/// renames, to be safe) the next run of the item finds there, on whatever worker. The file is looked at every second
/// while the command runs, and when it has ended badly; above work::item_bytes_max it is left alone.
///
/// Returns when nothing of an earlier process on that folder runs any more. Keep what it returns as long as the worker.
std::shared_ptr<command_runner> serve_commands(worker& on, const std::string& worker_name,
                                               const std::filesystem::path& folder);

}  // namespace holdfast
