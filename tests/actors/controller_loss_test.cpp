#include "tests/actors/controller_fixture.hpp"

#include <gtest/gtest.h>

// Workers and controllers that go away and come back.
namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

TEST(controller_loss, AStrayDisconnectNeitherMovesNorRunsAgain) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = submit_with(bench, [](submission& given) { given.grace_ns = 10 * second_ns; });
  bench.settle();
  bench.add({.name = "w2"});
  for (auto i = 0; i < 5; ++i) {
    bench.disconnect("w1");
    EXPECT_NE(bench.show(id).waits_for.find("its worker w1 is lost"), std::string::npos);
    bench.pass(9s);
    bench.connect("w1");
    bench.pass(9s);
    bench.settle();
  }
  EXPECT_EQ(bench.state(id), item_state::running);
  EXPECT_EQ(bench.worker("w1").runs.size(), 1u);
  EXPECT_TRUE(bench.worker("w2").runs.empty());
  EXPECT_EQ(bench.show(id).epoch, 1u);
  bench.finish("w1", id);
  EXPECT_EQ(bench.state(id), item_state::done);
  EXPECT_EQ(bench.counts().moved, 0u);
  EXPECT_EQ(bench.counts().evidence, 0u);
}

TEST(controller_loss, GraceThatIsOverMovesAndTheReturnedWorkerStops) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = submit_with(bench, [](submission& given) { given.grace_ns = 10 * second_ns; });
  bench.settle();
  bench.add({.name = "w2"});
  bench.disconnect("w1");
  bench.pass(9s);
  EXPECT_TRUE(bench.worker("w2").runs.empty());
  bench.pass(2s);
  bench.settle();
  EXPECT_EQ(bench.worker("w2").runs.size(), 1u);
  EXPECT_EQ(bench.show(id).epoch, 2u);
  EXPECT_EQ(bench.counts().moved, 1u);
  bench.connect("w1");
  bench.settle();
  EXPECT_TRUE(bench.worker("w1").items.empty());
  EXPECT_EQ(bench.worker("w2").items.size(), 1u);
}

TEST(controller_loss, ALateResultIsRefusedAndToldByWhy) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = bench.submit(bench.item());
  bench.settle();
  bench.add({.name = "w2"});
  bench.disconnect("w1");
  bench.settle();
  bench.finish("w2", id, run_end::done, "second");
  bench.finish("w1", id, run_end::done, "first");
  EXPECT_EQ(bench.show(id).result, "second");
  EXPECT_EQ(bench.counts().evidence, 1u);
  auto story = bench.story(id);
  EXPECT_NE(story.find("w1 under epoch 1 did not return in time; the item is moved"),
            std::string::npos);
  EXPECT_NE(story.find("a late result of w1 under epoch 1 (done) was refused"), std::string::npos);
  bench.connect("w1");
  EXPECT_TRUE(bench.worker("w1").items.empty()) << "its end was heard";
}

TEST(controller_loss, AGoodbyeAndANewProcessEndTheGraceAtOnce) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = submit_with(bench, [](submission& given) { given.grace_ns = 1000 * second_ns; });
  bench.settle();
  bench.add({.name = "w2"});
  bench.disconnect("w1", errc::link_goodbye);
  bench.settle();
  EXPECT_EQ(bench.show(id).worker, "w2");
  EXPECT_EQ(bench.status("w1").phase, "gone");

  bench.disconnect("w2");
  EXPECT_EQ(bench.show(id).worker, "w2");
  bench.restart_worker("w2");
  bench.connect("w2");
  bench.settle();
  EXPECT_EQ(bench.worker("w2").runs.size(), 2u);
  EXPECT_EQ(bench.show(id).epoch, 3u);
  auto story = bench.story(id);
  EXPECT_NE(story.find("w1 under epoch 1 has said goodbye; the item is moved"), story.npos);
  EXPECT_NE(story.find("w2 under epoch 2 is dead: its node was started again; the item is moved"),
            story.npos);

  bench.disconnect("w2");
  bench.add({.name = "w3"});
  EXPECT_TRUE(bench.ask(work::forget, std::string("w2")));
  bench.settle();
  EXPECT_NE(bench.story(id).find("w2 under epoch 3 was forgotten by the operator"), story.npos);
  EXPECT_EQ(bench.show(id).worker, "w3");
}

TEST(controller_loss, ARunThatWasHandedBackLeavesNoFailure) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = bench.submit(bench.item());
  bench.settle();
  bench.finish("w1", id, run_end::handed_back, "", "its worker stops");
  EXPECT_EQ(bench.show(id).text, "");
  auto story = bench.story(id);
  EXPECT_NE(story.find("handed back by w1 under epoch 1"), story.npos);
  EXPECT_NE(story.find("w1 said: its worker stops"), story.npos);
}

TEST(controller_loss, ADeathIsProvenWhereNobodyListensAnyMore) {
  std::set<std::string> listening{"w1:1"};
  bench_options options;
  options.controller.probe = [&](const std::string& address,
                                 const std::function<void(bool)>& done) {
    done(listening.contains(address));
  };
  controller_bench bench(options);
  bench.add({.name = "w1", .address = "w1:1"});
  auto id = submit_with(bench, [](submission& given) { given.grace_ns = 1000 * second_ns; });
  bench.settle();
  bench.add({.name = "w2", .address = "w2:1"});
  bench.disconnect("w1");
  bench.pass(20s);
  EXPECT_EQ(bench.show(id).worker, "w1") << "it lives: only its link is down";
  listening.clear();
  bench.node().advance(1s);
  bench.settle();
  EXPECT_EQ(bench.show(id).worker, "w2");
  EXPECT_EQ(bench.status("w1").phase, "gone");
  EXPECT_NE(bench.story(id).find("w1 under epoch 1 is dead: nobody listens there any more"),
            std::string::npos);

  bench.disconnect("w2");
  bench.pass(20s);
  EXPECT_EQ(bench.show(id).worker, "w2") << "it was never found where it said: no proof";
  EXPECT_EQ(bench.status("w2").phase, "lost");
}

TEST(controller_loss, AProbeThatIsNotAnsweredIsMadeAgain) {
  int unanswered = 0;
  bool is_closing = false;
  bench_options options;
  options.controller.probe = [&](const std::string&, const std::function<void(bool)>& done) {
    if (!is_closing)
      done(true);
    else if (++unanswered > 3)
      done(false);
  };
  controller_bench bench(options);
  bench.add({.name = "w1", .address = "w1:1"});
  auto id = submit_with(bench, [](submission& given) { given.grace_ns = 1000 * second_ns; });
  bench.settle();
  bench.add({.name = "w2", .address = "w2:1"});
  is_closing = true;
  bench.disconnect("w1");
  for (auto i = 0; i < 10; ++i)
    bench.pass(100ms);
  EXPECT_EQ(unanswered, 4);
  EXPECT_EQ(bench.show(id).worker, "w2");
  EXPECT_EQ(bench.status("w1").phase, "gone");
}

TEST(controller_loss, AnItemThatSuspendsWaitsForAWorkerThatFits) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = submit_with(bench, [](submission& given) {
    given.rules.on_lost = lost_policy::suspend;
    given.demand.labels = {"gpu"};
  });
  EXPECT_EQ(bench.state(id), item_state::waiting);
  EXPECT_NE(bench.show(id).waits_for.find("has the label \"gpu\""), std::string::npos);
  bench.add({.name = "w2", .labels = {"gpu"}});
  bench.settle();
  bench.disconnect("w2");
  EXPECT_EQ(bench.state(id), item_state::suspended);
  EXPECT_NE(bench.show(id).waits_for.find("suspended, because its worker w2 was lost"),
            std::string::npos);
  EXPECT_EQ(bench.show(id).worker, "") << "nobody has it";
  item_filter lost;
  lost.worker = "w2";
  EXPECT_TRUE(bench.ask(work::list, lost).value().empty());
  bench.add({.name = "w3"});
  EXPECT_EQ(bench.state(id), item_state::suspended);
  bench.add({.name = "w4", .labels = {"gpu"}});
  bench.settle();
  EXPECT_EQ(bench.show(id).worker, "w4");
  EXPECT_EQ(bench.count_rows("work.suspended"), 0u);

  bench.disconnect("w4");
  EXPECT_EQ(bench.state(id), item_state::suspended);
  bench.connect("w4");
  bench.settle();
  EXPECT_EQ(bench.state(id), item_state::running) << "the lost one included";
  EXPECT_EQ(bench.worker("w4").runs.size(), 1u) << "and it went on with what it ran";
}

TEST(controller_loss, AReturnedWorkerIsAdopted) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id =
      submit_with(bench, [](submission& given) { given.rules.on_return = return_policy::adopt; });
  bench.settle();
  bench.add({.name = "w2"});
  bench.disconnect("w1");
  bench.settle();
  EXPECT_EQ(bench.worker("w2").items.size(), 1u);
  bench.connect("w1");
  bench.settle();
  EXPECT_TRUE(bench.worker("w2").items.empty());
  ASSERT_EQ(bench.worker("w1").items.size(), 1u);
  EXPECT_EQ(bench.worker("w1").items.at(id).order.epoch, 3u);
  EXPECT_EQ(bench.worker("w1").runs.size(), 1u);
  bench.finish("w1", id);
  EXPECT_EQ(bench.state(id), item_state::done);
}

TEST(controller_loss, TwoRunsVerifyEachOther) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = submit_with(
      bench, [](submission& given) { given.rules.on_return = return_policy::verify_both; });
  bench.settle();
  bench.add({.name = "w2"});
  bench.disconnect("w1");
  bench.settle();
  bench.connect("w1");
  bench.settle();
  EXPECT_EQ(bench.worker("w1").items.size() + bench.worker("w2").items.size(), 2u);
  bench.finish("w1", id, run_end::done, "one");
  EXPECT_EQ(bench.state(id), item_state::running);
  EXPECT_TRUE(bench.worker("w1").items.empty());
  EXPECT_EQ(bench.status("w1").slots_used, 0u);
  bench.finish("w2", id, run_end::done, "two");
  EXPECT_EQ(bench.state(id), item_state::done);
  EXPECT_EQ(bench.show(id).result, "one");
}

TEST(controller_loss, AWorkerThatLeavesHandsBack) {
  controller_bench bench;
  auto& w1 = bench.add({.name = "w1"});
  auto id = bench.submit(bench.item());
  bench.settle();
  bench.add({.name = "w2"});
  w1.is_leaving = true;
  bench.report("w1");
  EXPECT_EQ(bench.status("w1").phase, "draining");
  bench.finish("w1", id, run_end::handed_back);
  bench.settle();
  EXPECT_EQ(bench.show(id).worker, "w2");
  EXPECT_EQ(bench.show(id).failures, 0u);
}

TEST(controller_loss, ASuspectWorkerGetsNothingUntilItSpeaks) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 2});
  auto first = bench.submit(bench.item());
  bench.settle();
  bench.event(peer_suspect{"w1", 3s});
  auto second = bench.submit(bench.item());
  EXPECT_EQ(bench.state(first), item_state::running);
  EXPECT_EQ(bench.state(second), item_state::waiting);
  bench.finish("w1", first);
  EXPECT_EQ(bench.state(second), item_state::assigned);
}

TEST(controller_loss, ARestartedControllerGoesOnWithItsWorkers) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 2});
  bench.add({.name = "w2", .slots = 2});
  std::vector<item_id> ids;
  for (auto i = 0; i < 6; ++i)
    ids.push_back(submit_with(bench, [](submission& given) { given.grace_ns = 10 * second_ns; }));
  bench.settle();
  bench.restart();
  EXPECT_EQ(bench.status("w1").phase, "lost");
  bench.pass(5s);
  bench.connect("w1");
  bench.settle();
  EXPECT_EQ(bench.worker("w1").runs.size(), 2u) << "it keeps what it runs";
  bench.pass(6s);  // w2 does not return
  EXPECT_EQ(bench.counts().moved, 2u);
  for (auto i = 0; i < 6; ++i) {
    bench.finish_all();
    bench.settle();
  }
  for (auto& id : ids)
    EXPECT_EQ(bench.state(id), item_state::done) << bench.story(id);
  EXPECT_EQ(bench.worker("w1").runs.size(), 6u);
}

TEST(controller_loss, ARestartForgetsNoTimer) {
  controller_bench bench;
  auto expiring = submit_with(bench, [](submission& given) { given.deadline_ns = 20 * second_ns; });
  bench.add({.name = "w1", .slots = 2});
  auto failing = submit_with(bench, [](submission& given) {
    given.rules.back_off_ns = 8 * second_ns;
    given.rules.back_off_max_ns = 8 * second_ns;
  });
  bench.settle();
  bench.finish("w1", failing, run_end::failed);
  EXPECT_NE(bench.show(failing).waits_for.find("back-off"), std::string::npos);
  bench.restart();
  bench.pass(12s);
  bench.connect("w1");
  bench.settle();
  EXPECT_EQ(bench.state(failing), item_state::running);
  bench.pass(10s);
  EXPECT_EQ(bench.state(expiring), item_state::expired);
}

/// Rescue is by liveness: however long it takes, and whatever dies around it.
TEST(controller_loss, ALongRunOnAHealthyLinkRunsOnce) {
  controller_bench bench;
  bench.add({.name = "w1", .labels = {"long"}});
  auto id = submit_with(bench, [](submission& given) { given.demand.labels = {"long"}; });
  bench.settle();
  bench.add({.name = "w2", .slots = 3});
  bench.add({.name = "w3", .labels = {"long"}, .slots = 3});
  bench.submit_many(6);
  for (auto second = 0; second < 600; ++second) {
    bench.pass(1s);
    bench.settle();
    if (second % 7 == 3)
      bench.disconnect(second % 2 ? "w2" : "w3");
    if (second % 7 == 5)
      for (auto* name : {"w2", "w3"})
        if (!bench.worker(name).is_up) {
          bench.restart_worker(name);
          bench.connect(name);
        }
    if (second == 200 || second == 400) {
      bench.disconnect("w2", errc::link_goodbye);
      bench.submit_many(2);
    }
  }
  EXPECT_EQ(bench.state(id), item_state::running);
  EXPECT_EQ(bench.worker("w1").runs, std::vector<item_id>{id});
  EXPECT_EQ(bench.show(id).epoch, 1u);
  EXPECT_GT(bench.counts().moved, 20u);
  bench.finish("w1", id);
  EXPECT_EQ(bench.state(id), item_state::done);
  EXPECT_EQ(bench.counts().rolled_back, 0u);
}

}  // namespace
}  // namespace holdfast
