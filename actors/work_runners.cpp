#include <holdfast/actors/work_runners.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace holdfast {
namespace {

caf::behavior runner_behavior(caf::event_based_actor* self,
                              std::function<void(caf::actor)> is_idle) {
  return {
      [self, is_idle = std::move(is_idle)](run_order& order) {
        start_run(*order.method, order.run);
        order = {};  // before the runner is idle: a ticket may be the last thing that keeps the run
        is_idle(self);
      },
  };
}

}  // namespace

void work_runners::run(run_order order) {
  std::lock_guard guard(mutex_);
  if (is_stopped_)
    return;
  if (idle_.empty()) {
    auto is_idle = [weak = weak_from_this()](caf::actor runner) {
      if (auto pool = weak.lock())
        pool->idle(std::move(runner));
    };
    idle_.push_back(is_simulated_
                        ? system_.spawn(runner_behavior, std::move(is_idle))
                        : system_.spawn<caf::detached>(runner_behavior, std::move(is_idle)));
    all_.push_back(idle_.back());
  }
  caf::anon_send(idle_.back(), std::move(order));
  idle_.pop_back();
}

void work_runners::idle(caf::actor runner) {
  std::lock_guard guard(mutex_);
  if (!is_stopped_)
    idle_.push_back(std::move(runner));
}

void work_runners::stop() {
  std::lock_guard guard(mutex_);
  is_stopped_ = true;
  for (auto& runner : all_)
    caf::anon_send_exit(runner, caf::exit_reason::user_shutdown);
  all_.clear();
  idle_.clear();
}

}  // namespace holdfast
