#pragma once

#include <holdfast/actors/child_spec.hpp>
#include <holdfast/actors/supervision_report.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <spdlog/logger.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

/// Supervisors for actors of one process, as in OTP: an actor that starts others, watches them, and starts them again.
///
///     auto shop = holdfast::spawn_supervisor(system, {.name = "shop",
///                                                     .strategy = holdfast::restart_strategy::rest_for_one,
///                                                     .intensity = {.restarts_max = 3, .period = 5s},
///                                                     .children = {{.id = "stock", .start = start_stock},
///                                                                  {.id = "till", .start = start_till, .progress = 2s}}});
///
/// - Children are started in order, each when the one before is up: a worker when its start function has returned, a supervisor
///   when its own children are up. They are stopped in reverse order, each when the one behind it has ended.
/// - A child that ends by itself is restarted as its policy says, with those whom the strategy names. What had finished, or
///   was stopped by somebody, is not started again by that.
/// - One restart more than the intensity allows: the supervisor stops its children and ends with the report's sentence as its
///   reason, which its own supervisor sees as the failure of a child. Failed starts count as restarts.
/// - A child that does not end within its deadline is killed. CAF cannot end an actor that is inside a handler: one that has
///   not ended `kill_within` after that is abandoned and reported, and the supervisor goes on without it; it ends at its next
///   message. Until then two runs of that child exist.
/// - A child with a progress bound that makes none is killed and counts as failed.
/// - An exit message stops it (an ordered stop with that reason); `kill` ends it at once and kills its children.
///
/// It lives while somebody holds its handle, as any actor of CAF: dropping the last one kills the children too.
/// All time is the actor system's clock. A child whose handlers may block is to be spawned detached: on CAF's scheduler it
/// holds one of few threads, and the last of them is the supervisor's too, unless that has `own_thread`.
namespace holdfast {

struct supervisor_options {
  std::string name{};  ///< in reports
  restart_strategy strategy = restart_strategy::one_for_one;
  restart_limit intensity{};
  duration kill_within = std::chrono::seconds(1);  ///< from a kill to giving the child up
  bool own_thread =
      false;  ///< it is not held up by whoever occupies the scheduler. Not in a simulation
  std::vector<child_spec> children{};

  /// Every report, on the supervisor's thread; must not block.
  std::function<void(const supervision_report&)> on_report{};
  std::shared_ptr<spdlog::logger> log{};  ///< a line for every report, trouble as a warning
};

/// Throws errc::bad_name when a child has no id or another one's, errc::bad_option when a spec cannot work.
caf::actor spawn_supervisor(caf::actor_system& system, supervisor_options options);

/// A supervisor as a child of another one; each start makes it anew.
child_spec supervisor_child(supervisor_options options,
                            restart_policy restart = restart_policy::permanent);

// ---- requests to a supervisor. A refusal is a caf::error with a sentence (reason_text)

/// Behind the others. Answered by its caf::actor when it is up; a start that fails is the caller's to deal with.
struct start_child {
  child_spec spec;
};

/// Answered when it has ended. It stays stopped, whatever its policy, until restart_child.
struct stop_child {
  std::string id;
};

/// Starts one that is stopped. Answered by its caf::actor.
struct restart_child {
  std::string id;
};

/// Forgets one that is stopped.
struct delete_child {
  std::string id;
};

/// Answered by the caf::actor of the run that there is now; refused while it does not run.
struct get_child {
  std::string id;
};

/// Answered by a supervisor_status.
struct get_supervisor_status {};

/// Answered when all children are up for the first time.
struct await_children {};

/// What an actor's end, or a refusal, says in words.
std::string reason_text(caf::actor_system& system, const caf::error& reason);

exit_kind exit_kind_of(const caf::error& reason);

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::start_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::stop_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::restart_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::delete_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::get_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::get_supervisor_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::await_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::supervisor_status)
