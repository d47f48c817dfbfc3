#pragma once

#include <holdfast/actors/progress_watch.hpp>
#include <holdfast/actors/supervision_report.hpp>
#include <holdfast/core/clock.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/error.hpp>
#include <caf/sec.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

/// What a supervisor knows about a child, as data, and what a child may do for its supervisor.
namespace holdfast {

/// How long a worker may take to end when it is asked to, unless its spec says otherwise.
inline constexpr duration shutdown_default = std::chrono::seconds(5);

struct child_spec {
  std::string id{};  ///< unique among the children of one supervisor

  /// Makes the actor. Runs in the supervisor's own actor: it must not block. What it throws is a failed start, which counts as
  /// a failure of the child. The actor is not to be linked to the supervisor, which monitors it.
  std::function<caf::actor(caf::actor_system&)> start{};

  restart_policy restart = restart_policy::permanent;

  /// From "please end" (caf::exit_reason::user_shutdown, behind the messages that came before) to being killed. Zero: killed at
  /// once. Empty: shutdown_default for a worker; a supervisor may take as long as its children.
  std::optional<duration> shutdown{};

  child_kind kind = child_kind::worker;

  /// How long it may go without a sign of progress: see answer_progress. Empty: being alive is enough.
  std::optional<duration> progress{};
};

/// A child with a progress bound is asked this, once per bound and ahead of what waits in its mailbox. Whatever it answers in
/// time shows that it handles messages; a progress_answer shows what comes of it too.
struct ask_progress {};

/// The handler of a child whose progress is that it handles messages:
///
///     return {holdfast::answer_progress(), [](const render& order) { ... }};
inline auto answer_progress() {
  return [](const ask_progress&) { return progress_answer{}; };
}

/// The handler of a child that can say more: `how` returns a progress_answer.
template <class How>
auto answer_progress(How how) {
  return [how = std::move(how)](const ask_progress&) -> progress_answer { return how(); };
}

/// An exception that leaves the actor's handlers ends it with the exception's text as the reason, for the supervisor's report.
/// CAF alone would print the text and end the actor without it.
template <class Self>
void end_with_exception_text(Self* self) {
  self->set_exception_handler([](std::exception_ptr& problem) -> caf::error {
    try {
      std::rethrow_exception(problem);
    } catch (const std::exception& what) {
      return caf::make_error(caf::sec::runtime_error, std::string(what.what()));
    } catch (...) {
      return caf::make_error(caf::sec::runtime_error, std::string("an unknown exception"));
    }
  });
}

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::child_spec)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::ask_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::progress_answer)
