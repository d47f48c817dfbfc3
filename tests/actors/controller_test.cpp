#include "tests/actors/controller_fixture.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

constexpr std::int64_t second_ns = 1'000'000'000;

TEST(controller, AnItemIsSubmittedAssignedStartedAndDone) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = bench.submit(bench.item());
  EXPECT_EQ(bench.state(id), item_state::assigned);
  ASSERT_EQ(bench.worker("w1").items.size(), 1u);
  auto& order = bench.worker("w1").items.at(id).order;
  EXPECT_EQ(order.method, "pages.render");
  EXPECT_EQ(order.payload, "page");
  EXPECT_EQ(order.attempt, 1u);
  EXPECT_EQ(order.run, 1u);
  bench.settle();
  EXPECT_EQ(bench.state(id), item_state::running);
  EXPECT_EQ(bench.status("w1").slots_used, 1u);
  bench.finish("w1", id);
  auto report = bench.show(id);
  EXPECT_EQ(report.state, item_state::done);
  EXPECT_EQ(report.result, "result");
  EXPECT_EQ(report.attempts, 1u);
  EXPECT_EQ(report.worker, "w1");
  EXPECT_EQ(bench.status("w1").slots_used, 0u);
  EXPECT_EQ(bench.status("w1").items_done, 1u);
  EXPECT_TRUE(bench.worker("w1").items.empty());
  EXPECT_EQ(bench.counts().done, 1u);
  EXPECT_EQ(bench.counts().rolled_back, 0u);
  EXPECT_EQ(bench.count_rows("work.ready"), 0u);
  EXPECT_EQ(bench.count_rows("work.holding"), 0u);
}

TEST(controller, WhatWaitsGoesToAWorkerThatComes) {
  controller_bench bench;
  auto ids = bench.submit_many(3);
  EXPECT_NE(bench.show(ids[0]).waits_for.find("no worker is here"), std::string::npos);
  bench.add({.name = "w1", .slots = 2});
  EXPECT_EQ(bench.state(ids[0]), item_state::assigned);
  EXPECT_EQ(bench.state(ids[1]), item_state::assigned);
  EXPECT_EQ(bench.state(ids[2]), item_state::waiting);
  EXPECT_NE(bench.show(ids[2]).waits_for.find("waits for room"), std::string::npos);
  bench.settle();
  bench.finish("w1", ids[0]);
  EXPECT_EQ(bench.state(ids[2]), item_state::assigned);
}

TEST(controller, AWorkersDeathMovesItsItems) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = bench.submit(bench.item());
  bench.settle();
  bench.add({.name = "w2"});
  bench.disconnect("w1");
  bench.settle();
  EXPECT_EQ(bench.state(id), item_state::running);
  EXPECT_EQ(bench.show(id).worker, "w2");
  EXPECT_EQ(bench.counts().moved, 1u);
  bench.finish("w1", id);
  EXPECT_EQ(bench.counts().evidence, 1u);
  EXPECT_NE(bench.story(id).find("late result of w1 under epoch 1"), std::string::npos);
  bench.finish("w2", id);
  EXPECT_EQ(bench.state(id), item_state::done);
  EXPECT_EQ(bench.status("w1").phase, "lost");
}

TEST(controller, AnIdleReportWritesNothing) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 4});
  bench.submit_many(3);
  bench.settle();
  bench.report("w1");
  auto before = bench.rows();
  auto commits = bench.node().store.status().commits;
  auto heard = bench.worker("w1").heard.size();
  for (auto i = 0; i < 10; ++i)
    bench.report("w1");
  EXPECT_EQ(bench.rows(), before);
  EXPECT_EQ(bench.node().store.status().commits, commits);
  EXPECT_EQ(bench.worker("w1").heard.size(), heard);
}

}  // namespace
}  // namespace holdfast
