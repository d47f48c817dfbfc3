#include "tests/actors/supervised_world.hpp"

#include <holdfast/actors/progress_watch.hpp>
#include <holdfast/core/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
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

// ---- intensity

TEST(restart_intensity, CountsUntilJustBeforeThePeriodIsOver) {
  restart_intensity intensity({2, 5s});
  EXPECT_TRUE(intensity.add(10s));
  EXPECT_TRUE(intensity.add(11s));
  EXPECT_EQ(intensity.count(15s - 1ns), 2u);
  EXPECT_EQ(intensity.count(15s), 1u);
  EXPECT_TRUE(intensity.add(15s));
  EXPECT_FALSE(intensity.add(16s - 1ns));
}

TEST(restart_intensity, ZeroAllowsNone) {
  restart_intensity intensity({0, 5s});
  EXPECT_FALSE(intensity.add(1s));
  EXPECT_FALSE(intensity.add(100s));
}

TEST(restart_intensity, AManyAtOneMomentAreAllCounted) {
  restart_intensity intensity({3, 5s});
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(intensity.add(1s));
  EXPECT_FALSE(intensity.add(1s));
  EXPECT_TRUE(intensity.add(6s));
}

TEST(restart_intensity, OneThatWasTooManyCountsAsWell) {
  restart_intensity intensity({1, 5s});
  EXPECT_TRUE(intensity.add(1s));
  EXPECT_FALSE(intensity.add(2s));
  EXPECT_FALSE(intensity.add(6s)) << "the one at 2 s is in the period";
  EXPECT_TRUE(intensity.add(20s));
}

TEST(restart_intensity, APeriodOfZeroCountsNothing) {
  restart_intensity intensity({1, 0s});
  EXPECT_TRUE(intensity.add(1s));
  EXPECT_TRUE(intensity.add(1s));
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

// ---- any order of events: what must always hold

struct checker {
  std::set<std::string> alive;  ///< started and neither ended nor abandoned
  bool has_ended = false;
  bool is_ending = false;

  void operator()(const supervision_action_any& action, const std::vector<std::string>& order) {
    ASSERT_FALSE(has_ended) << "an action behind the end";
    if (auto start = std::get_if<supervision_action::start>(&action)) {
      ASSERT_FALSE(is_ending) << "a start while ending";
      ASSERT_TRUE(alive.insert(start->id).second) << start->id << " twice";
    } else if (auto stop = std::get_if<supervision_action::stop>(&action)) {
      ASSERT_TRUE(alive.contains(stop->id));
      for (auto i = order.rbegin(); is_ending && *i != stop->id; ++i) {
        ASSERT_FALSE(alive.contains(*i)) << *i << " was to end before " << stop->id;
      }
    } else if (auto kill = std::get_if<supervision_action::kill>(&action)) {
      ASSERT_TRUE(alive.contains(kill->id));
    } else if (auto lost = std::get_if<supervision_action::abandon>(&action)) {
      ASSERT_EQ(alive.erase(lost->id), 1u);
    } else if (std::holds_alternative<supervision_action::end>(action)) {
      ASSERT_TRUE(alive.empty()) << *alive.begin() << " outlives its supervisor";
      has_ended = true;
    }
  }
};

class random_life {
public:
  explicit random_life(unsigned seed)
      : chance_(seed),
        core_("top", {static_cast<restart_strategy>(pick(3)), {pick(4), 5s}, 1s}, children()) {}

  void run() {
    feed(supervision_event::begin{});
    for (int i = 0; i < 60 && !check.has_ended && !::testing::Test::HasFatalFailure(); ++i)
      happen();
    check.is_ending = true;
    feed(supervision_event::stop{});
    // Nobody obeys: time alone must bring it to its end.
    for (int i = 0; i < 60 && !check.has_ended; ++i)
      pass();
    EXPECT_TRUE(check.has_ended);
    EXPECT_EQ(asked_.size(), answered_) << "an order was not answered";
  }

  checker check;

private:
  std::size_t pick(std::size_t below) { return chance_() % below; }

  std::vector<child_rules> children() {
    std::vector<child_rules> all;
    for (auto id : order_)
      all.push_back(
          {id, static_cast<restart_policy>(pick(3)), duration(pick(3) * 1s), child_kind::worker});
    return all;
  }

  void feed(const supervision_event_any& event) {
    if (auto ended = std::get_if<supervision_event::ended>(&event))
      if (runs_.contains(ended->run) && core_runs(ended->run))
        check.alive.erase(runs_[ended->run]);
    if (auto failed = std::get_if<supervision_event::start_failed>(&event))
      check.alive.erase(runs_[failed->run]);
    for (auto& action : core_.step(event, now_)) {
      if (auto report = std::get_if<supervision_report>(&action))
        check.is_ending |= report->fact == supervision_fact::escalated;
      check(action, order_);
      if (auto start = std::get_if<supervision_action::start>(&action)) {
        runs_[start->run] = start->id;
        latest_[start->id] = start->run;
        starting_ = start->run;
      }
      if (auto lost = std::get_if<supervision_action::abandon>(&action))
        latest_.erase(lost->id);
      answered_ += std::holds_alternative<supervision_action::answer>(action);
    }
  }

  bool core_runs(run_number run) {
    auto i = latest_.find(runs_[run]);
    return i != latest_.end() && i->second == run;
  }

  void pass() {
    now_ = std::max(now_, core_.next_deadline().value_or(now_ + 1s));
    feed(supervision_event::time_passed{});
  }

  void happen() {
    now_ += pick(2000) * 1ms;
    auto run = runs_.empty() ? 0 : 1 + pick(runs_.size());
    auto kind = static_cast<exit_kind>(pick(4));
    auto id = order_[pick(order_.size())];
    switch (pick(10)) {
    case 0:
    case 1:
    case 2: return feed(supervision_event::ended{run, kind, "chance"});
    case 3: return feed(supervision_event::hung{run, "chance"});
    case 4: return feed(supervision_event::time_passed{});
    case 5: return feed(supervision_event::stop_child{ask(), id});
    case 6: return feed(supervision_event::restart_child{ask(), id});
    case 7: return feed(supervision_event::delete_child{ask(), id});
    case 8: return feed_new(id);
    default: return up_or_not();
    }
  }

  void feed_new(const std::string& id) {
    auto known = core_.status(now_).children;
    bool is_there = std::any_of(known.begin(), known.end(),
                                [&](const child_status& child) { return child.id == id; });
    if (!is_there) {
      std::erase(order_, id);
      order_.push_back(id);
    }
    feed(supervision_event::start_child{
        ask(), {id, static_cast<restart_policy>(pick(3)), 1s, child_kind::worker}});
  }

  void up_or_not() {
    auto run = std::exchange(starting_, 0);
    if (run == 0 || !core_runs(run) || !check.alive.contains(runs_[run]))
      return;
    if (pick(3) == 0)
      feed(supervision_event::start_failed{run, "chance"});
    else
      feed(supervision_event::started{run});
  }

  request_number ask() {
    asked_.push_back(asked_.size() + 1);
    return asked_.size();
  }

  std::mt19937 chance_;
  std::vector<std::string> order_{"a", "b", "c", "d"};
  supervision core_;
  std::map<run_number, std::string> runs_;
  std::map<std::string, run_number> latest_;
  std::vector<request_number> asked_;
  std::size_t answered_ = 0;
  run_number starting_ = 0;
  duration now_{1h};
};

TEST(supervision, HoldsItsRulesInAnyOrderOfEvents) {
  for (unsigned seed = 1; seed <= 3000 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_life(seed).run();
  }
}

// ---- progress

using verdict = progress_watch::verdict;

TEST(progress_watch, SilenceForTheBoundIsAHang) {
  progress_watch watch;
  watch.asked(10s);
  EXPECT_EQ(watch.silent(12s, 2s), verdict::hangs);
}

TEST(progress_watch, ASilenceOfTheWholeProcessIsNot) {
  progress_watch watch;
  watch.asked(10s);
  EXPECT_EQ(watch.silent(60s, 2s), verdict::ask_again);
}

TEST(progress_watch, WorkThatStandsStillIsAHang) {
  progress_watch watch;
  EXPECT_EQ(watch.answered({7, true}), verdict::fine);
  EXPECT_EQ(watch.answered({8, true}), verdict::fine);
  EXPECT_EQ(watch.answered({8, true}), verdict::hangs);
}

TEST(progress_watch, WithoutWorkNothingNeedsToGrow) {
  progress_watch watch;
  EXPECT_EQ(watch.answered({7, true}), verdict::fine);
  EXPECT_EQ(watch.answered({7, false}), verdict::fine);
  EXPECT_EQ(watch.answered({7, true}), verdict::fine);
  EXPECT_EQ(watch.answered({8, true}), verdict::fine);
}

// ---- words

TEST(supervision_report, EveryFactIsASentence) {
  std::set<std::string> sentences;
  for (int i = 0; i <= static_cast<int>(supervision_fact::ended); ++i) {
    supervision_report report{
        "top", static_cast<supervision_fact>(i), "a", 2, exit_kind::error, "why", 2, {3, 5s}};
    sentences.insert(to_string(report));
    EXPECT_NE(to_string(report.fact), "unknown");
  }
  EXPECT_EQ(sentences.size(), 10u);
  EXPECT_TRUE(sentences.contains("top/a is started again, restart 2 of at most 3 within 5 s"));
  EXPECT_TRUE(sentences.contains("top/a failed: why"));
}

}  // namespace
}  // namespace holdfast
