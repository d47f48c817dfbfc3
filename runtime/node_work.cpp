#include <holdfast/actors/environment.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/node_work.hpp>
#include <holdfast/runtime/waiting.hpp>

#include <future>
#include <utility>

namespace holdfast {
namespace {

/// Whether `begin` calls back in time what it is given.
template <class F>
bool happens(const environment& env, std::chrono::milliseconds within, F begin) {
  auto done = std::make_shared<std::promise<void>>();
  auto future = done->get_future();
  begin([done] { done->set_value(); });
  return is_ready_within(env, future, within);
}

}  // namespace

void node_work::serve_controller(controller_options options) {
  std::lock_guard guard(mutex_);
  if (std::exchange(is_controller_, true))
    throw error(errc::bad_option, "the node " + env_.self.name + " is a controller already");
  holdfast::serve_controller(env_, std::move(options));
  if (system_)
    start_controller(env_);
}

worker& node_work::add_worker(worker_options options) {
  std::lock_guard guard(mutex_);
  if (worker_)
    throw error(errc::bad_option, "the node " + env_.self.name + " works for "
                                      + worker_->options().controller
                                      + " already: a node is one worker, and node.work() is it");
  worker_ = std::make_unique<worker>(env_, std::move(options));
  if (system_)
    worker_->start(*system_, address_);
  return *worker_;
}

worker* node_work::find_worker() {
  std::lock_guard guard(mutex_);
  return worker_.get();
}

void node_work::start(caf::actor_system& system, const std::string& address) {
  std::lock_guard guard(mutex_);
  system_ = &system;
  address_ = address;
  if (is_controller_)
    start_controller(env_);
  if (worker_)
    worker_->start(system, address);
}

void node_work::leave(std::chrono::milliseconds within) {
  if (!worker_ || !system_)
    return;
  if (!happens(env_, within, [&](auto done) { worker_->leave(std::move(done)); }))
    env_.log->info("{} has not said yet that it knows what was handed back",
                   worker_->options().controller);
}

bool node_work::end_runs(std::chrono::milliseconds within) {
  return !worker_ || happens(env_, within, [&](auto done) { worker_->when_idle(std::move(done)); });
}

void node_work::shut() {
  if (worker_)
    worker_->shut();
}

}  // namespace holdfast
