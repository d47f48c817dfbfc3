#pragma once

#include <holdfast/runtime/node.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

struct simulation_options {
  std::uint64_t seed = 1;
  std::string log_level = "info";  ///< what of the nodes' logs is kept as events
};

/// What a simulated node is beside its set-up.
struct simulated_node {
  std::string listen{};              ///< its address, any text; its name when empty
  std::vector<std::string> peers{};  ///< whom it dials, by name; the others dial it
  node_settings settings{};
  std::chrono::milliseconds stop_within{10'000};
};

/// Something that happened, in virtual time: a fault, or a line of a node's log.
struct simulation_event {
  std::int64_t at_ns = 0;  ///< since the simulation began
  std::string node;        ///< empty for the network and the simulation itself
  std::string kind;        ///< "fault", or the level of a log line
  std::string text;
};

struct simulation_numbers {
  std::uint64_t steps = 0;     ///< turns of actors
  std::uint64_t segments = 0;  ///< that crossed the network
  std::uint64_t flushes = 0;   ///< commits of all nodes
  std::uint64_t lives = 0;     ///< starts of nodes
};

/// How a store is damaged.
enum class disk_damage : std::uint8_t {
  bit,       ///< one bit of one row is turned
  page,      ///< up to 16 rows of one table that stand together are overwritten
  truncate,  ///< one row has lost its second half
};

/// A cluster in one process and one thread: the same nodes with the same set-up functions as in production, in virtual time,
/// over a network and disks that fail as they are told. Which of the things that could happen next happens is drawn from the
/// seed, so that a seed tells a whole run: two runs of one seed do the same steps in the same order.
///
///     holdfast::simulation sim({.seed = 7});
///     sim.add("hub", serve_hub);
///     sim.add("w1", serve_worker, {.peers = {"hub"}});
///     sim.queue("w1", "hub", count_pages, "a.pdf");
///     sim.crash("hub");
///     sim.restart("hub");
///     EXPECT_TRUE(sim.settle());
///     EXPECT_EQ(sim.check(), std::vector<std::string>()) << sim.replay();
///
/// What simulated code may not do: start threads, sleep, ask a clock of the machine (context::now is the node's), draw random
/// numbers elsewhere. A handler takes no virtual time; what lasts answers later, by a message (`ctx.later`) or a work_ticket.
///
/// The verbs are for the thread that made the simulation, outside handlers; inside they throw errc::wrong_context. A name
/// that is not there, or not in the state the verb needs, throws errc::bad_argument and changes nothing.
class simulation {
public:
  using setup_function = std::function<void(node&)>;

  explicit simulation(simulation_options options = {});
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  // ---- nodes

  /// Starts a node on an empty disk. `setup` runs again at each restart, as a program's main would. Throws what the set-up
  /// or the start throws.
  void add(const std::string& name, setup_function setup, simulated_node options = {});

  /// The power of a node fails: what was not synced is gone, its peers' connections are reset (or, if nobody is told, stay
  /// open and silent until its machine is back).
  void crash(const std::string& name, bool is_told = true);
  /// The same in the middle of its next flush, which then has reached the disk or not.
  void crash_in_flush(const std::string& name, bool is_kept);
  void restart(const std::string& name);  ///< of one that crashed or was stopped
  void stop(const std::string& name);     ///< in good order
  void freeze(
      const std::string& name);  ///< its process stands still; its machine goes on taking bytes
  void thaw(const std::string& name);
  void lose_disk(const std::string& name);  ///< a crash, and an empty disk at the next start

  // ---- links. A pair, in both directions unless it says otherwise.

  void partition(const std::string& a, const std::string& b);
  void partition_one_way(const std::string& from, const std::string& to);
  void heal(const std::string& a, const std::string& b);
  void heal();  ///< all links
  void delay(const std::string& a, const std::string& b, duration by);
  void drop(const std::string& a, const std::string& b,
            double part);  ///< of the segments; TCP repeats them

  // ---- disks and clocks

  void slow_disk(const std::string& name,
                 duration flush);  ///< each flush takes so long; 0 again ends it
  void full_disk(const std::string& name, std::uint64_t bytes_max);  ///< quota; 0 is none
  void corrupt(const std::string& name, disk_damage damage);         ///< of any row of any table
  /// The disk lies: what it says is synced is not, and a crash loses the last so many flushes; 0 again ends it. No store can
  /// keep its promises over this one: it shows that the checks bite.
  void lying_disk(const std::string& name, unsigned flushes);
  void mend_disk(
      const std::string&
          name);  ///< ends all of that, and a crash_in_flush that has not come; damage stays
  void skew_clock(const std::string& name, duration by);  ///< sets the wall clock, forward or back

  // ---- time

  void advance(duration by);

  /// Goes on until every queued call and every work item that any running node knows of has ended, in steps, at most for
  /// that long. Whether it came to that.
  bool settle(duration within = std::chrono::minutes(5));

  /// One turn of one actor, or on to the next moment at which something happens; false, at that moment, if nothing happens
  /// before `until` (since the simulation began). For those who look after every step.
  bool step(duration until);

  /// Calls `act` when that time has passed, between two turns: for what the world around the nodes does. No verbs in it.
  void after(duration wait, std::function<void()> act);

  duration now() const;  ///< since the simulation began

  // ---- what the nodes do

  template <class R, class... A, class... Given>
  queued_call queue(const std::string& from, const std::string& to, const method<R(A...)>& m,
                    Given&&... arguments) {
    auto call = at(from).to(to).queue(m, std::forward<Given>(arguments)...);
    promise(from, call);
    return call;
  }
  template <class M, class... Given>
  auto submit(const std::string& from, const std::string& controller, const M& m,
              Given&&... arguments) {
    auto item = at(from).controller(controller).submit(m, std::forward<Given>(arguments)...);
    if (auto call = call_id::parse(item))
      promise(from, *call);
    return item;
  }

  node& at(const std::string& name);  ///< a node that runs and is not frozen, for everything else

  /// A table of a running node's state as it stands on its disk, in the order of its keys.
  template <class K, class V>
  std::vector<std::pair<K, V>> state(const std::string& name, const table<K, V>& of) {
    return rows_of(*store_of(name), of, rows_max);
  }
  bool is_running(const std::string& name) const;
  bool is_frozen(const std::string& name) const;
  std::vector<std::string> names() const;

  // ---- what came of it

  /// Looks at every store that there is: what breaks a promise, in sentences that begin with the invariant's number. At any
  /// moment; calls on their way between two nodes are no findings.
  std::vector<std::string> check();

  const std::vector<simulation_event>& events() const;
  simulation_numbers numbers() const;
  std::uint64_t fingerprint() const;  ///< of every step until now: equal for equal runs
  std::string replay() const;         ///< what repeats this run: "seed 7"

  struct world;  ///< for the runtime's own parts

private:
  static constexpr std::size_t rows_max = 1'000'000;
  std::unique_ptr<journal_reader> store_of(const std::string& name);
  void promise(const std::string& from, const call_id& call);

  std::unique_ptr<world> world_;
};

}  // namespace holdfast
