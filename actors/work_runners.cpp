#include <holdfast/actors/work_runners.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>

namespace holdfast {

caf::behavior work_runners::runner_behavior(caf::event_based_actor* self,
                                            std::weak_ptr<work_runners> pool) {
  return {
      [self, pool = std::move(pool)](run_what_waits) {
        auto next = [&](bool was_woken) {
          auto its = pool.lock();
          return its ? its->next(self, was_woken) : std::nullopt;
        };
        for (auto order = next(true); order; order = next(false)) {
          start_run(*order->method, order->run);
          order
              .reset();  // before the runner is idle: a ticket may be the last thing that keeps the run
        }
      },
  };
}

void work_runners::run(run_order order) {
  std::lock_guard guard(mutex_);
  if (is_stopped_)
    return;
  waiting_.push_back(std::move(order));
  wake_one_here();
}

std::optional<run_order> work_runners::next(const caf::actor& runner, bool was_woken) {
  std::lock_guard guard(mutex_);
  if (was_woken)
    is_waking_ = false;
  if (is_stopped_)
    return std::nullopt;
  if (waiting_.empty()) {
    idle_.push_back(runner);
    return std::nullopt;
  }
  auto order = std::move(waiting_.front());
  waiting_.pop_front();
  wake_one_here();
  return order;
}

void work_runners::wake_one_here() {
  if (is_waking_ || waiting_.empty())
    return;
  if (idle_.empty()) {
    idle_.push_back(is_simulated_
                        ? system_.spawn(runner_behavior, weak_from_this())
                        : system_.spawn<caf::detached>(runner_behavior, weak_from_this()));
    all_.push_back(idle_.back());
  }
  is_waking_ = true;
  caf::anon_send(idle_.back(), run_what_waits{});
  idle_.pop_back();
}

void work_runners::stop() {
  std::lock_guard guard(mutex_);
  is_stopped_ = true;
  for (auto& runner : all_)
    caf::anon_send_exit(runner, caf::exit_reason::user_shutdown);
  all_.clear();
  idle_.clear();
  waiting_.clear();
}

}  // namespace holdfast
