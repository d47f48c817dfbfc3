#pragma once

#include <caf/execution_unit.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace holdfast {

/// The timers of one life of a simulated node. Its time is always that of the simulation, so a machine that has nothing to
/// do need not be told that time goes on.
class simulated_timers final : public caf::detail::test_actor_clock {
public:
  simulated_timers(const std::int64_t& now, const std::function<void()>& changed)
      : now_(now), changed_(changed) {}

  time_point now() const noexcept override { return moment_of(now_); }
  std::optional<std::int64_t> next() const;

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

private:
  /// A nanosecond later than the simulation: CAF holds the beginning of time for no time at all.
  static constexpr std::int64_t first = 1;
  static time_point moment_of(std::int64_t at) { return time_point(duration_type(at + first)); }

  const std::int64_t& now_;
  const std::function<void()>& changed_;
};

/// The scheduler of one life of a simulated node. Every job gets in by `enqueue`, whoever sends (the node's own actors, the
/// network, a timer, a thread from outside), and every timer by `simulated_timers`; each time `changed` is called, and that
/// is all that the simulation needs to know about machines that stand by. It may be called in the middle of a turn.
class simulated_scheduler final : public caf::scheduler::test_coordinator {
public:
  /// `now` goes on while the scheduler lives.
  simulated_scheduler(caf::actor_system& system, const std::int64_t& now,
                      std::function<void()> changed);

  simulated_timers& clock() noexcept override { return timers_; }

  void take_turn(std::size_t which);  ///< one job, by its place in `jobs`
  void fire_timers();                 ///< those whose time has come

protected:
  void enqueue(caf::resumable* job) override;

private:
  class unit final : public caf::execution_unit {
  public:
    explicit unit(simulated_scheduler& of) : caf::execution_unit(&of.system()), of_(of) {}
    void exec_later(caf::resumable* job) override { of_.enqueue(job); }

  private:
    simulated_scheduler& of_;
  };

  std::function<void()> changed_;
  simulated_timers timers_;
  unit unit_;
};

}  // namespace holdfast
