#include "tests/actors/controller_fixture.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

// W4: an exception at any point of any transition changes nothing, in memory or on disk, and sends nothing; it is recorded in
// a transaction of its own, and the next message is served.
namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

/// Throws at the n-th point that is reached, once.
struct fault_plan {
  std::size_t at = 0;  ///< 0: never
  std::size_t reached = 0;
  bool has_fired = false;

  void reach() {
    if (at == 0 || has_fired || ++reached != at)
      return;
    has_fired = true;
    throw std::runtime_error("injected");
  }
};

struct scene {
  std::shared_ptr<fault_plan> plan = std::make_shared<fault_plan>();
  controller_bench bench{{.controller = {.fault_point = [plan = plan] { plan->reach(); }}}};
  std::vector<item_id> ids;
};

struct transition {
  std::string name;
  std::function<void(scene&)> before;
  std::function<void(scene&)> event;
  std::function<void(scene&)> after;  ///< what must hold once the fault is over and time has passed
  bool is_retried =
      true;  ///< the message comes again by itself, or what it tells is found otherwise
};

submission with(const scene& it, const std::function<void(submission&)>& change) {
  auto given = it.bench.item();
  change(given);
  return given;
}

/// Everything that the node has queued, to itself as well: completions and submissions.
std::uint64_t calls_issued(scene& it) {
  return it.bench.node().own_lane().issued;
}

void two_running(scene& it) {
  it.bench.add({.name = "w1", .slots = 2});
  it.ids = it.bench.submit_many(3);
  it.bench.settle();
}

void expect_state(scene& it, std::size_t which, item_state state) {
  EXPECT_EQ(to_string(it.bench.state(it.ids.at(which))), to_string(state));
}

std::vector<transition> transitions_of_queued() {
  return {
      {"submit", [](scene& it) { it.bench.add({.name = "w1"}); },
       [](scene& it) { it.ids = {it.bench.submit(it.bench.item("key"))}; },
       [](scene& it) { expect_state(it, 0, item_state::running); }},
      {"submit with parents", [](scene& it) { two_running(it); },
       [](scene& it) {
         it.ids.push_back(it.bench.submit(with(it, [&](submission& given) {
           given.after = it.ids;
           given.deadline_ns = 900 * second_ns;
         })));
       },
       [](scene& it) { expect_state(it, 3, item_state::waiting); }},
      {"submit again", [](scene& it) { it.ids = {it.bench.submit(it.bench.item("key"))}; },
       [](scene& it) { it.ids.push_back(it.bench.submit(it.bench.item("key"))); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[1]).id, it.ids[0]); }},
      {"submit nonsense", [](scene&) {},
       [](scene& it) {
         it.ids = {it.bench.submit(with(it, [](submission& given) { given.demand.slots = 0; }))};
       },
       [](scene& it) { expect_state(it, 0, item_state::failed); }},
      {"done", two_running, [](scene& it) { it.bench.finish("w1", it.ids[0]); },
       [](scene& it) {
         expect_state(it, 0, item_state::done);
         expect_state(it, 2, item_state::running);
       }},
      {"done with dependents",
       [](scene& it) {
         two_running(it);
         for (auto i = 0; i < 3; ++i)
           it.ids.push_back(
               it.bench.submit(with(it, [&](submission& given) { given.after = {it.ids[0]}; })));
       },
       [](scene& it) { it.bench.finish("w1", it.ids[0]); },
       [](scene& it) {
         EXPECT_EQ(it.bench.show(it.ids[3]).waits_for.find("items"), std::string::npos);
       }},
      {"failed", two_running, [](scene& it) { it.bench.finish("w1", it.ids[0], run_end::failed); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[0]).failures, 1u); }},
      {"checkpoint", two_running,
       [](scene& it) {
         it.bench.queue("w1", work::checkpoint, it.ids[0], std::uint64_t{1}, std::string("half"));
       },
       [](scene& it) { EXPECT_EQ(it.bench.count_rows("work.checkpoints"), 1u); }},
      {"done, with a completion",
       [](scene& it) {
         it.bench.add({.name = "w1"});
         it.ids = {it.bench.submit(with(it, [](submission& given) {
           given.completion = completion_spec{"pages.told", 7, ""};
         }))};
         it.bench.settle();
       },
       [](scene& it) { it.bench.finish("w1", it.ids[0]); },
       [](scene& it) {
         expect_state(it, 0, item_state::done);
         EXPECT_EQ(calls_issued(it), 2u);  // the submission, and that it is done
       }},
  };
}

void some_lost(scene& it, std::int64_t grace_ns, lost_policy policy = lost_policy::move) {
  it.bench.add({.name = "w1", .slots = 3});
  for (auto i = 0; i < 2; ++i)
    it.ids.push_back(it.bench.submit(with(it, [&](submission& given) {
      given.grace_ns = grace_ns;
      given.rules.on_lost = policy;
    })));
  it.bench.settle();
  it.bench.add({.name = "w2", .slots = 3});
}

std::vector<transition> transitions_of_messages() {
  return {
      {"the first report", [](scene& it) { it.ids = it.bench.submit_many(2); },
       [](scene& it) { it.bench.add({.name = "w1", .slots = 2}); },
       [](scene& it) { expect_state(it, 0, item_state::running); }},
      {"started",
       [](scene& it) {
         it.bench.add({.name = "w1", .slots = 2, .starts = false});
         it.ids = it.bench.submit_many(1);
       },
       [](scene& it) { it.bench.start("w1", it.ids[0]); },
       [](scene& it) { expect_state(it, 0, item_state::running); }},
      {"progress", two_running,
       [](scene& it) {
         it.bench.send("w1", work::progress, it.ids[0], std::uint64_t{1}, 0.5, std::string("half"));
       },
       [](scene&) {}, false},
      {"the link is lost, no grace", [](scene& it) { some_lost(it, 0); },
       [](scene& it) { it.bench.disconnect("w1"); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[0]).worker, "w2"); }},
      {"the link is lost, with grace", [](scene& it) { some_lost(it, 5 * second_ns); },
       [](scene& it) { it.bench.disconnect("w1"); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[0]).worker, "w2"); }},
      {"the link is lost, suspends", [](scene& it) { some_lost(it, 0, lost_policy::suspend); },
       [](scene& it) { it.bench.disconnect("w1"); },
       [](scene& it) { expect_state(it, 0, item_state::suspended); }},
      {"the link is silent", two_running,
       [](scene& it) {
         it.bench.event(peer_suspect{"w1", 3s});
       },
       [](scene&) {}, false},
  };
}

std::vector<transition> transitions_of_returns() {
  return {
      {"a worker that fits comes",
       [](scene& it) {
         some_lost(it, 0, lost_policy::suspend);
         it.bench.disconnect("w1");
       },
       [](scene& it) { it.bench.add({.name = "w3", .slots = 2}); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[0]).worker, "w3"); }},
      {"a worker returns",
       [](scene& it) {
         some_lost(it, 50 * second_ns);
         it.bench.disconnect("w1");
       },
       [](scene& it) { it.bench.open_link("w1"); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[0]).worker, "w1"); }},
      {"a worker that returned reports",
       [](scene& it) {
         some_lost(it, 50 * second_ns);
         it.bench.disconnect("w1");
         it.bench.open_link("w1");
       },
       [](scene& it) { it.bench.report("w1"); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[0]).worker, "w1"); }},
      {"a worker is started again",
       [](scene& it) {
         some_lost(it, 50 * second_ns);
         it.bench.disconnect("w1");
         it.bench.restart_worker("w1");
       },
       [](scene& it) { it.bench.open_link("w1"); },
       [](scene& it) { expect_state(it, 0, item_state::running); }},
      {"a worker that returned without its items reports",
       [](scene& it) {
         some_lost(it, 50 * second_ns);
         it.bench.worker("w1").items.clear();
       },
       [](scene& it) { it.bench.report("w1"); },
       [](scene& it) { expect_state(it, 0, item_state::running); }},
  };
}

std::vector<transition> transitions_of_timers() {
  return {
      {"grace is over",
       [](scene& it) {
         some_lost(it, 2 * second_ns);
         it.bench.disconnect("w1");
       },
       [](scene& it) { it.bench.node().advance(2s); },
       [](scene& it) { EXPECT_EQ(it.bench.show(it.ids[0]).worker, "w2"); }},
      {"back-off is over",
       [](scene& it) {
         two_running(it);
         it.bench.finish("w1", it.ids[0], run_end::failed);
         it.bench.settle();
         it.bench.finish("w1", it.ids[1]);
       },
       [](scene& it) { it.bench.node().advance(3s); },
       [](scene& it) { expect_state(it, 0, item_state::running); }},
      {"deadline is over",
       [](scene& it) {
         it.bench.add({.name = "w1"});
         it.ids = {it.bench.submit(
             with(it, [](submission& given) { given.deadline_ns = 2 * second_ns; }))};
         it.bench.settle();
       },
       [](scene& it) { it.bench.node().advance(2s); },
       [](scene& it) { expect_state(it, 0, item_state::expired); }},
      {"retention is over",
       [](scene& it) {
         it.bench.add({.name = "w1"});
         it.ids = {it.bench.submit(with(it, [](submission& given) {
           given.keep_ns = 2 * second_ns;
           given.key = "key";
         }))};
         it.bench.submit(it.bench.item("key"));
         it.bench.settle();
         it.bench.finish("w1", it.ids[0]);
       },
       [](scene& it) { it.bench.node().advance(2s); },
       [](scene& it) { EXPECT_EQ(it.bench.count_rows("work.items"), 0u); }},
  };
}

std::vector<transition> transitions_of_questions() {
  return {
      {"cancel", two_running, [](scene& it) { (void)it.bench.ask(work::cancel, it.ids[0]); },
       [](scene&) {}, false},
      {"retry",
       [](scene& it) {
         two_running(it);
         (void)it.bench.ask(work::cancel, it.ids[0]);
       },
       [](scene& it) { (void)it.bench.ask(work::retry, it.ids[0]); }, [](scene&) {}, false},
      {"drain", two_running, [](scene& it) { (void)it.bench.ask(work::drain, std::string("w1")); },
       [](scene&) {}, false},
      {"resume",
       [](scene& it) {
         two_running(it);
         (void)it.bench.ask(work::drain, std::string("w1"));
         it.bench.finish("w1", it.ids[0]);
       },
       [](scene& it) { (void)it.bench.ask(work::resume, std::string("w1")); }, [](scene&) {},
       false},
      {"forget",
       [](scene& it) {
         some_lost(it, 50 * second_ns);
         it.bench.disconnect("w1");
       },
       [](scene& it) { (void)it.bench.ask(work::forget, std::string("w1")); }, [](scene&) {},
       false},
  };
}

/// True when the fault did not fire any more: the transition has fewer points.
bool try_at(const transition& what, std::size_t point) {
  scene it;
  what.before(it);
  auto rows = it.bench.rows();
  auto issued = calls_issued(it);
  auto faults = it.bench.counts().rolled_back;
  std::map<std::string, std::size_t> heard;
  for (auto& [name, worker] : it.bench.workers)
    heard[name] = worker.heard.size();
  EXPECT_EQ(faults, 0u);

  it.plan->at = point;
  it.plan->reached = 0;
  what.event(it);
  if (!it.plan->has_fired) {
    EXPECT_FALSE(it.bench.changed_since(rows).empty()) << "the transition does nothing";
    return true;
  }
  // Nothing but the record. What the message's own sender queued is not of the controller.
  EXPECT_EQ(it.bench.counts().rolled_back, 1u);
  EXPECT_EQ(it.bench.changed_since(rows), std::vector<std::string>());
  for (auto& [name, worker] : it.bench.workers)
    EXPECT_EQ(worker.heard.size(), heard[name]) << name;
  EXPECT_EQ(calls_issued(it), issued + (what.name.starts_with("submit") ? 1 : 0));

  // The next message is served, and what can come again comes.
  if (what.is_retried) {
    for (auto i = 0; i < 8; ++i) {
      it.bench.pass(1s);
      it.bench.settle();
    }
    what.after(it);
  } else {
    what.event(it);
    EXPECT_FALSE(it.bench.changed_since(rows).empty());
  }
  EXPECT_EQ(it.bench.counts().rolled_back, 1u);
  return false;
}

/// What fails takes nothing with it of what came with it: what messages left to it is done without it, and ends of the same
/// message are taken one by one.
bool try_burst_at(std::size_t point, void (controller_bench::*finish)(const std::string&)) {
  scene it;
  auto& w1 = it.bench.add({.name = "w1", .slots = 4});
  it.ids = it.bench.submit_many(8);
  it.bench.settle();
  it.plan->at = point;
  it.plan->reached = 0;
  (it.bench.*finish)("w1");
  bool has_fired = it.plan->has_fired;
  it.plan->at = 0;
  for (auto i = 0; i < 8; ++i) {
    it.bench.pass(1s);
    it.bench.settle();
  }
  EXPECT_EQ(it.bench.counts().rolled_back, has_fired ? 1u : 0u);
  EXPECT_EQ(it.bench.counts().done, 4u);
  EXPECT_EQ(it.bench.counts().running, 4u);
  EXPECT_EQ(w1.items.size(), 4u) << "it has heard that the others are done";
  EXPECT_EQ(it.bench.count_rows("work.left") + it.bench.count_rows("work.left_drops"), 0u);
  return !has_fired;
}

void try_everywhere(const std::vector<transition>& all) {
  for (auto& one : all) {
    std::size_t point = 1;
    for (;; ++point) {
      SCOPED_TRACE(one.name + ", fault at point " + std::to_string(point));
      ASSERT_LT(point, 1000u);
      if (try_at(one, point) || ::testing::Test::HasFailure())
        break;
    }
    EXPECT_GT(point, 1u) << one.name;
    if (::testing::Test::HasFailure())
      return;
  }
}

TEST(controller_faults, AQueuedCallThatThrowsAnywhereChangesNothing) {
  try_everywhere(transitions_of_queued());
}

TEST(controller_faults, AMessageThatThrowsAnywhereChangesNothing) {
  try_everywhere(transitions_of_messages());
  try_everywhere(transitions_of_returns());
}

TEST(controller_faults, ATimerThatThrowsAnywhereChangesNothing) {
  try_everywhere(transitions_of_timers());
}

TEST(controller_faults, AQuestionThatThrowsAnywhereChangesNothing) {
  try_everywhere(transitions_of_questions());
}

void try_bursts(void (controller_bench::*finish)(const std::string&)) {
  std::size_t point = 1;
  for (; !try_burst_at(point, finish) && !::testing::Test::HasFailure(); ++point)
    ASSERT_LT(point, 1000u);
  EXPECT_GT(point, 1u);
}

TEST(controller_faults, OneOfABurstThatThrowsAnywhereHoldsUpNoneOfTheOthers) {
  try_bursts(&controller_bench::finish_at_once);
}

TEST(controller_faults, EndsOfOneCallThatThrowsAnywhereAreTaken) {
  try_bursts(&controller_bench::finish_together);
}

TEST(controller_faults, AnItemWhoseEndCanNeverBeTakenHoldsUpNoneOfTheOthers) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 4});
  auto ids = bench.submit_many(4);
  bench.settle();
  bench.damage_row("work.items", ids[1]);
  bench.finish_together("w1");
  bench.node().advance(8s);
  EXPECT_EQ(bench.counts().done, 3u);
  EXPECT_EQ(bench.counts().rolled_back, 2u) << "once with the others, once alone";
  EXPECT_EQ(bench.node().count(table_id::inbox), 1u) << "it is tried again later";
}

}  // namespace
}  // namespace holdfast
