#include <holdfast/runtime/node.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tests/persistence/temporary_directory.hpp>
#include <vector>

// Real nodes in one process: a controller, workers, and those that submit.
namespace {

using namespace std::chrono_literals;
using namespace holdfast;

/// Only a hang reaches it.
constexpr auto patience = 60s;

constexpr method<int(int)> square{"numbers.square(of)"};
constexpr method<int(int)> start_squaring{"numbers.start(of)"};
constexpr method<void(outcome<int>, int)> squared{"numbers.squared(result, of)"};
constexpr method<int()> load{"numbers.load"};
constexpr method<void(int)> note{"numbers.note(number)"};

template <class T>
T heard(std::promise<T>& promise) {
  auto future = promise.get_future();
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("nothing was heard");
  return future.get();
}

class work_node_test : public ::testing::Test {
protected:
  node_options options(const std::string& name) const {
    return {.data = folder_.path() / name,
            .listen = "127.0.0.1:0",
            .log_level = "off",
            .name = name,
            .secret_file = folder_.path() / "secret"};
  }
  node_options dialing(const std::string& name, const node& hub) const {
    auto made = options(name);
    made.peers = {{hub.name(), hub.address()}};
    return made;
  }
  std::unique_ptr<node> make_hub(const std::string& listen = "127.0.0.1:0") const {
    auto made = options("hub");
    made.listen = listen;
    auto hub = std::make_unique<node>(made);
    hub->serve_controller();
    hub->start();
    return hub;
  }

  holdfast::test::temporary_directory folder_;
};

TEST_F(work_node_test, ANodeKnowsTheWorkerThatItIs) {
  node worker(options("w1"));
  EXPECT_EQ(worker.work(), nullptr);
  auto& made = worker.work_for({.controller = "hub"});
  EXPECT_EQ(worker.work(), &made);
  try {
    worker.work_for({.controller = "other"});
    FAIL();
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::bad_option);
    EXPECT_NE(std::string(problem.what()).find("node.work()"), std::string::npos);
  }
}

/// Squares numbers at once up to a limit; then it holds what it has, until it is told to stop.
struct stalling_worker {
  explicit stalling_worker(node_options options, int limit) : self(std::move(options)) {
    auto& work = self.work_for({.controller = "hub", .slots = 2, .type = "stalling"});
    work.serve_async(square, [this, limit](work_ticket ticket, int of) {
      auto number = ++started;
      if (number <= limit) {
        ticket.finish(of * of);
        return;
      }
      ticket.on_cancel([ticket] { ticket.fail("told to stop"); });
      if (number == limit + 2)
        is_stalled.set_value();
    });
    self.start();
  }
  std::atomic<int> started{0};
  std::promise<void> is_stalled;
  node self;
};

TEST_F(work_node_test, TwoHundredItemsEndThoughAWorkerStopsInTheMiddle) {
  auto hub = make_hub();
  stalling_worker first(dialing("w1", *hub), 20);
  std::vector<item_id> ids;
  auto work = hub->controller("hub");
  for (int i = 0; i < 200; ++i)
    ids.push_back(work.submit(square, i));
  heard(first.is_stalled);

  std::mutex mutex;
  std::multiset<int> done_there;
  node second(dialing("w2", *hub));
  second.work_for({.controller = "hub", .slots = 2}).serve(square, [&](work_context&, int of) {
    std::lock_guard guard(mutex);
    done_there.insert(of);
    return of * of;
  });
  second.start();
  EXPECT_TRUE(first.self.stop()) << "its handlers returned when they were told to stop";

  auto reports = work.wait(ids, patience);
  ASSERT_TRUE(reports) << reports.error().text;
  ASSERT_EQ(reports->size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ((*reports)[i].state, item_state::done) << (*reports)[i].text;
    EXPECT_EQ((*reports)[i].failures, 0u) << "what is handed back is no failure";
  }
  for (int i : {0, 1, 20, 21, 100, 199})
    EXPECT_EQ(work.result<int>(ids[i], patience).value(), i * i);
  EXPECT_EQ(done_there.size(), 180u);
  EXPECT_EQ(std::set<int>(done_there.begin(), done_there.end()).size(), 180u)
      << "each of them once";
  auto counts = work.counts();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->done, 200u);
  EXPECT_EQ(counts->failed + counts->waiting + counts->running + counts->assigned, 0u);
  EXPECT_EQ(counts->rolled_back, 0u);
}

TEST_F(work_node_test, TheNextAttemptIsGivenTheCheckpoint) {
  auto hub = make_hub();
  node worker(dialing("w1", *hub));
  worker.work_for({.controller = "hub"}).serve(square, [](work_context& work, int of) {
    if (work.checkpoint() == "so far")
      return of + static_cast<int>(work.attempt());
    work.save_checkpoint("so far");
    throw std::runtime_error("not yet");
  });
  worker.start();
  auto work = hub->controller("hub");
  auto id = work.with({.back_off = 1ms}).submit(square, 100);
  EXPECT_EQ(work.result<int>(id, patience).value(), 102);
  auto report = work.show(id);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->failures, 1u);
  EXPECT_EQ(report->attempts, 2u);
}

TEST_F(work_node_test, AHandlerSubmitsAndItsNodeHearsTheResult) {
  std::promise<int> result;
  auto hub = make_hub();
  node worker(dialing("w1", *hub));
  worker.work_for({.controller = "hub"}).serve(square, [](int of) { return of * of; });
  worker.start();
  node desk(dialing("desk", *hub));
  desk.serve(start_squaring, [](context& ctx, int of) {
    ctx.controller("hub").then(squared, of).submit(square, of);
    return of;
  });
  desk.serve(squared, [&](const outcome<int>& outcome, int of) {
    EXPECT_EQ(of, 12);
    result.set_value(outcome.value.value_or(-1));
  });
  desk.start();
  desk.self().queue(start_squaring, 12);
  EXPECT_EQ(heard(result), 144);
}

TEST_F(work_node_test, ItemsWaitForAControllerThatIsAway) {
  item_id id;
  {
    node desk(options("desk"));
    id = desk.controller("hub").submit("numbers.square", {7});
    EXPECT_EQ(desk.controller("hub").show(id).error().kind, errc::unreachable);
  }
  auto hub = make_hub();
  node worker(dialing("w1", *hub));
  worker.work_for({.controller = "hub"}).serve(square, [](int of) { return of * of; });
  worker.start();
  node desk(dialing("desk", *hub));
  desk.start();
  EXPECT_EQ(desk.controller("hub").result<value>(id, patience).value(), value(49));
}

TEST_F(work_node_test, ArgumentsThatDoNotFitFailOnceAndSayWhere) {
  auto hub = make_hub();
  node worker(dialing("w1", *hub));
  worker.work_for({.controller = "hub"}).serve(square, [](int of) { return of * of; });
  worker.start();
  auto work = hub->controller("hub");
  auto result = work.result<value>(work.submit("numbers.square", {"seven"}), patience);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, errc::failed);
  EXPECT_NE(result.error().text.find("of"), std::string::npos) << result.error().text;
}

TEST_F(work_node_test, WhatRunsGoesOnWhileTheControllerIsRestarted) {
  auto hub = make_hub();
  auto address = hub->address();
  std::promise<work_ticket> running;
  std::atomic<int> runs{0};
  node worker(dialing("w1", *hub));
  worker.work_for({.controller = "hub"}).serve_async(square, [&](work_ticket ticket, int) {
    if (++runs == 1)
      running.set_value(std::move(ticket));
  });
  worker.start();
  auto id = hub->controller("hub").submit(square, 3);
  {
    auto ticket = heard(running);
    hub.reset();
    ticket.finish(9);
  }
  hub = make_hub(address);
  EXPECT_EQ(hub->controller("hub").result<int>(id, patience).value(), 9);
  EXPECT_EQ(runs, 1);
}

TEST_F(work_node_test, AWorkersTypeIsACrowdThatCanBeAskedAndTold) {
  auto hub = make_hub();
  std::promise<int> told;
  node painter(dialing("p1", *hub));
  painter.work_for({.controller = "hub", .type = "painter"});
  painter.serve(load, [] { return 7; });
  painter.serve(note, [&](int number) { told.set_value(number); });
  painter.start();
  node other(dialing("x1", *hub));
  other.work_for({.controller = "hub", .type = "other"}).serve(square, [](int of) { return of; });
  other.start();
  auto work = hub->controller("hub");
  ASSERT_TRUE(work.result<int>(work.submit(square, 1), patience));
  ASSERT_EQ(work.any_of("nobody").call(load).error().kind, errc::unreachable);
  for (bool is_there = false; !is_there;)
    is_there = !work.workers_of("painter").value().empty();
  EXPECT_EQ(work.any_of("painter").call(load).value(), 7);
  EXPECT_EQ(work.broadcast("painter").send(note, 5).value(), 1u);
  EXPECT_EQ(heard(told), 5);
}

TEST_F(work_node_test, OneNodeIsOneWorkerAndOneController) {
  node both(options("both"));
  both.serve_controller();
  both.work_for({.controller = "both"}).serve(square, [](int of) { return of * of; });
  EXPECT_THROW(both.work_for({.controller = "hub"}), error);
  EXPECT_THROW(both.serve_controller(), error);
  both.start();
  auto work = both.controller("both");
  EXPECT_EQ(work.result<int>(work.submit(square, 4), patience).value(), 16);
  EXPECT_TRUE(both.stop());
}

}  // namespace
