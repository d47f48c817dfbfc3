#include "tests/actors/worker_desk_fixture.hpp"

#include <optional>
#include <string>
#include <vector>

namespace {

using namespace holdfast;
using namespace holdfast::testing;

// ---- adopted

TEST_F(worker_desk_test, ARunGoesOnUnderTheEpochThatItIsKeptUnder) {
  desk.apply(whole(1, {order("a", 1)}), now);
  start();
  desk.controller_lost(now);
  desk.controller_found();
  session = 78;
  auto applied = desk.apply(whole(1, {}, {{"a", 3}}), now);
  EXPECT_TRUE(applied.stop.empty());
  EXPECT_FALSE(applied.must_report);
  EXPECT_EQ(held(), "a3 running");
  EXPECT_EQ(desk.item_of({"a", 1}), (run_key{"a", 3}));
  EXPECT_EQ(done({"a", 1}, {run_end::done, "7", {}, false}), "a3");
  EXPECT_EQ(desk.end_of({"a", 3})->epoch, 3u);
}

TEST_F(worker_desk_test, AnAdoptedRunIsStoppedByItsOldName) {
  desk.apply(whole(1, {order("a", 1)}), now);
  start();
  desk.apply(whole(2, {}, {{"a", 3}}), now);
  EXPECT_EQ(text(desk.apply(on_top(2, {}, {{"a", 1}}), now).stop), "") << "it is a3 now";
  EXPECT_EQ(text(desk.apply(on_top(3, {}, {{"a", 3}}), now).stop), "a1");
  EXPECT_EQ(desk.item_of({"a", 1}), std::nullopt);
}

TEST_F(worker_desk_test, AWaitingItemIsAdoptedToo) {
  desk.apply(whole(1, {order("a", 1)}), now);
  desk.apply(whole(2, {}, {{"a", 2}}), now);
  EXPECT_EQ(start(), "a2");
  EXPECT_EQ(done({"a", 2}), "a2");
}

TEST_F(worker_desk_test, WhatHasEndedIsNotAdopted) {
  desk.apply(whole(1, {order("a", 1)}), now);
  start();
  done({"a", 1});
  EXPECT_TRUE(desk.apply(whole(2, {}, {{"a", 2}}), now).must_report);
  EXPECT_EQ(held(), "");
}

// ---- time

TEST_F(worker_desk_test, AnAttemptThatTakesTooLongHasEndedAtOnce) {
  auto slow = order("a", 1);
  slow.timeout_ns = 5 * second;
  desk.apply(whole(1, {slow}), now);
  EXPECT_EQ(desk.due(), std::nullopt) << "the time of an attempt begins with it";
  start();
  EXPECT_EQ(desk.due(), now + 5 * second);
  EXPECT_TRUE(desk.end_overdue(now + 5 * second - 1).empty());
  EXPECT_EQ(text(desk.end_overdue(now + 5 * second)), "a1");
  EXPECT_EQ(desk.end_of({"a", 1})->how, run_end::timed_out);
  EXPECT_EQ(desk.due(), std::nullopt);
  EXPECT_EQ(desk.slots_offered(), 1u) << "its handler has not returned";
  EXPECT_EQ(done({"a", 1}, {run_end::done, "late", {}, false}), "nothing");
  EXPECT_EQ(desk.end_of({"a", 1})->how, run_end::timed_out);
  EXPECT_EQ(desk.slots_offered(), 2u);
}

TEST_F(worker_desk_test, ATimedOutRunMayReturnAfterItsEndWasHeard) {
  auto slow = order("a", 1);
  slow.timeout_ns = second;
  desk.apply(whole(1, {slow}), now);
  start();
  desk.end_overdue(now + second);
  desk.stored({"a", 1});
  desk.apply(on_top(1, {}, {{"a", 1}}), now);
  desk.swept({"a", 1});
  EXPECT_TRUE(desk.heard().empty());
  EXPECT_EQ(desk.count_busy(), 1u);
  EXPECT_EQ(done({"a", 1}), "nothing");
  EXPECT_EQ(desk.count_busy(), 0u);
  desk.apply(on_top(2, {order("a", 1)}), now);
  EXPECT_EQ(start(), "");
}

TEST_F(worker_desk_test, AloneForTooLongEndsWhatSaysSo) {
  auto brief = order("a", 1);
  brief.stop_alone_ns = 3 * second;
  auto waiting = order("c", 1);
  waiting.stop_alone_ns = 0;
  desk.apply(whole(1, {brief, order("b", 1), waiting}), now);
  start();
  EXPECT_EQ(desk.due(), std::nullopt) << "not while the controller is there";
  desk.controller_lost(now);
  EXPECT_EQ(desk.due(), now);
  EXPECT_EQ(text(desk.end_overdue(now)), "") << "c has no run to be stopped";
  EXPECT_EQ(text(desk.unstored()), "c1");
  EXPECT_EQ(desk.due(), now + 3 * second);
  EXPECT_EQ(text(desk.end_overdue(now + 3 * second)), "a1");
  EXPECT_EQ(desk.end_of({"a", 1})->how, run_end::handed_back);
  EXPECT_EQ(desk.due(), std::nullopt) << "b goes on";
}

TEST_F(worker_desk_test, AControllerThatComesBackInTimeStopsNothing) {
  auto brief = order("a", 1);
  brief.stop_alone_ns = 3 * second;
  desk.apply(whole(1, {brief}), now);
  start();
  desk.controller_lost(now);
  desk.controller_found();
  EXPECT_EQ(desk.due(), std::nullopt);
  EXPECT_TRUE(desk.end_overdue(now + 60 * second).empty());
}

// ---- leaving

TEST_F(worker_desk_test, LeavingHandsEverythingBack) {
  desk.apply(whole(1, {order("a", 1), order("b", 1), order("c", 1)}), now);
  start();
  run_through({"b", 1});
  EXPECT_EQ(text(desk.leave(now)), "a1");
  EXPECT_EQ(text(desk.unstored()), "a1 c1");
  for (auto& key : desk.unstored())
    EXPECT_EQ(desk.end_of(key)->how, run_end::handed_back);
  EXPECT_EQ(start(), "");
  desk.apply(on_top(1, {order("d", 1)}), now);
  EXPECT_EQ(start(), "");
  worker_report report;
  desk.fill(report);
  EXPECT_TRUE(report.is_leaving);
  EXPECT_EQ(held(), "a1 running, b1 ended, c1 running");
  EXPECT_EQ(done({"a", 1}), "nothing");
}

TEST_F(worker_desk_test, LeavingStopsUnwantedHandlersAgain) {
  desk.apply(whole(1, {order("a", 1)}), now);
  start();
  desk.apply(on_top(1, {}, {{"a", 1}}), now);
  EXPECT_EQ(text(desk.leave(now)), "a1");
}

}  // namespace
