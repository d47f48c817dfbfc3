#pragma once

#include <holdfast/core/clock.hpp>

#include <chrono>
#include <functional>

namespace holdfast {

struct environment;

struct controller_options {
  /// How long items are kept behind their end, with their results, when their submitter did not say.
  duration keep_default = std::chrono::hours(24);

  /// Asks whether a process listens at an address: calls `done` once, with the answer, if there is one; on any thread. By the
  /// node's own wire if it is empty.
  std::function<void(const std::string& address, std::function<void(bool is_there)> done)> probe;

  /// For tests: called before every row that is written, every step of a machine and everything that is sent; may throw.
  std::function<void()> fault_point;
};

/// Makes a node a controller: it serves the namespace `work` of work_protocol.hpp, all changes in the mailbox "holdfast.work",
/// views in "holdfast.work_view". One message is one transaction of one handler, and all that it decides about is rows
/// (controller_tables.hpp), so that a handler that throws leaves nothing behind (W4); that it threw is recorded in a transaction
/// of its own. Nothing is kept in memory between two messages.
///
/// A worker that says where it listens is proven dead when its link is down and nobody listens there any more, provided
/// that it was found there while its link was up: an address that this node cannot reach proves nothing.
///
/// Before the node starts. `env` outlives the node's actors.
void serve_controller(environment& env, controller_options options = {});

/// Begins this life of the controller: workers that were linked in the life before count as lost from now on, and what falls
/// due is looked at. Once per start, when the node takes messages. Any thread.
void start_controller(environment& env);

}  // namespace holdfast
