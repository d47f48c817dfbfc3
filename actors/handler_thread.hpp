#pragma once

#include <holdfast/actors/task.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>

namespace holdfast {

struct environment;

/// Brings a task to a handler thread.
struct run_task {
  std::shared_ptr<task> job;
};

/// There are results to be taken from a task. To the executor.
struct task_progress {
  std::shared_ptr<task> job;
};

/// The user's actor has replied, or ended, or the method's turn is over. To the executor.
struct actor_replied {
  std::shared_ptr<task> job;
  std::shared_ptr<run_result> result;
};

/// An actor with a thread of its own that runs handlers: what they do may block. One task at a time.
caf::actor spawn_handler_thread(caf::actor_system& system, environment& env);

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::run_task)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::task_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actor_replied)
