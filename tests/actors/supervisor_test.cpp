#include "tests/actors/supervisor_fixture.hpp"

#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <sstream>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using namespace testing;

class supervisor_test : public supervisor_fixture {};

TEST_F(supervisor_test, StartsInOrderAndStopsInReverse) {
  start({.children = {child("a"), child("b"), child("c")}});
  EXPECT_EQ(take(), (words{"start a", "start b", "start c"}));
  stop();
  EXPECT_EQ(take(), (words{"end c", "end b", "end a"}));
  EXPECT_EQ(ended, "ended");
  EXPECT_EQ(how, exit_kind::shutdown);
}

TEST_F(supervisor_test, AnExceptionRestartsTheChildAndIsReportedInItsWords) {
  start({.children = {child("a"), child("b")}});
  take();
  tell("a", fail_now{"out of paper"});
  EXPECT_EQ(take(), (words{"end a", "start a"}));
  ASSERT_EQ(reports.size(), 5u);
  EXPECT_EQ(to_string(reports[2]), "top/a failed: out of paper");
  EXPECT_EQ(to_string(reports[4]), "top/a started for the 2. time");
  tell("a", fail_now{"again"});
  EXPECT_EQ(take(), (words{"end a", "start a"})) << "the new one is supervised too";
}

TEST_F(supervisor_test, AChildWithoutTheHelperIsSupervisedAsWell) {
  auto plain = child("a");
  plain.start = [this](caf::actor_system& on) {
    heard.push_back("start a");
    return actors["a"] = on.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](const finish&) { throw std::runtime_error("lost"); }};
    });
  };
  start({.children = {plain}});
  take();
  tell("a", finish{});
  EXPECT_EQ(take(), (words{"start a"}));
  EXPECT_EQ(reports[1].exit, exit_kind::error);
}

TEST_F(supervisor_test, EachStrategyStopsAndStartsItsOwn) {
  start({.strategy = restart_strategy::rest_for_one,
         .children = {child("a"), child("b"), child("c")}});
  take();
  tell("b", fail_now{"no"});
  EXPECT_EQ(take(), (words{"end b", "end c", "start b", "start c"}));
  caf::anon_send_exit(top, caf::exit_reason::kill);
  jobs.run();
  take();
  start({.strategy = restart_strategy::one_for_all,
         .children = {child("a"), child("b"), child("c")}});
  take();
  tell("b", fail_now{"no"});
  EXPECT_EQ(take(), (words{"end b", "end c", "end a", "start a", "start b", "start c"}));
}

TEST_F(supervisor_test, OneThatIsDoneIsNotRestartedWhenTransient) {
  start({.children = {child("a", restart_policy::transient), child("b")}});
  take();
  tell("a", finish{});
  EXPECT_EQ(take(), (words{"end a"}));
  EXPECT_EQ(status().children[0].phase, child_phase::stopped);
}

TEST_F(supervisor_test, OneKilledByOthersIsRestarted) {
  start({.children = {child("a", restart_policy::transient)}});
  take();
  caf::anon_send_exit(actors["a"], caf::exit_reason::kill);
  jobs.run();
  EXPECT_EQ(take(), (words{"end a", "start a"}));
  EXPECT_EQ(reports[1].exit, exit_kind::killed);
}

TEST_F(supervisor_test, ADeafChildIsKilledAtItsDeadline) {
  deaf = {"b"};
  auto b = child("b");
  b.shutdown = 2s;
  start({.children = {child("a"), b, child("c")}});
  take();
  stop();
  EXPECT_EQ(take(), (words{"end c"}));
  advance(1900ms);
  EXPECT_EQ(take(), words{});
  advance(100ms);
  EXPECT_EQ(take(), (words{"end b", "end a"}));
  EXPECT_TRUE(has("b killed"));
  EXPECT_EQ(ended, "ended");
}

TEST_F(supervisor_test, OneThatCannotBeKilledIsAbandonedAndReplaced) {
  auto a = child("a");
  a.progress = 1s;
  start({.kill_within = 500ms, .children = {a, child("b")}});
  take();
  auto first = actors["a"];
  tell("a", block{});
  advance(2s);
  EXPECT_TRUE(has("a hung"));
  EXPECT_EQ(take(), words{}) << "it does not hear that it is killed";
  advance(500ms);
  EXPECT_TRUE(has("a abandoned"));
  EXPECT_EQ(take(), (words{"start a"}));
  EXPECT_NE(first, actors["a"]);
  EXPECT_EQ(status().restarts, 1u);
  stop();
  EXPECT_EQ(take(), (words{"end b", "end a"})) << "the first one is nobody's business any more";
  EXPECT_EQ(ended, "ended");
}

TEST_F(supervisor_test, AChildThatAnswersIsLeftAlone) {
  auto a = child("a");
  a.progress = 1s;
  start({.children = {a}});
  take();
  advance(60s);
  EXPECT_EQ(take(), words{});
  EXPECT_EQ(reports.size(), 1u);
}

TEST_F(supervisor_test, AChildThatRefusesTheQuestionIsAliveToo) {
  auto a = child("a");
  a.progress = 1s;
  a.start = [](caf::actor_system& on) {
    return on.spawn([](caf::event_based_actor* self) -> caf::behavior {
      self->set_default_handler(caf::drop);
      return {[](const finish&) {}};
    });
  };
  start({.children = {a}});
  advance(60s);
  EXPECT_EQ(reports.size(), 1u);
}

TEST_F(supervisor_test, WorkThatStandsStillIsAHang) {
  auto a = child("a");
  a.progress = 1s;
  start({.children = {a}});
  take();
  for (std::uint64_t done = 1; done < 10; ++done) {
    tell("a", work_on{done});
    advance(1s);
  }
  EXPECT_EQ(take(), words{});
  advance(2s);
  EXPECT_EQ(take(), (words{"end a", "start a"}));
  EXPECT_EQ(reports[1].fact, supervision_fact::hung);
  EXPECT_EQ(reports[2].exit, exit_kind::hung);
}

TEST_F(supervisor_test, AStandstillOfTheWholeProcessIsNoHang) {
  auto a = child("a");
  a.progress = 1s;
  start({.children = {a}});
  jobs.advance_time(1s);
  jobs.run_once();  // the question is on its way
  jobs.advance_time(30s);
  jobs.run();
  EXPECT_EQ(reports.size(), 1u);
  advance(10s);
  EXPECT_EQ(reports.size(), 1u);
}

TEST_F(supervisor_test, AStartThatThrowsIsTriedAgain) {
  failing_starts["b"] = 2;
  start({.children = {child("a"), child("b"), child("c")}});
  EXPECT_EQ(take(), (words{"start a", "start b", "start c"}));
  EXPECT_EQ(facts, (words{"a started", "b start_failed", "b restarting", "b start_failed",
                          "b restarting", "b started", "c started"}));
  EXPECT_EQ(reports[1].text, "no luck");
}

TEST_F(supervisor_test, AStartThatKeepsThrowingEndsTheSupervisor) {
  failing_starts["b"] = 100;
  start({.children = {child("a"), child("b"), child("c")}});
  EXPECT_EQ(take(), (words{"start a", "end a"}));
  EXPECT_EQ(how, exit_kind::error);
  EXPECT_EQ(why, "top/b ended more than 3 times within 5 s, the last time: no luck");
  EXPECT_EQ(failing_starts["b"], 96) << "the first and three restarts";
}

TEST_F(supervisor_test, AStartThatReturnsNobodyHasFailed) {
  auto a = child("a", restart_policy::temporary);
  a.start = [](caf::actor_system&) { return caf::actor(); };
  start({.children = {a, child("b")}});
  EXPECT_EQ(facts, (words{"a start_failed", "b started"}));
}

TEST_F(supervisor_test, AnActorThatIsDeadWhenStartedCountsAsFailed) {
  auto a = child("a");
  a.start = [](caf::actor_system& on) {
    return on.spawn([](caf::event_based_actor*) -> caf::behavior { return {}; });
  };
  start({.children = {a}});
  EXPECT_EQ(why, "top/a ended more than 3 times within 5 s, the last time: normal");
}

TEST_F(supervisor_test, AStormOfRestartsIsCutOffAndASlowSuccessionIsNot) {
  start({.intensity = {2, 10s}, .children = {child("a"), child("b")}});
  for (int i = 0; i < 20; ++i) {
    tell("a", fail_now{"slow"});
    advance(5s);
  }
  EXPECT_TRUE(ended.empty());
  advance(10s);
  take();
  for (int i = 0; i < 3; ++i)
    tell("a", fail_now{"storm"});
  EXPECT_EQ(take(), (words{"end a", "start a", "end a", "start a", "end a", "end b"}));
  EXPECT_EQ(why, "top/a ended more than 2 times within 10 s, the last time: storm");
}

TEST_F(supervisor_test, SupervisorsNestAndEscalate) {
  auto inner = [this] {
    supervisor_options options;
    options.name = "inner";
    options.strategy = restart_strategy::one_for_all;
    options.intensity = {1, 5s};
    options.children = {child("x"), child("y")};
    return supervisor_child(options);
  };
  start({.strategy = restart_strategy::rest_for_one,
         .intensity = {1, 5s},
         .children = {child("a"), inner(), child("z")}});
  EXPECT_EQ(take(), (words{"start a", "start x", "start y", "start z"}))
      << "z waits until the children of inner are up";
  tell("x", fail_now{"one"});
  EXPECT_EQ(take(), (words{"end x", "end y", "start x", "start y"}));
  tell("x", fail_now{"two"});
  EXPECT_EQ(take(), (words{"end x", "end y", "end z", "start x", "start y", "start z"}));
  tell("x", fail_now{"three"});
  take();
  tell("x", fail_now{"four"});
  EXPECT_EQ(take(), (words{"end x", "end y", "end z", "end a"}));
  EXPECT_EQ(why, "top/inner ended more than once within 5 s, the last time: inner/x ended more "
                 "than once within 5 s, the last time: four");
}

TEST_F(supervisor_test, ANestedSupervisorMayTakeAsLongAsItsChildren) {
  deaf = {"x"};
  supervisor_options options;
  options.name = "inner";
  options.children = {child("x")};
  options.children[0].shutdown = 60s;
  start({.children = {child("a"), supervisor_child(options)}});
  take();
  stop();
  advance(59s);
  EXPECT_EQ(take(), words{});
  advance(1s);
  EXPECT_EQ(take(), (words{"end x", "end a"}));
}

TEST_F(supervisor_test, NobodyOutlivesASupervisorThatIsKilled) {
  supervisor_options options;
  options.name = "inner";
  options.children = {child("x")};
  start({.children = {child("a"), supervisor_child(options)}});
  take();
  caf::anon_send_exit(top, caf::exit_reason::kill);
  jobs.run();
  auto ends = take();
  std::sort(ends.begin(), ends.end());
  EXPECT_EQ(ends, (words{"end a", "end x"}));
}

TEST_F(supervisor_test, NobodyOutlivesASupervisorThatNobodyHolds) {
  start({.children = {child("a")}});
  take();
  top = nullptr;
  jobs.run();
  EXPECT_EQ(take(), (words{"end a"}));
}

TEST_F(supervisor_test, ChildrenComeAndGoByOrder) {
  start({.strategy = restart_strategy::one_for_all, .children = {child("a")}});
  take();
  EXPECT_EQ(ask(start_child{child("b")}), "actor");
  EXPECT_EQ(ask(start_child{child("b")}), "top has a child b already; it is running");
  EXPECT_EQ(ask(get_child{"b"}), "actor");
  EXPECT_EQ(ask(delete_child{"b"}), "b is running; stop it before it is deleted");
  EXPECT_EQ(ask(stop_child{"b"}), "done");
  EXPECT_EQ(take(), (words{"start b", "end b"}));
  EXPECT_EQ(ask(get_child{"b"}), "top has no child b that runs now");
  EXPECT_EQ(ask(restart_child{"b"}), "actor");
  EXPECT_EQ(ask(stop_child{"b"}), "done");
  EXPECT_EQ(ask(delete_child{"b"}), "done");
  EXPECT_EQ(ask(restart_child{"b"}), "top has no child b");
  failing_starts["c"] = 1;
  EXPECT_EQ(ask(start_child{child("c")}), "c could not be started: no luck");
  EXPECT_EQ(ask(start_child{{.id = "d", .start = {}}}), "the child d has no start function");
  EXPECT_EQ(status().children.size(), 1u);
  EXPECT_EQ(ask(await_children{}), "done");
}

TEST_F(supervisor_test, AStopByOrderIsAnsweredWhenItHasEnded) {
  deaf = {"a"};
  start({.children = {child("a")}});
  auto answer = std::make_shared<std::string>();
  system.spawn([this, answer](caf::event_based_actor* self) {
    self->request(top, caf::infinite, stop_child{"a"}).then([answer] { *answer = "done"; });
  });
  jobs.run();
  EXPECT_EQ(*answer, "");
  advance(shutdown_default);
  EXPECT_EQ(*answer, "done");
}

TEST_F(supervisor_test, OrdersAreAnsweredEvenByASupervisorThatIsKilled) {
  deaf = {"a"};
  start({.children = {child("a")}});
  auto answer = std::make_shared<std::string>();
  system.spawn([this, answer](caf::event_based_actor* self) {
    self->request(top, caf::infinite, stop_child{"a"})
        .then([answer] { *answer = "done"; },
              [this, answer](caf::error& why) { *answer = reason_text(system, why); });
  });
  jobs.run();
  caf::anon_send_exit(top, caf::exit_reason::kill);
  jobs.run();
  EXPECT_EQ(*answer, "top has ended");
}

TEST_F(supervisor_test, AChildThatLinksItselfDoesNotEndItsSupervisor) {
  start({.children = {child("a"), child("b")}});
  dynamic_cast<caf::monitorable_actor*>(caf::actor_cast<caf::abstract_actor*>(actors["a"]))
      ->link_to(top);
  tell("a", fail_now{"linked"});
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(status().children[0].phase, child_phase::running);
}

TEST_F(supervisor_test, AnErrorAsAMessageDoesNotEndIt) {
  start({.children = {child("a")}});
  caf::anon_send(top, caf::make_error(caf::sec::runtime_error, "stray"));
  caf::anon_send(top, std::string("no such order"));
  jobs.run();
  EXPECT_TRUE(ended.empty());
}

TEST_F(supervisor_test, EveryReportIsALineOfTheLog) {
  std::ostringstream out;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(out);
  auto log = std::make_shared<spdlog::logger>("test", sink);
  log->set_pattern("%l %v");
  start({.children = {child("a")}, .log = log});
  tell("a", fail_now{"ink"});
  stop();
  EXPECT_EQ(out.str(), "info top/a started\n"
                       "warning top/a failed: ink\n"
                       "warning top/a is started again, restart 1 of at most 3 within 5 s\n"
                       "info top/a started for the 2. time\n"
                       "info top/a was stopped\n"
                       "info top ended\n");
}

TEST_F(supervisor_test, WhatCannotWorkIsRefusedAtOnce) {
  EXPECT_THROW(spawn_supervisor(system, {.name = "top", .children = {child("a"), child("a")}}),
               error);
  EXPECT_THROW(spawn_supervisor(system, {.name = "top", .children = {{.id = "a", .start = {}}}}),
               error);
  auto a = child("a");
  a.progress = 0s;
  EXPECT_THROW(spawn_supervisor(system, {.name = "top", .children = {a}}), error);
}

}  // namespace
}  // namespace holdfast
