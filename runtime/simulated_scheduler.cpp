#include <holdfast/runtime/simulated_scheduler.hpp>

#include <caf/resumable.hpp>

#include <utility>

namespace holdfast {

// ---- timers

std::optional<std::int64_t> simulated_timers::next() const {
  if (schedule().empty())
    return std::nullopt;
  return schedule().begin()->first.time_since_epoch().count() - first;
}

void simulated_timers::set_ordinary_timeout(time_point t, caf::abstract_actor* self,
                                            caf::atom_value type, std::uint64_t id) {
  test_actor_clock::set_ordinary_timeout(t, self, type, id);
  changed_();
}

void simulated_timers::set_multi_timeout(time_point t, caf::abstract_actor* self,
                                         caf::atom_value type, std::uint64_t id) {
  test_actor_clock::set_multi_timeout(t, self, type, id);
  changed_();
}

void simulated_timers::set_request_timeout(time_point t, caf::abstract_actor* self,
                                           caf::message_id id) {
  test_actor_clock::set_request_timeout(t, self, id);
  changed_();
}

void simulated_timers::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  test_actor_clock::cancel_ordinary_timeout(self, type);
  changed_();
}

void simulated_timers::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  test_actor_clock::cancel_request_timeout(self, id);
  changed_();
}

void simulated_timers::cancel_timeouts(caf::abstract_actor* self) {
  test_actor_clock::cancel_timeouts(self);
  changed_();
}

void simulated_timers::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                        caf::mailbox_element_ptr content) {
  test_actor_clock::schedule_message(t, std::move(receiver), std::move(content));
  changed_();
}

void simulated_timers::schedule_message(time_point t, caf::group target,
                                        caf::strong_actor_ptr sender, caf::message content) {
  test_actor_clock::schedule_message(t, std::move(target), std::move(sender), std::move(content));
  changed_();
}

void simulated_timers::cancel_all() {
  test_actor_clock::cancel_all();
  changed_();
}

// ---- jobs

simulated_scheduler::simulated_scheduler(caf::actor_system& system, const std::int64_t& now,
                                         std::function<void()> changed)
    : caf::scheduler::test_coordinator(system), changed_(std::move(changed)),
      timers_(now, changed_), unit_(*this) {}

void simulated_scheduler::enqueue(caf::resumable* job) {
  jobs.push_back(job);
  changed_();
}

void simulated_scheduler::take_turn(std::size_t which) {
  auto* job = jobs[which];
  jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(which));
  changed_();
  switch (job->resume(&unit_, 1)) {
  case caf::resumable::resume_later:
    jobs.push_front(job);
    changed_();
    break;
  case caf::resumable::done:
  case caf::resumable::awaiting_message: job->intrusive_ptr_release_impl(); break;
  case caf::resumable::shutdown_execution_unit: break;
  }
}

void simulated_scheduler::fire_timers() {
  timers_.trigger_expired_timeouts();
  changed_();
}

}  // namespace holdfast
