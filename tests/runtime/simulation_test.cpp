#include <holdfast/actors/environment.hpp>
#include <holdfast/runtime/simulation.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

// The same set-up functions as in production, in virtual time.
namespace holdfast {
namespace {

using namespace std::chrono_literals;

constexpr method<int(std::string)> count_pages{"pages.count(path)"};
constexpr table<std::string, int> counted{"pages.counted"};
constexpr method<std::string(std::string)> render{"studio.render(path)"};

const std::vector<std::string> nothing;

void serve_counting(node& host) {
  host.serve(count_pages, [](context& ctx, const std::string& path) {
    auto rows = ctx.state(counted);
    auto times = rows.get(path).value_or(0) + 1;
    rows.put(path, times);
    return times;
  });
}

void serve_nothing(node&) {}

int times_counted(simulation& sim, const std::string& name, const std::string& path) {
  auto rows = sim.at(name).parts().store->read();
  for (auto& [key, times] : rows_of(*rows, counted, 10'000))
    if (key == path)
      return times;
  return 0;
}

void add_pair(simulation& sim) {
  sim.add("target", serve_counting);
  sim.add("source", serve_nothing, {.peers = {"target"}});
}

TEST(simulation, AQueuedCallCrossesAndRunsOnce) {
  simulation sim({.seed = 3});
  add_pair(sim);
  sim.queue("source", "target", count_pages, "a.pdf");
  EXPECT_TRUE(sim.settle());
  EXPECT_EQ(times_counted(sim, "target", "a.pdf"), 1);
  EXPECT_EQ(sim.check(), nothing);
  EXPECT_LT(sim.now(), 10s);
}

TEST(simulation, ACallIsAnsweredWhileTheCallerWaits) {
  simulation sim;
  add_pair(sim);
  sim.advance(1s);
  auto answer = sim.at("source").to("target").call(count_pages, "a.pdf");
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer.value(), 1);
}

TEST(simulation, NothingIsLostNorDoneTwiceThroughCrashesOfBoth) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    simulation sim({.seed = seed});
    add_pair(sim);
    for (int i = 0; i < 10; ++i) {
      sim.queue("source", "target", count_pages, std::to_string(i));
      if (i % 3 == 0) {
        sim.crash("target", seed % 2 == 0);
        sim.restart("target");
      }
      if (i % 4 == 0) {
        sim.crash("source");
        sim.restart("source");
      }
    }
    EXPECT_TRUE(sim.settle()) << sim.replay();
    EXPECT_EQ(sim.check(), nothing) << sim.replay();
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(times_counted(sim, "target", std::to_string(i)), 1) << sim.replay();
  }
}

TEST(simulation, EqualSeedsAreEqualRunsAndOthersAreNot) {
  auto run = [](std::uint64_t seed) {
    simulation sim({.seed = seed});
    add_pair(sim);
    for (int i = 0; i < 5; ++i)
      sim.queue("source", "target", count_pages, std::to_string(i));
    sim.advance(300ms);
    sim.crash("target");
    sim.restart("target");
    sim.settle();
    return std::pair(sim.fingerprint(), sim.numbers().steps);
  };
  std::set<std::uint64_t> all;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(run(seed), run(seed)) << "seed " << seed;
    all.insert(run(seed).first);
  }
  EXPECT_EQ(all.size(), 10u);
}

TEST(simulation, APartitionHoldsACallUpUntilItIsHealed) {
  simulation sim;
  add_pair(sim);
  sim.advance(1s);
  sim.partition("source", "target");
  sim.queue("source", "target", count_pages, "a.pdf");
  EXPECT_FALSE(sim.settle(1min));
  EXPECT_EQ(times_counted(sim, "target", "a.pdf"), 0);
  sim.heal("source", "target");
  EXPECT_TRUE(sim.settle());
  EXPECT_EQ(times_counted(sim, "target", "a.pdf"), 1);
}

TEST(simulation, AFrozenNodeStandsStillAndGoesOn) {
  simulation sim;
  add_pair(sim);
  sim.advance(1s);
  sim.freeze("target");
  sim.queue("source", "target", count_pages, "a.pdf");
  EXPECT_FALSE(sim.settle(10s));
  sim.thaw("target");
  EXPECT_TRUE(sim.settle());
  EXPECT_EQ(times_counted(sim, "target", "a.pdf"), 1);
  EXPECT_EQ(sim.check(), nothing);
}

TEST(simulation, AFlushThatIsCutIsKeptOrLostAndNothingElse) {
  for (bool is_kept : {false, true})
    for (const char* victim : {"source", "target"}) {
      simulation sim;
      add_pair(sim);
      sim.advance(1s);
      sim.queue("source", "target", count_pages, "a.pdf");
      sim.crash_in_flush(victim, is_kept);
      sim.advance(1s);
      EXPECT_FALSE(sim.is_running(victim));
      EXPECT_EQ(sim.check(), nothing);
      sim.restart(victim);
      EXPECT_TRUE(sim.settle());
      EXPECT_EQ(times_counted(sim, "target", "a.pdf"), 1);
      EXPECT_EQ(sim.check(), nothing);
    }
}

TEST(simulation, WorkOfALostWorkerIsDoneByAnother) {
  simulation sim;
  int runs = 0;
  auto serve_worker = [&runs](node& host) {
    auto& work = host.work_for({.controller = "hub"});
    work.serve(render, [&runs](work_context&, const std::string& path) {
      ++runs;
      return path + " rendered";
    });
  };
  sim.add("hub", [](node& host) { host.serve_controller(); });
  for (auto* name : {"w1", "w2"})
    sim.add(name, serve_worker, {.peers = {"hub"}});
  sim.advance(1s);
  for (int i = 0; i < 20; ++i)
    sim.submit("hub", "hub", render, std::to_string(i));
  sim.crash("w1", false);
  EXPECT_TRUE(sim.settle());
  EXPECT_EQ(sim.check(), nothing);
  EXPECT_GE(runs, 20);
}

TEST(simulation, AVerbSaysWhatItNeeds) {
  simulation sim;
  add_pair(sim);
  auto text_of = [](auto act) {
    try {
      act();
    } catch (const error& problem) {
      return std::string(problem.what());
    }
    return std::string("nothing");
  };
  EXPECT_EQ(text_of([&] { sim.crash("taget"); }),
            "there is no node 'taget' in this simulation; add it first");
  EXPECT_EQ(text_of([&] { sim.restart("target"); }),
            "the node target runs; crash or stop it first");
  sim.stop("target");
  EXPECT_EQ(text_of([&] { sim.at("target"); }), "the node target does not run; restart it first");
}

}  // namespace
}  // namespace holdfast
