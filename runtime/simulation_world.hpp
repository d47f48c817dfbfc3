#pragma once

#include <holdfast/actors/work_item.hpp>
#include <holdfast/core/seeded_random.hpp>
#include <holdfast/persistence/memory_journal.hpp>
#include <holdfast/runtime/platform.hpp>
#include <holdfast/runtime/simulated_network.hpp>
#include <holdfast/runtime/simulated_scheduler.hpp>
#include <holdfast/runtime/simulation.hpp>
#include <holdfast/runtime/turn_order.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast {

/// The clocks of a simulated machine.
class simulated_clock final : public clock {
public:
  explicit simulated_clock(const std::int64_t& now) : now_(now) {}
  moment now() const override { return {epoch_ns + now_ + skew_ns, steady_base_ns + now_, boot}; }

  std::int64_t skew_ns = 0;
  std::uint64_t boot = 1;

private:
  static constexpr std::int64_t epoch_ns = 1'767'225'600'000'000'000;  // 2026-01-01
  static constexpr std::int64_t steady_base_ns = 1'000'000'000;
  const std::int64_t& now_;
};

/// A machine and the life of a node on it, if there is one. Each life has an actor system of its own, so that the actors of a
/// process that dies all die, and those of a frozen one all stand still.
class simulated_machine final : public platform {
public:
  simulated_machine(simulation::world& in, std::string name, simulation::setup_function setup,
                    simulated_node options, seeded_random random);

  // ---- platform
  bool is_simulated() const override { return true; }
  const clock& time() const override { return clock_; }
  random_source& random() const override { return random_; }
  void check(const node_options&) override {}  // what an address is, the network knows
  std::string secret(const node_options&) override { return "simulation"; }
  std::shared_ptr<spdlog::logger> log(const node_options& options) override;
  std::unique_ptr<journal> open_store(const node_options& options) override;
  void configure(caf::actor_system_config& config) override;
  caf::actor spawn_wire(caf::actor_system& system) override;
  void drain(caf::actor_system& system) override;
  void fatal(const std::string& reason) override;
  bool wait(const std::function<bool()>& is_done, duration within) override;

  // ---- its node
  void start();
  void stop();
  void lose_power();       ///< of the disk
  void die(bool is_told);  ///< from outside any step
  bool is_up() const { return host_ && !is_dead_; }
  bool has_job() const { return is_up() && !is_frozen_ && jobs_ && jobs_->has_job(); }
  std::optional<std::int64_t> next_timer() const;
  void run_one(seeded_random& order);
  void fire_timers();  ///< those whose time has come

  const std::string name;
  simulated_node options;
  turn_order::place turn;
  bool is_told = true;  ///< of the death that comes
  duration flush_takes{0};
  std::optional<bool> dies_in_flush;  ///< the next one, which is kept or not
  unsigned lies = 0;                  ///< flushes that the disk only pretends
  std::uint64_t bytes_max = 0;
  std::uint64_t lives = 0;
  std::shared_ptr<memory_disk> disk = make_memory_disk();
  std::uint64_t disk_number = 0;  ///< grows when the disk is lost
  bool is_damaged = false;        ///< what stands on the disk promises nothing

  node* host() { return host_.get(); }
  bool is_dead() const { return host_ && is_dead_; }
  bool is_frozen() const { return is_frozen_; }
  void freeze();
  void thaw();
  memory_journal* store() { return store_; }
  void set_skew(std::int64_t by) { clock_.skew_ns = by; }
  std::int64_t skew() const { return clock_.skew_ns; }

private:
  void flush();
  void end_life();  ///< in the middle of a step: it is buried behind it

  std::deque<std::shared_ptr<memory_disk>>
      before_;  ///< what a lying disk really holds, oldest first

  simulation::world& in_;
  simulation::setup_function setup_;
  simulated_clock clock_;
  mutable seeded_random random_;
  std::unique_ptr<node> host_;
  memory_journal* store_ = nullptr;  ///< of this life
  simulated_scheduler* jobs_ = nullptr;
  bool is_frozen_ = false;
  bool is_dead_ = false;  ///< killed, and not yet buried
};

struct simulation::world {
  explicit world(simulation_options given);
  ~world();

  /// One turn, or on to the next moment. False, with the time at `limit`, if nothing happens before.
  bool step(std::int64_t limit);
  void bury();  ///< those who died in a step
  void run_for(duration by);
  void note(const std::string& node, std::string kind, std::string text);
  void mark(std::uint64_t what);  ///< into the fingerprint

  simulated_machine& machine(const std::string& name);
  simulated_machine& running(const std::string& name);
  void check_outside(const char* verb) const;

  simulation_options options;
  seeded_random order;
  std::int64_t now = 0;
  simulated_network network;
  turn_order turns;
  std::map<std::string, std::unique_ptr<simulated_machine>> machines;
  std::multimap<std::int64_t, std::function<void()>> agenda;
  std::vector<simulation_event> events;
  simulation_numbers numbers;
  std::uint64_t fingerprint = 0xcbf29ce484222325;
  int depth = 0;          ///< of turns within turns
  bool has_dead = false;  ///< some machine is to be buried
  std::string open_last;  ///< where something was open when `is_settled` last looked

  struct promised {
    std::uint64_t disk_number = 0;
    call_id id;
  };
  std::map<std::string, std::vector<promised>> promises;  ///< by source

  /// What the checks remember of a work item from one look to the next.
  struct seen_item {
    bool is_over = false;
    item_state state{};
    std::string worker;
    std::map<std::uint64_t, std::string> owners;  ///< by epoch
    std::optional<std::uint64_t> result;          ///< hash of the one that ended it
  };
  /// By controller, and which of its disks.
  std::map<std::pair<std::string, std::uint64_t>, std::map<item_id, seen_item>> seen_items;
  std::map<std::string, std::int64_t>
      unplaced_since;  ///< controllers that have put off some placement
};

/// simulation_checks.cpp
std::vector<std::string> check_world(simulation::world& all);
bool is_settled(simulation::world& all);

}  // namespace holdfast
