#include "tests/actors/controller_fixture.hpp"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

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

TEST(controller, WhatComesAtOnceIsPlacedAndToldOnce) {
  controller_bench bench;
  auto& w1 = bench.add({.name = "w1", .slots = 8});
  bench.submit_many(20);
  bench.settle();
  auto heard = w1.heard.size();
  bench.finish_at_once("w1");
  ASSERT_EQ(w1.heard.size(), heard + 1);
  EXPECT_EQ(w1.heard.back().drop.size(), 8u);
  EXPECT_EQ(w1.heard.back().add.size(), 8u);
  EXPECT_EQ(bench.count_rows("work.left") + bench.count_rows("work.left_drops"), 0u);
  bench.settle();
  EXPECT_EQ(bench.counts().done, 8u);
  EXPECT_EQ(bench.counts().running, 8u);
}

TEST(controller, EndsOfOneCallArePlacedAndToldOnce) {
  controller_bench bench;
  auto& w1 = bench.add({.name = "w1", .slots = 8});
  bench.submit_many(20);
  bench.settle();
  auto heard = w1.heard.size();
  bench.finish_together("w1");
  ASSERT_EQ(w1.heard.size(), heard + 1);
  EXPECT_EQ(w1.heard.back().drop.size(), 8u);
  EXPECT_EQ(w1.heard.back().add.size(), 8u);
  EXPECT_EQ(bench.counts().done, 8u);
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

TEST(controller, PriorityThenArrivalDecides) {
  controller_bench bench;
  std::vector<item_id> ids;
  for (auto priority : {0, 5, -5, 5}) {
    auto given = bench.item();
    given.priority = static_cast<std::int16_t>(priority);
    ids.push_back(bench.submit(given));
  }
  bench.add({.name = "w1", .finishes = true});
  bench.settle();
  EXPECT_EQ(bench.worker("w1").runs, (std::vector<item_id>{ids[1], ids[3], ids[0], ids[2]}));
}

TEST(controller, ItemsGoToTheFreestWorkerThatFits) {
  controller_bench bench;
  for (auto i = 0; i < 40; ++i)
    bench.add({.name = "w" + std::to_string(i), .slots = 2});
  bench.add({.name = "big", .labels = {"big"}, .slots = 8});
  for (auto& id : bench.submit_many(40 + 4))
    EXPECT_EQ(bench.state(id), item_state::assigned);
  for (auto i = 0; i < 40; ++i)
    EXPECT_EQ(bench.status("w" + std::to_string(i)).slots_used, 1u) << i;
  EXPECT_EQ(bench.status("big").slots_used, 4u);
  auto given = bench.item();
  given.demand.labels = {"big"};
  given.demand.slots = 3;
  EXPECT_EQ(bench.show(bench.submit(given)).worker, "big");
  EXPECT_EQ(bench.state(bench.submit(given)), item_state::waiting) << "it has one slot left";
}

TEST(controller, MoreThanOneMessageCanPlaceIsPlacedInPieces) {
  controller_bench bench;
  auto given = bench.item();
  given.payload.assign(100'000, 'p');
  for (auto i = 0; i < 100; ++i)
    bench.submit(given);
  bench.submit_many(600);
  auto& w1 = bench.add({.name = "w1", .slots = 1000});
  bench.settle();
  bench.pass(1s);
  bench.settle();
  EXPECT_EQ(w1.items.size(), 700u);
  EXPECT_EQ(bench.counts().running, 700u);
  for (auto& news : w1.heard)
    EXPECT_LE(news.add.size(), 500u);
  w1.items.clear();
  bench.report("w1");  // it has lost them all: those that ran are lost
  bench.settle();
  bench.pass(2s);
  bench.settle();
  EXPECT_EQ(w1.items.size(), 700u);
}

TEST(controller, DrainResumeAndForgetAreTheOperators) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 2});
  auto first = bench.submit(bench.item());
  bench.settle();
  EXPECT_EQ(bench.ask(work::drain, std::string("w1")).value().phase, "draining");
  auto second = bench.submit(bench.item());
  EXPECT_EQ(bench.state(first), item_state::running);
  EXPECT_EQ(bench.state(second), item_state::waiting);
  EXPECT_EQ(bench.ask(work::resume, std::string("w1")).value().phase, "ready");
  EXPECT_EQ(bench.state(second), item_state::assigned);
  bench.settle();
  EXPECT_FALSE(bench.ask(work::forget, std::string("w1")));
  bench.disconnect("w1");
  EXPECT_TRUE(bench.ask(work::forget, std::string("w1")));
  EXPECT_EQ(bench.status("w1").name, "");
  bench.connect("w1");
  bench.settle();
  EXPECT_EQ(bench.worker("w1").runs.size(), 2u) << "it goes on with what it runs";
  EXPECT_EQ(bench.status("w1").slots_used, 2u);
}

TEST(controller, OnlyItsOwnNodeChangesWorkers) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto header = std::make_shared<call_header>();
  header->method = work::drain.name();
  header->fingerprint = fingerprint(work::drain);
  header->payload = payload_kind::arguments;
  header->trace = 1;
  std::string text;
  caf::anon_send(bench.node().env.executor,
                 method_message{"w1", header, shared_bytes(encode_arguments(std::string("w1"))),
                                [&](const call_reply& reply) { text = reply.text; }, [] {}});
  bench.run();
  EXPECT_NE(text.find("only the operator of alpha"), std::string::npos);
  EXPECT_EQ(bench.status("w1").phase, "ready");
}

TEST(controller, ListsAreFilteredAndPaged) {
  controller_bench bench;
  bench.add({.name = "w1", .labels = {"gpu"}});
  auto ids = bench.submit_many(5);
  auto given = bench.item();
  given.demand.labels = {"gpu"};
  auto labelled = bench.submit(given);
  bench.settle();
  auto list = [&](const item_filter& filter) {
    std::vector<item_id> found;
    auto reports = bench.ask(work::list, filter).value();
    for (auto& report : reports)
      found.push_back(report.id);
    return found;
  };
  EXPECT_EQ(list({.states = {}, .worker = {}, .label = {}, .after = {}}).size(), 6u);
  EXPECT_EQ(list({.states = {item_state::running}, .worker = {}, .label = {}, .after = {}}),
            std::vector<item_id>{ids[0]});
  EXPECT_EQ(list({.states = {}, .worker = "w1", .label = {}, .after = {}}),
            std::vector<item_id>{ids[0]});
  EXPECT_EQ(list({.states = {}, .worker = {}, .label = "gpu", .after = {}}),
            std::vector<item_id>{labelled});
  auto page = list({.states = {}, .worker = {}, .label = {}, .after = {}, .limit = 4});
  ASSERT_EQ(page.size(), 4u);
  EXPECT_EQ(list({.states = {}, .worker = {}, .label = {}, .after = page.back()}).size(), 2u);
}

}  // namespace
}  // namespace holdfast
