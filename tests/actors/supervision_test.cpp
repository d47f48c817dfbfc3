#include "tests/actors/supervised_world.hpp"

#include <holdfast/core/error.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using testing::rules_for;
using testing::supervised_world;
using actions = std::vector<std::string>;

supervision_rules rules(restart_strategy strategy = restart_strategy::one_for_one,
                        std::size_t restarts_max = 3) {
  return {strategy, {restarts_max, 5s}, 1s};
}

std::vector<child_rules> abc() {
  return {rules_for("a"), rules_for("b"), rules_for("c")};
}

// ---- start and stop

TEST(supervision, StartsInOrderAndStopsInReverse) {
  supervised_world world(rules(), abc());
  world.take(supervision_event::begin{});
  EXPECT_EQ(world.done, (actions{"start a", "start b", "start c"}));
  EXPECT_TRUE(world.core().is_up());
  world.done.clear();
  world.take(supervision_event::stop{});
  EXPECT_EQ(world.done, (actions{"stop c", "stop b", "stop a", "end"}));
  EXPECT_FALSE(world.core().is_up());
}

TEST(supervision, WithoutChildrenItIsUpAndEnds) {
  supervised_world world(rules(), {});
  EXPECT_FALSE(world.core().is_up());
  world.take(supervision_event::begin{});
  EXPECT_TRUE(world.core().is_up());
  world.take(supervision_event::stop{});
  EXPECT_EQ(world.done, (actions{"end"}));
}

TEST(supervision, TheNextChildWaitsUntilTheOneBeforeIsUp) {
  supervised_world world(rules(), abc());
  world.slow = {"b"};
  world.take(supervision_event::begin{});
  EXPECT_EQ(world.done, (actions{"start a", "start b"}));
  EXPECT_FALSE(world.core().is_up());
  world.take(supervision_event::started{world.runs["b"]});
  EXPECT_EQ(world.done.back(), "start c");
}

TEST(supervision, WhateverElseHappensNobodyOvertakesOneThatIsNotUpYet) {
  supervised_world world(rules(), abc());
  world.slow = {"b"};
  world.take(supervision_event::begin{});
  world.done.clear();
  world.end("a", exit_kind::error);
  world.take(supervision_event::start_child{1, rules_for("d")});
  EXPECT_EQ(world.done, (actions{"start a"})) << "it stands before b; c and d stand behind";
  world.take(supervision_event::started{world.runs["b"]});
  EXPECT_EQ(world.done, (actions{"start a", "start c", "start d", "1: done"}));
}

TEST(supervision, OneThatIsAskedToEndIsNotJudgedByItsProgress) {
  supervised_world world(rules(), abc());
  world.deaf = {"c"};
  world.begun();
  world.take(supervision_event::stop_child{1, "c"});
  world.end("c", exit_kind::hung);
  EXPECT_EQ(world.done, (actions{"stop c"})) << "it has the time of its deadline";
  world.end("c", exit_kind::shutdown);
  EXPECT_EQ(world.done, (actions{"stop c", "1: done"}));
}

TEST(supervision, OneThatIsNotUpYetIsStoppedToo) {
  supervised_world world(rules(), abc());
  world.slow = {"b"};
  world.take(supervision_event::begin{});
  world.done.clear();
  world.take(supervision_event::stop{});
  EXPECT_EQ(world.done, (actions{"stop b", "stop a", "end"}));
}

TEST(supervision, OneThatEndsBeforeItIsUpHasFailed) {
  supervised_world world(rules(), abc());
  world.slow = {"b"};
  world.take(supervision_event::begin{});
  world.done.clear();
  world.slow.clear();
  world.end("b", exit_kind::error);
  EXPECT_EQ(world.done, (actions{"start b", "start c"}));
  EXPECT_EQ(world.core().status(world.now).restarts, 1u);
}

TEST(supervision, EachStopHasItsOwnDeadlineThenAKill) {
  auto children = abc();
  children[1].shutdown = 2s;
  supervised_world world(rules(), children);
  world.deaf = {"b", "c"};
  world.begun();
  world.take(supervision_event::stop{});
  EXPECT_EQ(world.core().next_deadline(), world.now + 5s);
  world.advance(5s - 1ns);
  EXPECT_EQ(world.done, (actions{"stop c"}));
  world.advance(1ns);
  EXPECT_EQ(world.done, (actions{"stop c", "kill c", "stop b"}));
  EXPECT_EQ(world.core().next_deadline(), world.now + 2s);
  world.advance(2s);
  EXPECT_EQ(world.done, (actions{"stop c", "kill c", "stop b", "kill b", "stop a", "end"}));
  EXPECT_EQ(world.facts(),
            (actions{"c killed", "c stopped", "b killed", "b stopped", "a stopped", " ended"}));
  EXPECT_FALSE(world.core().next_deadline());
}

TEST(supervision, ADeadlineOfZeroKillsAtOnceAndNoneWaitsForEver) {
  auto children = abc();
  children[2].shutdown = 0s;
  children[1].shutdown.reset();
  supervised_world world(rules(), children);
  world.deaf = {"b"};
  world.begun();
  world.take(supervision_event::stop{});
  EXPECT_EQ(world.done, (actions{"kill c", "stop b"}));
  EXPECT_FALSE(world.core().next_deadline());
  world.advance(1000h);
  EXPECT_EQ(world.done.back(), "stop b");
  world.end("b", exit_kind::normal);
  EXPECT_EQ(world.done.back(), "end");
}

TEST(supervision, OneThatDoesNotDieIsAbandoned) {
  supervised_world world(rules(), abc());
  world.immortal = {"b"};
  world.begun();
  world.end("b", exit_kind::hung);
  EXPECT_EQ(world.done, (actions{"kill b"}));
  auto run = world.runs["b"];
  world.advance(1s);
  EXPECT_EQ(world.done, (actions{"kill b", "abandon b", "start b"}));
  EXPECT_EQ(world.facts(),
            (actions{"b hung", "b abandoned", "b exited", "b restarting", "b started"}));
  // What is heard of the one that was abandoned is of no interest.
  world.done.clear();
  world.take(supervision_event::ended{run, exit_kind::error, "late"});
  world.take(supervision_event::hung{run, "late"});
  EXPECT_EQ(world.done, actions{});
}

TEST(supervision, OthersAreRestartedWhileOneIsBeingKilled) {
  supervised_world world(rules(), abc());
  world.immortal = {"b"};
  world.begun();
  world.end("b", exit_kind::hung);
  world.end("a", exit_kind::error);
  EXPECT_EQ(world.done, (actions{"kill b", "start a"}));
}

TEST(supervision, AChildThatIsBeingStoppedCannotFail) {
  supervised_world world(rules(restart_strategy::one_for_all), abc());
  world.deaf = {"c"};
  world.begun();
  world.end("a", exit_kind::error);
  world.end("b", exit_kind::error);  // while c is being stopped: it was next
  EXPECT_EQ(world.done, (actions{"stop c"}));
  world.end("c", exit_kind::error);
  EXPECT_EQ(world.done, (actions{"stop c", "start a", "start b", "start c"}));
  EXPECT_EQ(world.core().status(world.now).restarts, 1u);
}

TEST(supervision, AHungOneThatIsToBeStoppedIsNotCounted) {
  supervised_world world(rules(restart_strategy::one_for_all), abc());
  world.immortal = {"b"};
  world.begun();
  world.end("b", exit_kind::hung);
  world.end("a", exit_kind::error);
  EXPECT_EQ(world.done, (actions{"kill b", "stop c"}));
  world.advance(1s);
  EXPECT_EQ(world.done,
            (actions{"kill b", "stop c", "abandon b", "start a", "start b", "start c"}));
  EXPECT_EQ(world.core().status(world.now).restarts, 1u);
}

// ---- failed starts

TEST(supervision, AFailedStartIsTriedAgainAndCounted) {
  supervised_world world(rules(), abc());
  world.failing_starts["b"] = 2;
  world.take(supervision_event::begin{});
  EXPECT_EQ(world.done, (actions{"start a", "start b", "start b", "start b", "start c"}));
  EXPECT_EQ(world.core().status(world.now).restarts, 2u);
}

TEST(supervision, AFailedStartTakesAlongWhomTheStrategySays) {
  supervised_world world(rules(restart_strategy::one_for_all), abc());
  world.failing_starts["b"] = 1;
  world.take(supervision_event::begin{});
  EXPECT_EQ(world.done, (actions{"start a", "start b", "stop a", "start a", "start b", "start c"}));
}

TEST(supervision, AFailedStartOfATemporaryChildIsForgotten) {
  supervised_world world(rules(), {rules_for("a", restart_policy::temporary), rules_for("b")});
  world.failing_starts["a"] = 1;
  world.take(supervision_event::begin{});
  EXPECT_EQ(world.done, (actions{"start a", "forget a", "start b"}));
}

TEST(supervision, StartsThatKeepFailingEscalate) {
  supervised_world world(rules(), abc());
  world.failing_starts["b"] = 100;
  world.take(supervision_event::begin{});
  EXPECT_EQ(world.done,
            (actions{"start a", "start b", "start b", "start b", "start b", "stop a",
                     "fail: top/b ended more than 3 times within 5 s, the last time: no luck"}));
}

TEST(supervision, AStartMayFailAfterAStopWasAskedFor) {
  supervised_world world(rules(), abc());
  world.slow = world.deaf = {"c"};
  world.begun();
  world.take(supervision_event::stop_child{1, "c"});
  world.take(supervision_event::start_failed{world.runs["c"], "no luck"});
  EXPECT_EQ(world.done, (actions{"stop c", "1: done"}));
  EXPECT_EQ(world.phase("c"), child_phase::stopped);
}

// ---- escalation

TEST(supervision, OneRestartTooManyEscalates) {
  supervised_world world(rules(), abc());
  world.begun();
  for (int i = 0; i < 3; ++i) {
    world.end("b", exit_kind::error);
    world.now += 1s;
  }
  EXPECT_EQ(world.done, (actions{"start b", "start b", "start b"}));
  world.done.clear();
  world.end("a", exit_kind::normal, "");
  EXPECT_EQ(world.done,
            (actions{"stop c", "stop b",
                     "fail: top/a ended more than 3 times within 5 s, the last time: normal"}));
}

TEST(supervision, RestartsOfLongAgoAreForgiven) {
  supervised_world world(rules(), abc());
  world.begun();
  for (int i = 0; i < 100; ++i) {
    world.end("b", exit_kind::error);
    world.now += 2s;
  }
  EXPECT_EQ(world.done.size(), 100u);
}

TEST(supervision, AStopDuringAnEscalationIsStillAFailure) {
  supervised_world world(rules(restart_strategy::one_for_one, 0), abc());
  world.deaf = {"c"};
  world.begun();
  world.end("a", exit_kind::error);
  world.take(supervision_event::stop{});
  world.end("c", exit_kind::shutdown);
  EXPECT_EQ(world.done,
            (actions{"stop c", "stop b", "fail: top/a ended and is not restarted: why"}));
  world.done.clear();
  world.take(supervision_event::stop{});
  world.advance(10s);
  EXPECT_EQ(world.done, actions{});
}

TEST(supervision, AnEndWhileEndingIsNoFailure) {
  supervised_world world(rules(restart_strategy::one_for_one, 0), abc());
  world.deaf = {"c"};
  world.begun();
  world.take(supervision_event::stop{});
  world.end("a", exit_kind::error);
  world.end("c", exit_kind::error);
  EXPECT_EQ(world.done, (actions{"stop c", "stop b", "end"}));
}

// A supervisor below that gives up is a child that failed; the one above counts that by its own limit.
TEST(supervision, EscalationsAreTheFailuresOfTheOneAbove) {
  supervised_world above(rules(restart_strategy::one_for_one, 1), {rules_for("below")});
  above.begun();
  for (int life = 0; life < 2; ++life) {
    supervised_world below(rules(restart_strategy::one_for_all, 1), abc());
    below.begun();
    below.end("a", exit_kind::error);
    below.end("a", exit_kind::error);
    ASSERT_EQ(below.done.back(), "fail: top/a ended more than once within 5 s, the last time: why");
    above.end("below", exit_kind::error, below.done.back().substr(6));
  }
  EXPECT_EQ(above.done,
            (actions{"start below", "fail: top/below ended more than once within 5 s, the last "
                                    "time: top/a ended more than once within 5 s, the last time: "
                                    "why"}));
}

// ---- orders

TEST(supervision, ANewChildIsStartedBehindTheOthers) {
  supervised_world world(rules(), abc());
  world.begun();
  world.take(supervision_event::start_child{1, rules_for("d")});
  EXPECT_EQ(world.done, (actions{"start d", "1: done"}));
  world.take(supervision_event::stop{});
  EXPECT_EQ(world.done[2], "stop d");
}

TEST(supervision, ANewChildThatDoesNotStartIsTheCallersConcern) {
  supervised_world world(rules(restart_strategy::one_for_all, 0), abc());
  world.begun();
  world.failing_starts["d"] = 1;
  world.take(supervision_event::start_child{1, rules_for("d")});
  EXPECT_EQ(world.done, (actions{"start d", "1: d could not be started: no luck", "forget d"}));
  world.take(supervision_event::start_child{2, rules_for("d")});
  EXPECT_EQ(world.done.back(), "2: done");
}

TEST(supervision, ANameIsTakenOnce) {
  supervised_world world(rules(), abc());
  world.begun();
  world.take(supervision_event::start_child{1, rules_for("b")});
  world.take(supervision_event::start_child{2, rules_for("")});
  EXPECT_EQ(world.done,
            (actions{"1: top has a child b already; it is running", "2: a child needs an id"}));
  EXPECT_THROW(supervision("top", rules(), {rules_for("a"), rules_for("a")}), error);
  EXPECT_THROW(supervision("top", rules(), {rules_for("")}), error);
}

TEST(supervision, StoppedByOrderStaysSoUntilOrderedOtherwise) {
  supervised_world world(rules(restart_strategy::one_for_all), abc());
  world.begun();
  world.take(supervision_event::stop_child{1, "b"});
  EXPECT_EQ(world.done, (actions{"stop b", "1: done"}));
  world.done.clear();
  world.end("a", exit_kind::error);
  EXPECT_EQ(world.done, (actions{"stop c", "start a", "start c"}));
  world.done.clear();
  world.take(supervision_event::restart_child{2, "c"});
  world.take(supervision_event::delete_child{3, "c"});
  EXPECT_EQ(world.done, (actions{"2: c is running; stop it before it is started again",
                                 "3: c is running; stop it before it is deleted"}));
  world.done.clear();
  world.take(supervision_event::restart_child{4, "b"});
  EXPECT_EQ(world.done, (actions{"start b", "4: done"}));
}

TEST(supervision, ARestartByOrderThatFailsLeavesItStopped) {
  supervised_world world(rules(), abc());
  world.begun();
  world.take(supervision_event::stop_child{1, "b"});
  world.failing_starts["b"] = 1;
  world.take(supervision_event::restart_child{2, "b"});
  EXPECT_EQ(world.done.back(), "2: b could not be started: no luck");
  EXPECT_EQ(world.phase("b"), child_phase::stopped);
  world.take(supervision_event::delete_child{3, "b"});
  EXPECT_EQ(world.done.back(), "3: done");
  EXPECT_EQ(world.done[world.done.size() - 2], "forget b");
}

TEST(supervision, ATemporaryChildThatIsStoppedIsForgotten) {
  supervised_world world(rules(), {rules_for("a", restart_policy::temporary)});
  world.begun();
  world.take(supervision_event::stop_child{1, "a"});
  EXPECT_EQ(world.done, (actions{"stop a", "1: done", "forget a"}));
}

TEST(supervision, OrdersAboutNobodyAreRefused) {
  supervised_world world(rules(), abc());
  world.begun();
  world.take(supervision_event::stop_child{1, "x"});
  world.take(supervision_event::restart_child{2, "x"});
  world.take(supervision_event::delete_child{3, "x"});
  EXPECT_EQ(world.done,
            (actions{"1: top has no child x", "2: top has no child x", "3: top has no child x"}));
}

TEST(supervision, EveryOrderIsAnsweredWhenItEnds) {
  supervised_world world(rules(), abc());
  world.deaf = {"b", "c"};
  world.begun();
  world.take(supervision_event::stop_child{1, "c"});
  world.take(supervision_event::stop_child{2, "c"});
  world.take(supervision_event::start_child{3, rules_for("d")});  // waits: c is to end first
  world.take(supervision_event::stop{});
  world.take(supervision_event::start_child{4, rules_for("e")});
  world.end("c", exit_kind::shutdown);
  world.end("b", exit_kind::shutdown);
  EXPECT_EQ(world.done, (actions{"stop c", "3: d could not be started: top is ending", "forget d",
                                 "4: top is ending and starts nothing more", "1: done", "2: done",
                                 "stop b", "stop a", "end"}));
}

}  // namespace
}  // namespace holdfast
