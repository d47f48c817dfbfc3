#pragma once

#include <holdfast/actors/work_method.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace holdfast {

/// One run for a runner.
struct run_order {
  std::shared_ptr<const work_method> method;
  std::shared_ptr<work_run> run;
};

/// To a runner.
struct run_what_waits {};

/// The actors that run work handlers: as many as run at a time, used again when they are idle. Each has a thread of its own,
/// because handlers block for hours; in simulation they are scheduled. Any thread.
///
/// Orders wait in one queue. A runner that takes one wakes another if more are left, and only one is woken at a time: short
/// handlers are run by few runners, and one that blocks holds nobody up.
class work_runners : public std::enable_shared_from_this<work_runners> {
public:
  work_runners(caf::actor_system& system, bool is_simulated)
      : system_(system), is_simulated_(is_simulated) {}

  void run(run_order order);

  /// Nothing is run any more; the runners end when their handlers have returned.
  void stop();

private:
  static caf::behavior runner_behavior(caf::event_based_actor* self,
                                       std::weak_ptr<work_runners> pool);

  /// The next order; without one the runner is idle from here on.
  std::optional<run_order> next(const caf::actor& runner, bool was_woken);
  void wake_one_here();

  caf::actor_system& system_;
  const bool is_simulated_;
  std::mutex mutex_;
  bool is_stopped_ = false;
  bool is_waking_ = false;  ///< a runner was woken and has not asked yet
  std::deque<run_order> waiting_;
  std::vector<caf::actor> all_;
  std::vector<caf::actor> idle_;
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::run_what_waits)
