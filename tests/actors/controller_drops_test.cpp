#include "tests/actors/controller_fixture.hpp"

#include <gtest/gtest.h>

// No message between controller and worker matters by itself: each is dropped in turn, and every item ends.
namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

/// Six items, two workers, one disconnect, one new process, one failure: what is queued always arrives.
void play(controller_bench& bench, std::vector<item_id>& ids) {
  for (auto i = 0; i < 4; ++i) {
    auto given = bench.item();
    given.grace_ns = 3 * second_ns;
    if (i == 3)
      given.after = ids;
    ids.push_back(bench.submit(given));
  }
  bench.add({.name = "w1", .slots = 2});
  bench.settle();
  bench.add({.name = "w2", .slots = 1});
  bench.settle();
  bench.pass(1s);
  bench.settle();
  auto finish_one = [&](const std::string& name, run_end how) {
    if (auto running = controller_bench::running(bench.worker(name)); !running.empty())
      bench.finish(name, running[0], how);
    bench.settle();
  };
  finish_one("w1", run_end::failed);
  for (auto i = 0; i < 2; ++i)
    ids.push_back(bench.submit(bench.item()));
  bench.settle();
  bench.disconnect("w1");
  bench.pass(2s);
  bench.connect("w1");
  bench.settle();
  bench.pass(1s);
  bench.disconnect("w2");
  bench.restart_worker("w2");
  bench.connect("w2");
  bench.settle();
}

/// Everything that runs is finished, for at most `seconds`.
void finish_rest(controller_bench& bench, std::size_t seconds) {
  for (std::size_t second = 0; second < seconds; ++second) {
    bench.finish_all();
    bench.settle();
    bench.pass(1s);
    bench.settle();
  }
}

std::uint64_t unfinished(controller_bench& bench) {
  auto counts = bench.counts();
  return counts.waiting + counts.assigned + counts.running + counts.suspended;
}

void expect_all_done(controller_bench& bench, const std::vector<item_id>& ids) {
  EXPECT_EQ(unfinished(bench), 0u);
  for (auto& id : ids)
    EXPECT_EQ(bench.state(id), item_state::done) << bench.story(id);
  EXPECT_EQ(bench.counts().done, ids.size());
  EXPECT_EQ(bench.counts().rolled_back, 0u);
  for (auto* table : {"work.ready", "work.holding", "work.children"})
    EXPECT_EQ(bench.count_rows(table), 0u) << table;
  for (auto& [name, worker] : bench.workers) {
    EXPECT_TRUE(worker.items.empty()) << name;
    EXPECT_EQ(bench.status(name).slots_used, 0u) << name;
  }
}

TEST(controller_drops, EveryMessageInTurn) {
  std::size_t messages = 0;
  {
    controller_bench bench;
    std::vector<item_id> ids;
    play(bench, ids);
    finish_rest(bench, 15);
    messages = bench.messages;
    expect_all_done(bench, ids);
  }
  ASSERT_GT(messages, 30u);
  for (std::size_t dropped = 0; dropped < messages; ++dropped) {
    controller_bench bench;
    bench.arrives = [dropped](std::size_t number) { return number != dropped; };
    std::vector<item_id> ids;
    play(bench, ids);
    finish_rest(bench, 15);
    SCOPED_TRACE("without message " + std::to_string(dropped) + ", " + bench.log[dropped]);
    expect_all_done(bench, ids);
    if (HasFailure())
      return;
  }
}

TEST(controller_drops, EveryPairOfNeighbours) {
  for (std::size_t dropped = 0; dropped < 60; ++dropped) {
    controller_bench bench;
    bench.arrives = [dropped](std::size_t number) {
      return number != dropped && number != dropped + 1;
    };
    std::vector<item_id> ids;
    play(bench, ids);
    finish_rest(bench, 15);
    SCOPED_TRACE("without messages " + std::to_string(dropped) + " and the next");
    expect_all_done(bench, ids);
    if (HasFailure())
      return;
  }
}

}  // namespace
}  // namespace holdfast
