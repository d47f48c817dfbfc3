#include <holdfast/actors/environment.hpp>
#include <holdfast/runtime/fault_plan.hpp>
#include <holdfast/runtime/simulation.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <string>
#include <vector>

// Machines that stand by are not asked before each turn: none may be forgotten for that.
namespace holdfast {
namespace {

using namespace std::chrono_literals;

constexpr method<void(int)> count_one{"test.count(number)"};

class turn_order_of_many : public testing::Test {
protected:
  static constexpr int nodes = 60;

  static std::string name(int number) { return "n" + std::to_string(number); }

  /// Nodes without links: nothing wakes them.
  void add_lonely(simulation& sim) {
    for (int i = 1; i <= nodes; ++i)
      sim.add(name(i), [this, i](node& host) {
        host.serve(count_one, [this, i](context&, int) { ran_.push_back(i); });
      });
    sim.advance(1h);
  }

  /// Notes the moments at which its message came, which it sends to itself that much later.
  void start_timer(simulation& sim, const std::string& on, duration wait) {
    sim.at(on).system().spawn([this, &sim, wait](caf::event_based_actor* self) -> caf::behavior {
      self->delayed_send(self, wait, caf::unit);
      return {[this, &sim, self](caf::unit_t) {
        fired_.push_back(sim.now());
        self->quit();
      }};
    });
  }

  std::vector<int> ran_;
  std::vector<duration> fired_;
};

TEST_F(turn_order_of_many, AnIdleMachineRunsWhatItIsGivenFromOutside) {
  simulation sim;
  add_lonely(sim);
  for (int i : {17, 60, 1})
    sim.queue(name(i), name(i), count_one, i);
  auto begun = sim.now();
  sim.advance(1ms);
  EXPECT_EQ(ran_.size(), 3u);
  EXPECT_TRUE(sim.settle());
  EXPECT_LT(sim.now() - begun, 1s);
}

TEST_F(turn_order_of_many, ATimerThatIsSetFromOutsideCountsFromNow) {
  simulation sim;
  add_lonely(sim);
  caf::actor told = sim.at(name(30)).system().spawn([&](caf::event_based_actor*) -> caf::behavior {
    return {[&](caf::unit_t) { fired_.push_back(sim.now()); }};
  });
  sim.advance(1s);
  auto begun = sim.now();
  caf::delayed_anon_send(told, 5s, caf::unit);
  sim.advance(10s);
  EXPECT_EQ(fired_, std::vector<duration>{begun + 5s});
  start_timer(sim, name(41), 3s);
  sim.advance(10s);
  EXPECT_EQ(fired_.back(), begun + 13s);
  caf::anon_send_exit(told, caf::exit_reason::kill);
  sim.advance(1s);
}

TEST_F(turn_order_of_many, AFrozenMachineTakesNoTurnAndItsTimersWait) {
  simulation sim;
  add_lonely(sim);
  start_timer(sim, name(7), 1s);
  sim.queue(name(8), name(8), count_one, 8);
  sim.freeze(name(7));
  sim.freeze(name(8));
  sim.advance(20s);
  EXPECT_TRUE(ran_.empty());
  sim.thaw(name(8));
  sim.advance(1ms);
  EXPECT_EQ(ran_, std::vector<int>{8});
  EXPECT_TRUE(fired_.empty());
  auto thawed = sim.now();
  sim.thaw(name(7));
  sim.advance(1s);
  EXPECT_EQ(fired_, std::vector<duration>{thawed}) << "what is overdue comes at once";
}

TEST_F(turn_order_of_many, AMachineThatDiedTakesNoTurnUntilItIsBack) {
  simulation sim;
  add_lonely(sim);
  start_timer(sim, name(5), 1s);
  sim.queue(name(5), name(5), count_one, 5);
  sim.advance(0s);
  sim.crash(name(5));
  ran_.clear();
  sim.advance(20s);
  EXPECT_TRUE(ran_.empty());
  EXPECT_TRUE(fired_.empty());
  sim.restart(name(5));
  sim.queue(name(5), name(5), count_one, 6);
  EXPECT_TRUE(sim.settle());
  EXPECT_FALSE(ran_.empty());
}

/// A star in which things break: everything that was accepted ends, and twice the same way.
TEST_F(turn_order_of_many, AStarEndsWellAndTwiceTheSameWay) {
  auto run = [](std::uint64_t seed) {
    story star;
    star.seed = seed;
    star.nodes.push_back({.name = "hub"});
    for (int i = 1; i < nodes; ++i)
      star.nodes.push_back({.name = name(i), .peers = {"hub"}});
    fault_plan_options options{.seed = seed, .length = 5s, .calls = 200};
    set_fault_kinds(options, "crash,freeze,partition,stop,crash_in_flush");
    add_faults(star, options);
    return tell(star, {});
  };
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    auto first = run(seed), second = run(seed);
    EXPECT_EQ(first.end, story_end::good) << "seed " << seed;
    EXPECT_EQ(first.executed, first.queued);
    EXPECT_EQ(first.fingerprint, second.fingerprint) << "seed " << seed;
    EXPECT_EQ(first.numbers.steps, second.numbers.steps) << "seed " << seed;
    EXPECT_EQ(first.transcript, second.transcript) << "seed " << seed;
  }
}

TEST(load, IsSoManyCallsEvenlyOverTheTime) {
  fault_plan_options options{.seed = 4, .nodes = 3, .length = 10s, .calls = 100};
  set_fault_kinds(options, "none");
  auto plan = make_fault_plan(options);
  ASSERT_EQ(plan.acts.acts.size(), 100u);
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(plan.acts.acts[i].at, i * 100ms + 50ms);
    EXPECT_TRUE(plan.acts.acts[i].line.starts_with("queue ")) << plan.acts.acts[i].line;
  }
  auto result = tell(plan.acts, {});
  EXPECT_EQ(result.end, story_end::good);
  EXPECT_EQ(result.queued, 100u);
  EXPECT_EQ(result.executed, 100u);
}

TEST(load, NeedsALinkToGoOver) {
  story alone;
  alone.nodes.push_back({.name = "hub"});
  EXPECT_THROW(add_faults(alone, {.seed = 1, .length = 1s, .calls = 1}), error);
}

TEST(load, OfAThousandNodesHasAFile) {
  auto file = read_cluster(std::string(HOLDFAST_SOURCE_DIR) + "/examples/cluster/thousand.toml");
  auto star = story_of(file, 1);
  EXPECT_EQ(star.nodes.size(), 1000u);
  EXPECT_EQ(links_of(star).size(), 999u);
}

}  // namespace
}  // namespace holdfast
