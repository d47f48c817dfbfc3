#include "tests/actors/worker_fixture.hpp"

#include <chrono>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace holdfast;
using namespace holdfast::testing;

// ---- links and lives

TEST_F(worker_test, ALostMessageIsRepairedByAReport) {
  hub.give({assigned("a", 1, convert, 1)});
  all.run();
  hub.wanted["b"] = assigned("b", 1, convert, 2);
  ++hub.version;  // that message was lost
  hub.give({}, {});
  all.run();
  EXPECT_EQ(log.size(), 2u) << "the gap was reported, and the whole set came";
}

TEST_F(worker_test, TheLastMessageLostIsRepairedByTheNextReport) {
  hub.wanted["b"] = assigned("b", 1, convert, 2);
  ++hub.version;
  all.run();
  EXPECT_TRUE(log.empty());
  all.advance(2s);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(worker_test, WhatRunsGoesOnWithoutTheControllerAndItsEndIsHeardLater) {
  hub.give(
      {assigned("a", 1, convert, 1), assigned("b", 1, convert, 2), assigned("c", 1, convert, 3)});
  all.run();
  all.net.unreachable["hub"] = 3;
  all.net.cut_all();
  all.run();
  EXPECT_FALSE(node->is_up("hub"));
  tickets[0].finish(std::string("alone"));
  all.run();
  EXPECT_EQ(log.size(), 2u) << "nothing is started without the controller";
  EXPECT_TRUE(hub.ends.empty());
  EXPECT_EQ(node->count_rows("worker.ended"), 1u);
  ASSERT_TRUE(all.advance_until([&] { return hub.ends.size() == 1; }));
  ASSERT_TRUE(all.advance_until([&] { return log.size() == 3; }));
  EXPECT_FALSE(tickets[1].is_cancelled());
  tickets[1].finish(std::string());
  tickets[2].finish(std::string());
  all.run();
  EXPECT_EQ(hub.ends.size(), 3u);
  EXPECT_EQ(node->count_rows("worker.ended"), 0u);
}

TEST_F(worker_test, AloneForTooLongStopsWhatSaysSo) {
  auto brief = assigned("a", 1, convert, 1);
  brief.stop_alone_ns = duration(1s).count();
  hub.give({brief, assigned("b", 1, convert, 2)});
  all.run();
  all.net.unreachable["hub"] = 1000;
  all.net.cut_all();
  all.run();
  all.advance(999ms);
  EXPECT_FALSE(tickets[0].is_cancelled());
  all.advance(1ms);
  EXPECT_TRUE(tickets[0].is_cancelled());
  EXPECT_FALSE(tickets[1].is_cancelled());
  all.net.unreachable["hub"] = 0;
  ASSERT_TRUE(all.advance_until([&] { return hub.ends.size() == 1; }));
  EXPECT_EQ(hub.ends[0].how, run_end::handed_back);
}

TEST_F(worker_test, ARestartedWorkerTellsWhatHadEndedAndRunsNothingTwice) {
  hub.acknowledges = false;
  hub.give({assigned("a", 1, count_pages, "a.pdf")});
  all.run();
  ASSERT_EQ(hub.ends.size(), 1u);
  end();
  auto before = hub.reports.size();
  begin();
  ASSERT_GT(hub.reports.size(), before);
  auto& said = hub.reports[before];
  EXPECT_EQ(said.incarnation, 2u);
  ASSERT_EQ(said.held.size(), 1u);
  EXPECT_EQ(said.held[0].item, "a");
  EXPECT_TRUE(said.held[0].has_ended);
  EXPECT_EQ(log.size(), 1u);
  hub.drop("a");
  all.run();
  EXPECT_EQ(node->count_rows("worker.ended"), 0u);
  EXPECT_EQ(hub.ends.size(), 1u);
}

TEST_F(worker_test, AnEndIsHeardThoughTheWorkerDiesBeforeItIsSent) {
  hub.give({assigned("a", 1, convert, 1)});
  all.run();
  all.net.unreachable["hub"] = 1;
  all.net.cut_all();
  all.run();
  tickets[0].finish(std::string("kept"));
  all.run();
  end();
  begin();
  ASSERT_TRUE(all.advance_until([&] { return !hub.ends.empty(); }));
  EXPECT_EQ(decode<std::string>(hub.ends[0].value, "the result"), "kept");
  EXPECT_EQ(node->count_rows("worker.ended"), 0u);
  EXPECT_EQ(log.size(), 1u);
}

TEST_F(worker_test, AFullDiskDelaysAnEndAndLosesNothing) {
  hub.give({assigned("a", 1, convert, 1)});
  all.run();
  node->store.set_bytes_max(1);
  tickets[0].finish(std::string("patient"));
  all.run();
  all.advance(5s);
  EXPECT_TRUE(hub.ends.empty());
  node->store.set_bytes_max(0);
  ASSERT_TRUE(all.advance_until([&] { return !hub.ends.empty(); }));
  all.advance(5s);
  EXPECT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(node->count_rows("worker.ended"), 0u);
  EXPECT_EQ(mine->numbers().unheard, 0u);
}

// ---- leaving

TEST_F(worker_test, LeavingHandsBackWhatRunsAndWaits) {
  hub.give(
      {assigned("a", 1, convert, 1), assigned("b", 1, convert, 2), assigned("c", 1, convert, 3)});
  all.run();
  bool has_left = false, is_idle = false;
  mine->leave([&] { has_left = true; });
  mine->when_idle([&] { is_idle = true; });
  all.run();
  EXPECT_TRUE(has_left);
  EXPECT_FALSE(is_idle) << "two handlers have not returned";
  ASSERT_EQ(hub.ends.size(), 3u);
  for (auto& end : hub.ends)
    EXPECT_EQ(end.how, run_end::handed_back);
  EXPECT_TRUE(hub.reports.back().is_leaving);
  EXPECT_TRUE(tickets[0].is_cancelled());
  tickets.clear();
  EXPECT_TRUE(is_idle);
  hub.give({assigned("d", 1, convert, 4)});
  all.run();
  EXPECT_EQ(log.size(), 2u);
}

TEST_F(worker_test, LeavingWithoutALinkWaitsForTheDiskAlone) {
  hub.give({assigned("a", 1, convert, 1)});
  all.run();
  all.net.unreachable["hub"] = 1000;
  all.net.cut_all();
  all.run();
  bool has_left = false;
  mine->leave([&] { has_left = true; });
  all.run();
  EXPECT_TRUE(has_left);
  EXPECT_EQ(node->count_rows("worker.ended"), 1u);
}

TEST_F(worker_test, LeavingWithNothingToDoIsAtOnce) {
  bool has_left = false, is_idle = false;
  mine->leave([&] { has_left = true; });
  mine->when_idle([&] { is_idle = true; });
  EXPECT_TRUE(is_idle);
  all.run();
  EXPECT_TRUE(has_left);
}

TEST(worker_options_test, AreCheckedWhereTheyAreGiven) {
  auto refusal = [](worker_options options) -> std::string {
    try {
      check_options(options);
    } catch (const error& problem) {
      return problem.what();
    }
    return "none";
  };
  EXPECT_EQ(refusal({.controller = "hub"}), "none");
  EXPECT_EQ(refusal({.controller = "hub", .slots = 0}), "a worker has 1 to 1024 slots, not 0");
  EXPECT_EQ(refusal({.controller = "hub", .report_interval = 1ms}),
            "a worker reports every 10 ms to every hour");
  EXPECT_NE(refusal({}), "none");
  EXPECT_NE(refusal({.controller = "hub", .labels = {"a b"}}), "none");
}

}  // namespace
