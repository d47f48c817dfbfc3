#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/core/ids.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace holdfast {

struct environment;

/// The calls of a node in memory, as plain numbers.
struct executor_status {
  std::size_t mailboxes = 0;  ///< with something in memory
  std::size_t running = 0;    ///< tasks on handler threads or waiting for a user's actor
  std::size_t handler_threads = 0;
  std::size_t suspects = 0;     ///< still to be started alone after unclean ends
  std::uint64_t executed = 0;   ///< calls whose effects are on disk
  std::uint64_t failures = 0;   ///< runs that threw
  std::uint64_t conflicts = 0;  ///< runs repeated because something they read had changed
  std::uint64_t held_by_full_disk = 0;
};

struct get_executor_status {
  std::function<void(const executor_status&)> reply;
};

/// Starts with what was admitted when the process ended. Sent once, before the links open.
struct recover_calls {
  bool was_clean = true;
  bool is_suspicious = false;
  std::function<void(const error* problem)> done;
};

/// Operator: ends a call that does not run. `done` says what came of it: nothing, unknown_call, or wrong_context while it
/// runs.
struct drop_call {
  std::uint32_t lane = 0;
  sequence_number sequence = 0;
  std::function<void(errc)> done;
};

/// A method that was not served before is now: its parked calls go on.
struct method_served {
  std::string method;
};

/// Starts nothing more; `done` when the handlers that run have ended and their results are on disk.
struct stop_executing {
  std::function<void()> done;
};

/// Runs the calls of a node: keeps the mailboxes that are in memory, gives their work to handler threads, sends results to
/// the persistence actor, and lets out what they emitted when that is durable. Scheduled; never blocks.
caf::actor spawn_executor(caf::actor_system& system, environment& env);

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::get_executor_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::recover_calls)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::drop_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::method_served)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::stop_executing)
