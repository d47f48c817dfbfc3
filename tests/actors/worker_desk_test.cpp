#include "tests/actors/worker_desk_fixture.hpp"

#include <optional>
#include <string>
#include <vector>

namespace {

using namespace holdfast;
using namespace holdfast::testing;

TEST_F(worker_desk_test, AnItemRunsIsHeldUntilItIsDroppedAndGoes) {
  EXPECT_TRUE(desk.apply(whole(1, {order("a", 1)}), now).is_taken);
  EXPECT_EQ(held(), "a1 waiting");
  EXPECT_EQ(start(), "a1");
  EXPECT_EQ(held(), "a1 running");
  now += second;
  EXPECT_EQ(done({"a", 1}, {run_end::done, "7", {}, false}), "a1");
  EXPECT_EQ(held(), "a1 running") << "until its end is on disk";
  ASSERT_NE(desk.end_of({"a", 1}), nullptr);
  EXPECT_EQ(desk.end_of({"a", 1})->value, "7");
  EXPECT_EQ(desk.end_of({"a", 1})->ran_ns, second);
  desk.stored({"a", 1});
  EXPECT_EQ(held(), "a1 ended");
  EXPECT_EQ(desk.end_of({"a", 1}), nullptr);
  EXPECT_TRUE(desk.heard().empty());
  desk.apply(on_top(1, {}, {{"a", 1}}), now);
  EXPECT_EQ(text(desk.heard()), "a1");
  EXPECT_EQ(held(), "");
  desk.swept({"a", 1});
  EXPECT_TRUE(desk.heard().empty());
  EXPECT_EQ(desk.count_unheard(), 0u);
}

TEST_F(worker_desk_test, ARunThatOutlivedItsDeskGoesOn) {
  desk.load_running(order("a", 3), now);
  desk.load_running(order("b", 1), now);
  EXPECT_EQ(held(), "a3 running, b1 running");
  auto applied = desk.apply(whole(1, {order("c", 1)}, {{"a", 3}}), now);
  EXPECT_FALSE(applied.must_report);
  EXPECT_EQ(text(applied.stop), "b1") << "nobody wants it";
  EXPECT_EQ(start(), "") << "both slots are taken until b returns";
  EXPECT_EQ(done({"b", 1}, {run_end::cancelled, {}, {}, false}), "nothing");
  EXPECT_EQ(start(), "c1");
  EXPECT_EQ(done({"a", 3}), "a3");
}

TEST_F(worker_desk_test, StartsNoMoreThanAskedFor) {
  desk.apply(whole(1, {order("a", 1), order("b", 1), order("c", 1)}), now);
  EXPECT_EQ(desk.start_next(now, 1).size(), 1u);
  EXPECT_EQ(desk.start_next(now, 0).size(), 0u);
  desk.offer(3);
  EXPECT_EQ(desk.start_next(now, 5).size(), 2u);
}

// ---- versions and sessions

TEST_F(worker_desk_test, AMessageThatComesTwiceChangesNothing) {
  auto first = whole(1, {order("a", 1)});
  auto second_one = on_top(1, {order("b", 1)});
  desk.apply(first, now);
  desk.apply(second_one, now);
  EXPECT_EQ(start(), "a1 b1");
  for (auto& again : {first, second_one}) {
    auto applied = desk.apply(again, now);
    EXPECT_FALSE(applied.is_taken);
    EXPECT_FALSE(applied.must_report);
    EXPECT_TRUE(applied.stop.empty());
  }
  EXPECT_EQ(start(), "");
  EXPECT_EQ(held(), "a1 running, b1 running");
}

TEST_F(worker_desk_test, AGapIsReportedAndRepairedByTheWholeSet) {
  desk.apply(whole(1, {order("a", 1)}), now);
  auto applied = desk.apply(on_top(2, {order("c", 1)}), now);
  EXPECT_FALSE(applied.is_taken);
  EXPECT_TRUE(applied.must_report);
  EXPECT_EQ(held(), "a1 waiting") << "nothing of it is taken";
  EXPECT_TRUE(desk.apply(whole(4, {order("b", 1), order("c", 1)}, {{"a", 1}}), now).is_taken);
  EXPECT_EQ(held(), "a1 waiting, b1 waiting, c1 waiting");
}

TEST_F(worker_desk_test, ADifferenceWithoutAWholeSetBeforeItIsAGap) {
  auto applied = desk.apply(on_top(1, {order("a", 1)}), now);
  EXPECT_FALSE(applied.is_taken);
  EXPECT_TRUE(applied.must_report);
  EXPECT_EQ(start(), "");
}

TEST_F(worker_desk_test, NothingStartsBeforeTheSessionOfThisLink) {
  desk.apply(whole(1, {order("a", 1), order("b", 1), order("c", 1)}), now);
  EXPECT_EQ(start(), "a1 b1");
  desk.controller_lost(now);
  done({"a", 1});
  EXPECT_EQ(start(), "") << "c waits for the controller";
  EXPECT_EQ(held(), "a1 running, b1 running, c1 waiting") << "what runs goes on";
  desk.controller_found();
  EXPECT_EQ(start(), "");
  session = 78;
  desk.apply(whole(1, {}, {{"a", 1}, {"b", 1}, {"c", 1}}), now);
  EXPECT_EQ(start(), "c1");
}

TEST_F(worker_desk_test, WhatBelongsToTheLinkBeforeIsNotTaken) {
  auto old = whole(9, {order("z", 1)});
  desk.apply(whole(1, {order("a", 1)}), now);
  desk.controller_lost(now);
  EXPECT_FALSE(desk.apply(old, now).is_taken) << "while there is no link";
  desk.controller_found();
  EXPECT_FALSE(desk.apply(old, now).is_taken) << "before the new session";
  session = 78;
  EXPECT_TRUE(desk.apply(whole(1, {}, {{"a", 1}}), now).is_taken);
  EXPECT_FALSE(desk.apply(old, now).is_taken) << "after it began";
  EXPECT_EQ(held(), "a1 waiting");
}

TEST_F(worker_desk_test, AnotherSessionOnTheSameLinkBeginsWithItsWholeSet) {
  desk.apply(whole(5, {order("a", 1)}), now);
  auto old = on_top(5, {order("z", 1)});
  session = 78;
  EXPECT_TRUE(desk.apply(on_top(5, {order("b", 1)}), now).must_report);
  EXPECT_TRUE(desk.apply(whole(1, {order("b", 1)}, {{"a", 1}}), now).is_taken);
  EXPECT_FALSE(desk.apply(old, now).is_taken);
  EXPECT_EQ(held(), "a1 waiting, b1 waiting");
}

TEST_F(worker_desk_test, FoundAgainOnTheSameLinkForgetsNothing) {
  desk.apply(whole(3, {order("a", 1)}), now);
  desk.controller_found();
  EXPECT_TRUE(desk.apply(on_top(3, {order("b", 1)}), now).is_taken);
}

TEST_F(worker_desk_test, TheReportNamesSessionAndVersion) {
  worker_report report;
  desk.apply(whole(3, {}), now);
  desk.fill(report);
  EXPECT_EQ(report.session, 77u);
  EXPECT_EQ(report.version, 3u);
  EXPECT_EQ(report.slots, 2u);
  desk.controller_lost(now);
  desk.fill(report);
  EXPECT_EQ(report.session, 0u);
  EXPECT_EQ(report.version, 0u);
}

// ---- whole sets

TEST_F(worker_desk_test, AWholeSetDropsWhatItDoesNotName) {
  desk.apply(whole(1, {order("a", 1), order("b", 1), order("c", 1), order("d", 1)}), now);
  start();
  run_through({"a", 1});
  EXPECT_EQ(start(), "c1");
  EXPECT_EQ(held(), "a1 ended, b1 running, c1 running, d1 waiting");
  auto applied = desk.apply(whole(2, {}, {{"c", 1}}), now);
  EXPECT_EQ(text(applied.stop), "b1");
  EXPECT_EQ(text(desk.heard()), "a1");
  EXPECT_EQ(held(), "c1 running");
  EXPECT_FALSE(applied.must_report);
}

TEST_F(worker_desk_test, DetailsThatAreMissingAreAskedFor) {
  auto applied = desk.apply(whole(1, {}, {{"a", 1}}), now);
  EXPECT_TRUE(applied.is_taken);
  EXPECT_TRUE(applied.must_report);
  EXPECT_EQ(held(), "");
}

// ---- never twice

TEST_F(worker_desk_test, WhatRunsOrHasEndedIsNotStartedWhenItIsSentAgain) {
  auto all = [&](std::uint64_t version) { return whole(version, {order("a", 1), order("b", 1)}); };
  desk.apply(all(1), now);
  EXPECT_EQ(start(), "a1 b1");
  desk.apply(all(2), now);
  EXPECT_EQ(start(), "") << "both run";
  done({"a", 1});
  desk.apply(all(3), now);
  EXPECT_EQ(start(), "") << "a is ending";
  desk.stored({"a", 1});
  desk.apply(all(4), now);
  EXPECT_EQ(start(), "") << "a has ended";
  EXPECT_EQ(held(), "a1 ended, b1 running");
  desk.apply(whole(5, {}, {{"b", 1}}), now);
  desk.apply(all(6), now);
  EXPECT_EQ(start(), "") << "the end of a was heard";
  desk.swept({"a", 1});
  desk.apply(all(7), now);
  EXPECT_EQ(start(), "") << "a is gone and still known";
  EXPECT_EQ(started.size(), 2u);
}

TEST_F(worker_desk_test, AnEpochThatIsOlderThanOneThatRanIsNotStarted) {
  desk.apply(whole(1, {order("a", 5)}), now);
  start();
  run_through({"a", 5});
  desk.apply(whole(2, {}), now);
  desk.swept({"a", 5});
  desk.apply(whole(3, {order("a", 4)}), now);
  EXPECT_EQ(start(), "");
  desk.apply(whole(4, {order("a", 6)}), now);
  EXPECT_EQ(start(), "a6");
}

TEST_F(worker_desk_test, WhatTheLastLifeLeftIsReportedAndNotStarted) {
  worker_desk next{1};
  next.load_ended({"a", 3});
  next.controller_found();
  worker_report report;
  next.fill(report);
  ASSERT_EQ(report.held.size(), 1u);
  EXPECT_TRUE(report.held[0].has_ended);
  next.apply(whole(1, {order("a", 3)}), now);
  EXPECT_TRUE(next.start_next(now).empty());
  next.apply(whole(2, {}), now);
  EXPECT_EQ(text(next.heard()), "a3");
}

TEST_F(worker_desk_test, OneRunOfAnItemAtATime) {
  desk.apply(whole(1, {order("a", 1)}), now);
  start();
  auto applied = desk.apply(whole(2, {order("a", 2)}), now);
  EXPECT_EQ(text(applied.stop), "a1");
  EXPECT_EQ(start(), "") << "the handler of epoch 1 has not returned";
  EXPECT_EQ(done({"a", 1}, {run_end::failed, {}, "stopped", true}), "nothing");
  EXPECT_EQ(start(), "a2");
}

// ---- slots

TEST_F(worker_desk_test, SlotsAreKeptAndNobodyOvertakes) {
  desk.apply(whole(1, {order("a", 1), order("b", 1, 2), order("c", 1)}), now);
  EXPECT_EQ(start(), "a1") << "b needs both slots, and c came behind it";
  done({"a", 1});
  EXPECT_EQ(start(), "b1");
  done({"b", 1});
  EXPECT_EQ(start(), "c1");
}

TEST_F(worker_desk_test, AnItemThatCanNeverFitIsRefused) {
  desk.apply(whole(1, {order("a", 1, 3)}), now);
  EXPECT_EQ(start(), "");
  ASSERT_NE(desk.end_of({"a", 1}), nullptr);
  EXPECT_EQ(desk.end_of({"a", 1})->how, run_end::refused);
  EXPECT_EQ(desk.end_of({"a", 1})->text, "it takes 3 slots, and this worker has 2");
}

TEST_F(worker_desk_test, AHandlerThatNobodyWantsKeepsItsSlotUntilItReturns) {
  desk.apply(whole(1, {order("a", 1), order("b", 1), order("c", 1)}), now);
  start();
  desk.apply(on_top(1, {}, {{"a", 1}}), now);
  EXPECT_EQ(desk.slots_offered(), 1u);
  EXPECT_EQ(desk.count_busy(), 2u);
  EXPECT_EQ(start(), "");
  EXPECT_EQ(done({"a", 1}, {run_end::done, {}, {}, true}), "nothing");
  EXPECT_EQ(desk.slots_offered(), 2u);
  EXPECT_EQ(start(), "c1");
}

TEST_F(worker_desk_test, ItemsBehindAHandlerThatDoesNotReturnGoBack) {
  desk.apply(whole(1, {order("a", 1), order("b", 1), order("c", 1), order("d", 1)}), now);
  start();
  desk.apply(on_top(1, {}, {{"a", 1}}), now);
  desk.hand_back_stuck(now - 1, now);
  EXPECT_TRUE(desk.unstored().empty()) << "they have not waited for long";
  desk.hand_back_stuck(now, now);
  EXPECT_EQ(text(desk.unstored()), "c1") << "d would wait for b in any case";
  EXPECT_EQ(desk.end_of({"c", 1})->how, run_end::handed_back);
}

TEST_F(worker_desk_test, ItemsThatWaitForWantedOnesStay) {
  desk.apply(whole(1, {order("a", 1), order("b", 1), order("c", 1)}), now);
  start();
  desk.hand_back_stuck(now + second, now + second);
  EXPECT_TRUE(desk.unstored().empty());
}

// ---- cancelled and late

TEST_F(worker_desk_test, AWaitingItemThatIsDroppedIsGone) {
  desk.apply(whole(1, {order("a", 1)}), now);
  auto applied = desk.apply(on_top(1, {}, {{"a", 1}}), now);
  EXPECT_TRUE(applied.stop.empty());
  EXPECT_EQ(held(), "");
  EXPECT_EQ(start(), "");
}

TEST_F(worker_desk_test, AResultBehindTheDropIsEvidence) {
  desk.apply(whole(1, {order("a", 1)}), now);
  start();
  desk.apply(on_top(1, {}, {{"a", 1}}), now);
  EXPECT_EQ(done({"a", 1}, {run_end::done, "late", {}, false}), "a1");
  EXPECT_EQ(desk.end_of({"a", 1})->value, "late");
  EXPECT_EQ(held(), "");
  desk.stored({"a", 1});
  EXPECT_EQ(text(desk.heard()), "a1") << "nobody will drop it again";
}

TEST_F(worker_desk_test, AHandlerThatStoppedAsToldSaysNothing) {
  desk.apply(whole(1, {order("a", 1), order("b", 1)}), now);
  start();
  desk.apply(whole(2, {}), now);
  EXPECT_EQ(done({"a", 1}, {run_end::done, {}, {}, true}), "nothing");
  EXPECT_EQ(done({"b", 1}, {run_end::failed, {}, "it broke off", false}), "nothing");
  EXPECT_EQ(desk.count_busy(), 0u);
}

TEST_F(worker_desk_test, AnEndThatIsDroppedOnItsWayToTheDiskIsSwept) {
  desk.apply(whole(1, {order("a", 1)}), now);
  start();
  done({"a", 1});
  desk.apply(on_top(1, {}, {{"a", 1}}), now);
  EXPECT_EQ(text(desk.unstored()), "a1") << "it is said all the same";
  EXPECT_EQ(held(), "");
  desk.stored({"a", 1});
  EXPECT_EQ(text(desk.heard()), "a1");
}

TEST_F(worker_desk_test, AStrangersReturnMeansNothing) {
  EXPECT_EQ(done({"a", 1}), "nothing");
  desk.apply(whole(1, {order("a", 1)}), now);
  EXPECT_EQ(done({"a", 1}), "nothing") << "it has not started";
  start();
  EXPECT_EQ(done({"a", 1}), "a1");
  EXPECT_EQ(done({"a", 1}), "nothing") << "it returned before";
}

}  // namespace
