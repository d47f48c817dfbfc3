#include "tests/actors/controller_fixture.hpp"

#include <holdfast/actors/serve.hpp>

#include <gtest/gtest.h>

// What is submitted, what it waits for, and what becomes of it.
namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

item_id submit_after(controller_bench& bench, std::vector<std::string> parents,
                     bool runs_after_failure = false) {
  return submit_with(bench, [&](submission& given) {
    given.after = std::move(parents);
    given.rules.runs_after_failure = runs_after_failure;
  });
}

// ---- dependencies

TEST(controller_submit, AnItemWaitsForManyParents) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 10, .finishes = false});
  auto parents = bench.submit_many(5);
  bench.settle();
  auto child = submit_after(bench, parents);
  EXPECT_NE(bench.show(child).waits_for.find("it waits for 5 items to end: " + parents[0]),
            std::string::npos);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(bench.state(child), item_state::waiting);
    bench.finish("w1", parents[i]);
  }
  EXPECT_EQ(bench.state(child), item_state::assigned);
  EXPECT_EQ(bench.count_rows("work.children"), 0u);
  auto after_the_end = submit_after(bench, {parents[0], parents[0]});
  EXPECT_EQ(bench.state(after_the_end), item_state::assigned);
}

TEST(controller_submit, ManyDependentsAreToldInPieces) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto parent = bench.submit(bench.item());
  bench.settle();
  std::vector<item_id> children;
  for (auto i = 0; i < 700; ++i)
    children.push_back(submit_after(bench, {parent}));
  bench.finish("w1", parent);
  EXPECT_EQ(bench.count_rows("work.children"), 0u);
  EXPECT_EQ(bench.count_rows("work.ready"), 699u);
  EXPECT_EQ(bench.state(children[0]), item_state::assigned);
}

TEST(controller_submit, AFailingParentFailsAChainOfDependents) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto parent = submit_with(bench, [](submission& given) { given.rules.attempts = 1; });
  bench.settle();
  std::vector<item_id> chain{parent};
  for (auto i = 0; i < 450; ++i)
    chain.push_back(submit_after(bench, {chain.back()}));
  auto other = submit_after(bench, {parent}, true);
  bench.finish("w1", parent, run_end::failed, {}, "no such page");
  EXPECT_EQ(bench.show(parent).text, "no such page");
  EXPECT_EQ(bench.state(chain[1]), item_state::failed);
  EXPECT_NE(bench.show(chain[1]).text.find("it waited for " + parent + ", which is failed"),
            std::string::npos);
  EXPECT_EQ(bench.state(chain.back()), item_state::failed);
  auto told = bench.story(chain[1]);
  EXPECT_EQ(told.find("it waited for " + parent), told.rfind("it waited for " + parent));
  EXPECT_EQ(told.find("a parent"), told.npos) << told;
  EXPECT_EQ(bench.state(other), item_state::assigned);
  auto late = submit_after(bench, {parent});
  EXPECT_EQ(bench.state(late), item_state::failed);
  EXPECT_EQ(bench.counts().failed, 452u);
}

TEST(controller_submit, ParentsAreNamedByKeyToo) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 2});
  auto parent = bench.submit(bench.item("first"));
  auto child = submit_after(bench, {"first"});
  EXPECT_EQ(bench.state(child), item_state::waiting);
  bench.settle();
  bench.finish("w1", parent);
  EXPECT_EQ(bench.state(child), item_state::assigned);
}

// ---- keys

TEST(controller_submit, TheSameCallUnderALiveKeyIsTheFirstOne) {
  controller_bench bench;
  bench.add({.name = "w1", .slots = 4});
  auto first = bench.submit(bench.item("key"));
  auto second = bench.submit(bench.item("key"));
  EXPECT_EQ(bench.show(second).id, first);
  EXPECT_EQ(bench.counts().assigned, 1u);
  auto other = submit_with(bench, [](submission& given) {
    given.key = "key";
    given.payload = "another page";
  });
  EXPECT_EQ(bench.state(other), item_state::failed);
  EXPECT_NE(bench.show(other).text.find("its key 'key' belongs to " + first), std::string::npos);
  bench.settle();
  bench.finish("w1", first);
  EXPECT_EQ(bench.show(second).result, "result");
  EXPECT_EQ(bench.show(bench.submit(bench.item("key"))).id, first) << "until it is no longer kept";
}

TEST(controller_submit, AKeyIsFreeWhenItsItemIsNoLongerKept) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto given = bench.item("key");
  given.keep_ns = 10 * second_ns;
  auto first = bench.submit(given);
  auto again = bench.submit(given);
  bench.settle();
  bench.finish("w1", first);
  bench.pass(9s);
  EXPECT_EQ(bench.state(first), item_state::done);
  bench.pass(2s);
  EXPECT_FALSE(bench.ask(work::show, first));
  EXPECT_FALSE(bench.ask(work::show, again));
  for (auto* table : {"work.items", "work.results", "work.payloads", "work.keys", "work.aliases",
                      "work.aliases_of", "work.listeners", "work.completions"})
    EXPECT_EQ(bench.count_rows(table), 0u) << table;
  auto second = bench.submit(given);
  EXPECT_EQ(bench.show(second).id, second);
  EXPECT_EQ(bench.state(submit_after(bench, {first})), item_state::waiting)
      << "that the first one was done is still known";
}

// ---- bad input

TEST(controller_submit, WhatCannotRunIsAnItemThatFailedWithOneSentence) {
  struct {
    std::function<void(submission&)> change;
    std::string sentence;
  } cases[] = {
      {[](submission& given) { given.after = {"0123-1-1"}; },
       "it waits for '0123-1-1', and no item of that id or key is known here"},
      {[](submission& given) {
         given.key = "me";
         given.after = {"me"};
       },
       "it names itself among the items to wait for"},
      {[](submission& given) { given.payload.assign(work::item_bytes_max + 1, 'x'); },
       "its arguments take 2097153 bytes; an item carries at most 2097152"},
      {[](submission& given) { given.key.assign(201, 'k'); }, "has 201 bytes; at most 200"},
      {[](submission& given) { given.title.assign(2000, 't'); }, "its title has 2000 bytes"},
      {[](submission& given) { given.demand.labels = {std::string(200, 'l')}; }, "200 bytes"},
      {[](submission& given) { given.demand.slots = 0; }, "the option slots is 0; it goes from 1"},
      {[](submission& given) { given.rules.attempts = 0; }, "the option attempts is 0"},
      {[](submission& given) { given.priority = 101; }, "the option priority is 101"},
      {[](submission& given) { given.deadline_ns = -1; }, "the option deadline is -1"},
      {[](submission& given) { given.demand.method = "no method"; }, "'no method' is no name"},
      {[](submission& given) { given.after.assign(2001, "x"); }, "items to wait for is 2001"},
  };
  controller_bench bench;
  bench.add({.name = "w1"});
  for (auto& one : cases) {
    auto id = submit_with(bench, one.change);
    auto report = bench.show(id);
    EXPECT_EQ(report.state, item_state::failed);
    EXPECT_NE(report.text.find(one.sentence), std::string::npos) << report.text;
    EXPECT_NE(bench.story(id).find("refused: "), std::string::npos);
    EXPECT_FALSE(bench.ask(work::retry, id));
  }
  EXPECT_EQ(bench.counts().failed, std::size(cases));
  EXPECT_EQ(bench.counts().rolled_back, 0u);
  EXPECT_EQ(bench.state(bench.submit(bench.item())), item_state::assigned);
}

TEST(controller_submit, AResultThatIsTooLargeFailsTheItem) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = bench.submit(bench.item());
  bench.settle();
  bench.finish("w1", id, run_end::done, std::string(work::item_bytes_max + 1, 'x'));
  EXPECT_EQ(bench.state(id), item_state::failed);
  EXPECT_NE(bench.show(id).text.find("its result takes 2097153 bytes"), std::string::npos);
}

TEST(controller_submit, UnknownItemsAndWorkersAreRefusedInASentence) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto text = [](const auto& answer) { return answer.error().text; };
  EXPECT_NE(text(bench.ask(work::show, std::string("x"))).find("no item 'x'"), std::string::npos);
  EXPECT_NE(text(bench.ask(work::cancel, std::string("x"))).find("no item"), std::string::npos);
  EXPECT_NE(text(bench.ask(work::drain, std::string("w9"))).find("no worker 'w9'"),
            std::string::npos);
  EXPECT_NE(text(bench.ask(work::forget, std::string("w1"))).find("it is connected"),
            std::string::npos);
  EXPECT_TRUE(bench.ask(work::look, std::vector<item_id>{"x"}).value().empty());
  EXPECT_EQ(bench.counts().rolled_back, 0u) << "a refusal is no fault";
}

// ---- completions

TEST(controller_submit, ItsSubmitterHearsHowItEnded) {
  constexpr method<void(outcome<std::string>, std::string)> told{"pages.told(how, what)"};
  controller_bench bench;
  std::vector<std::string> heard;
  bench.node().env.methods.serve(
      make_served(told, [&](const outcome<std::string>& how, const std::string& what) {
        heard.push_back(what + (how ? " " + *how.value : " " + how.error)
                        + (how.revised ? ", revised" : ""));
      }));
  bench.add({.name = "w1", .slots = 3});
  auto wants = [&](submission& given, const std::string& what) {
    given.rules.attempts = 1;
    given.completion =
        completion_spec{std::string(told.name()), fingerprint(told), encode_arguments(what)};
  };
  auto value = encode_arguments(std::string("twelve"));
  auto first = submit_with(bench, [&](submission& given) {
    given.key = "key";
    wants(given, "first");
  });
  auto twin = submit_with(bench, [&](submission& given) {
    given.key = "key";
    wants(given, "twin");
  });
  auto second = submit_with(bench, [&](submission& given) { wants(given, "second"); });
  auto bad = submit_with(bench, [&](submission& given) {
    given.demand.slots = 0;
    wants(given, "bad");
  });
  bench.settle();
  bench.finish("w1", first, run_end::done, value);
  bench.finish("w1", second, run_end::failed, {}, "no such page");
  EXPECT_EQ(heard,
            (std::vector<std::string>{"bad the option slots is 0; it goes from 1 to 1024",
                                      "first twelve", "twin twelve", "second no such page"}));
  heard.clear();
  EXPECT_EQ(bench.ask(work::retry, second).value().state, item_state::assigned);
  bench.settle();
  bench.finish("w1", second, run_end::done, value);
  auto late = submit_with(bench, [&](submission& given) {
    given.key = "key";
    wants(given, "late");
  });
  EXPECT_EQ(heard, (std::vector<std::string>{"second twelve, revised", "late twelve"}));
}

// ---- ends

TEST(controller_submit, ADeadlineEndsAnItemInEveryState) {
  controller_bench bench;
  auto wants = [](submission& given) { given.deadline_ns = 30 * second_ns; };
  auto waiting = submit_with(bench, [&](submission& given) {
    wants(given);
    given.demand.labels = {"nobody"};
  });
  bench.add({.name = "w1", .starts = false});
  bench.add({.name = "w2", .labels = {"b"}});
  auto assigned = submit_with(bench, wants);
  auto running = submit_with(bench, [&](submission& given) {
    wants(given);
    given.demand.labels = {"b"};
  });
  bench.add({.name = "w3", .labels = {"c"}});
  auto lost = submit_with(bench, [&](submission& given) {
    wants(given);
    given.demand.labels = {"c"};
    given.rules.on_lost = lost_policy::suspend;
  });
  auto child = submit_with(bench, [&](submission& given) {
    wants(given);
    given.after = {running};
  });
  bench.settle();
  bench.disconnect("w3");
  EXPECT_EQ(bench.state(waiting), item_state::waiting);
  EXPECT_EQ(bench.state(assigned), item_state::assigned);
  EXPECT_EQ(bench.state(running), item_state::running);
  EXPECT_EQ(bench.state(lost), item_state::suspended);
  bench.pass(31s);
  for (auto& id : {waiting, assigned, running, lost, child})
    EXPECT_EQ(bench.state(id), item_state::expired) << bench.story(id);
  EXPECT_TRUE(bench.worker("w2").items.empty()) << "it was told to stop";
  EXPECT_EQ(bench.count_rows("work.holding"), 0u);
}

TEST(controller_submit, AttemptsBackOffAndEnd) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = submit_with(bench, [](submission& given) { given.rules.attempts = 3; });
  for (auto attempt = 1; attempt <= 3; ++attempt) {
    bench.settle();
    ASSERT_EQ(bench.state(id), item_state::running) << attempt;
    EXPECT_EQ(bench.worker("w1").items.at(id).order.attempt, static_cast<unsigned>(attempt));
    bench.finish("w1", id, run_end::failed, {}, "no such page");
    if (attempt < 3) {
      EXPECT_EQ(bench.state(id), item_state::waiting);
      bench.node().advance(500ms);
      EXPECT_EQ(bench.state(id), item_state::waiting);
      bench.node().advance(3s);
    }
  }
  EXPECT_EQ(bench.state(id), item_state::failed);
  EXPECT_EQ(bench.show(id).text, "no such page");
  EXPECT_EQ(bench.worker("w1").runs.size(), 3u);
  EXPECT_EQ(bench.ask(work::retry, id).value().failures, 0u);
  bench.settle();
  EXPECT_EQ(bench.state(id), item_state::running);
}

TEST(controller_submit, ACheckpointGoesToTheNextRun) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto id = bench.submit(bench.item());
  bench.settle();
  bench.queue("w1", work::checkpoint, id, std::uint64_t{1}, std::string("half"));
  bench.queue("w1", work::checkpoint, id, std::uint64_t{9}, std::string("of nobody"));
  bench.send("w1", work::progress, id, std::uint64_t{1}, 0.5, std::string("page 5"));
  EXPECT_EQ(bench.show(id).progress, 0.5);
  EXPECT_EQ(bench.show(id).progress_text, "page 5");
  bench.finish("w1", id, run_end::handed_back);
  bench.settle();
  EXPECT_EQ(bench.worker("w1").checkpoints, (std::vector<std::string>{"", "half"}));
  EXPECT_EQ(bench.worker("w1").items.at(id).order.run, 2u);
  bench.finish("w1", id);
  EXPECT_EQ(bench.count_rows("work.checkpoints"), 0u);
  EXPECT_EQ(bench.show(id).progress, 1) << "whatever was heard last: it is done";
  EXPECT_EQ(bench.show(id).progress_text, "");
}

TEST(controller_submit, ACancelledItemIsStoppedWhereItRuns) {
  controller_bench bench;
  bench.add({.name = "w1"});
  auto ids = bench.submit_many(2);
  bench.settle();
  EXPECT_EQ(bench.ask(work::cancel, ids[0]).value().state, item_state::cancelled);
  EXPECT_FALSE(bench.worker("w1").items.contains(ids[0]));
  EXPECT_EQ(bench.state(ids[1]), item_state::assigned);
  EXPECT_FALSE(bench.ask(work::cancel, ids[0]));
}

}  // namespace
}  // namespace holdfast
