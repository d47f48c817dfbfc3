#include "tests/crash/methods.hpp"
#include "tests/crash/work_site.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <set>
#include <string>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>
#include <vector>

// Foreign workers as processes: a controller with a foreign port, and the clients of examples/foreign.
namespace holdfast::crash {
namespace {

class foreign_work : public testing::Test {
protected:
  foreign_work() : address(cluster::new_address()), gate(site.folder() / "gate") {
    site.hub().arguments.insert(site.hub().arguments.end(),
                                {"--foreign", address, "--foreign-allow", "holdfast.work"});
    ::mkfifo(gate.c_str(), 0600);
    gate_end = ::open(gate.c_str(), O_RDWR | O_CLOEXEC);
  }
  ~foreign_work() override { ::close(gate_end); }

  void start_hub() { ASSERT_TRUE(site.hub().start()) << site.hub().errors(); }

  std::unique_ptr<process> worker(const std::string& name, const std::string& body = "json",
                                  int slots = 2) {
    work_site::words command{"/usr/bin/env", "python3", HOLDFAST_FOREIGN_WORKER,
                             HOLDFAST_FOREIGN_CLIENT};
    if (language == "java")
      command = {HOLDFAST_JAVA,      "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                 "-XX:+UseSerialGC", "-cp",          HOLDFAST_FOREIGN_JAVA,
                 "ForeignWorker"};
    command.insert(command.end(), {address, name, body, std::to_string(slots), gate.string()});
    return std::make_unique<process>(
        command, process::how{{{"LC_ALL", "C.UTF-8"}}, site.folder() / "worker.log"});
  }

  /// So many held runs go on, whichever.
  void let_go(std::size_t runs) const {
    std::string bytes(runs, 'x');
    ASSERT_EQ(::write(gate_end, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }

  bool said(process& by, const std::string& beginning) {
    return wait_for({&by}, [&] { return by.has_printed(beginning); });
  }
  value result(const std::string& id) const {
    auto item = site.item(id);
    auto* members = item.get_if<dict>();
    auto* found = members ? members->find("result") : nullptr;
    return found ? *found : value();
  }
  std::int64_t number(const std::string& id, const char* member) const {
    return number_in(site.item(id), member);
  }
  std::string trouble(const std::string& id = {}) const {
    return site.story(id) + "workers:\n" + tail_of(site.folder() / "worker.log");
  }

  work_site site;
  std::string address;
  std::filesystem::path gate;
  int gate_end = -1;
  std::string language = "python";
};

using language_and_body = std::tuple<const char*, const char*>;

class foreign_work_bodies : public foreign_work,
                            public testing::WithParamInterface<language_and_body> {
protected:
  foreign_work_bodies() : body(std::get<1>(GetParam())) { language = std::get<0>(GetParam()); }

  std::string body;
};

class foreign_work_languages : public foreign_work,
                               public testing::WithParamInterface<const char*> {
protected:
  foreign_work_languages() { language = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(languages, foreign_work_languages, testing::Values("python", "java"),
                         [](auto& each) { return std::string(each.param); });

TEST_P(foreign_work_bodies, AnItemRunsAndFailsAndGoesOnFromItsCheckpoint) {
  start_hub();
  auto py = worker("py", body);
  auto echo = site.submit_method({"--label", "py"}, "py.echo", {R"({"a": [1, 2.5, "дом"]})"});
  ASSERT_TRUE(site.comes_to(echo, "done")) << trouble(echo);
  EXPECT_EQ(result(echo), value(dict{{"a", array{1, 2.5, "дом"}}}));
  auto failing = site.submit_method({"--back-off", "0s"}, "py.fail_until", {"3"});
  ASSERT_TRUE(site.comes_to(failing, "done")) << trouble(failing);
  EXPECT_EQ(number(failing, "failures"), 2);
  EXPECT_EQ(result(failing), value("текст"));
  EXPECT_TRUE(said(*py, R"(try 1 null)"));
  EXPECT_TRUE(said(*py, R"(try 2 {"attempt": 1, "raw": {"$bytes": "AAE="}})")) << trouble();
  EXPECT_EQ(site.count_why(failing, "not yet"), 2) << site.why(failing);
  auto held = site.submit_method({}, "py.held", {"21"});
  ASSERT_TRUE(site.comes_to_run_at(held, "py")) << trouble(held);
  EXPECT_TRUE(ask_until([&] { return text_in(site.item(held), "progress_text") == "half of py"; }))
      << trouble(held);
  let_go(1);
  ASSERT_TRUE(site.comes_to(held, "done")) << trouble(held);
  EXPECT_EQ(result(held), value(42));
  EXPECT_EQ(text_in(site.worker("py"), "type"), language);
}

INSTANTIATE_TEST_SUITE_P(bodies, foreign_work_bodies,
                         testing::Combine(testing::Values("python", "java"),
                                          testing::Values("json", "xml", "mixed")),
                         [](auto& each) {
                           return std::string(std::get<0>(each.param)) + "_"
                                  + std::get<1>(each.param);
                         });

// Killed in turn; the next process of the name proves the death of the one before: no grace is waited for.
TEST_P(foreign_work_languages, EveryItemIsDoneOnceWhileWorkersAreKilledInTurn) {
  constexpr int count = 40;
  start_hub();
  work_site::words ids;
  for (int n = 0; n < count; ++n)
    ids.push_back(site.submit_method({"--grace", "1h"}, "py.held", {std::to_string(n)}));
  std::vector<std::unique_ptr<process>> workers;
  for (auto* name : {"py1", "py2"})
    workers.push_back(worker(name, "mixed", 4));
  for (int round = 0; round < 6; ++round) {
    auto& victim = workers[static_cast<std::size_t>(round % 2)];
    ASSERT_TRUE(said(*victim, "begin ")) << trouble();
    let_go(5);
    ASSERT_TRUE(ask_until([&] { return number_in(site.counts(), "done") >= 3 * (round + 1); }))
        << trouble();
    victim->kill();
    victim = worker(round % 2 == 0 ? "py1" : "py2", "mixed", 4);
  }
  let_go(4 * count);
  ASSERT_TRUE(site.comes_to_count("done", count)) << trouble();
  for (int n = 0; n < count; ++n) {
    EXPECT_EQ(site.state(ids[static_cast<std::size_t>(n)]), "done");
    EXPECT_EQ(result(ids[static_cast<std::size_t>(n)]), value(2 * n));
  }
  auto counts = site.counts();
  EXPECT_EQ(number_in(counts, "failed"), 0);
  EXPECT_EQ(number_in(counts, "rolled_back"), 0);
  EXPECT_EQ(number_in(counts, "evidence"), 0);
  EXPECT_GE(number_in(counts, "moved"), 6);
}

// What runs goes on without its controller; what ends meanwhile is said when it is back.
TEST_P(foreign_work_languages, AKilledControllerFindsItsItemsRunningAndDone) {
  start_hub();
  auto py = worker("py");
  auto longer = site.submit_method({"--grace", "1m"}, "py.held", {"1"});
  ASSERT_TRUE(site.comes_to_run_at(longer, "py")) << trouble(longer);
  auto other = worker("other");
  ASSERT_TRUE(site.comes_to_phase("other", "ready")) << trouble();
  for (int life = 1; life <= 2; ++life) {
    site.hub().kill();
    ASSERT_TRUE(wait_for({py.get()}, [&] { return py->count("down ") >= 1; })) << trouble();
    start_hub();
    ASSERT_TRUE(ask_until([&] {
      return site.count_why(longer, "is back and still has it") == life;
    })) << trouble(longer);
    py->forget_lines();
  }
  site.hub().kill();
  let_go(1);
  ASSERT_TRUE(said(*py, "end 1")) << trouble();
  start_hub();
  ASSERT_TRUE(site.comes_to(longer, "done")) << trouble(longer);
  EXPECT_EQ(number(longer, "attempts"), 1);
  EXPECT_EQ(result(longer), value(2));
  EXPECT_EQ(number_in(site.counts(), "moved"), 0);
  EXPECT_EQ(number_in(site.counts(), "evidence"), 0);
  EXPECT_FALSE(other->has_printed("begin")) << trouble();
}

TEST_P(foreign_work_languages, ACancelledItemIsDroppedAndItsSlotIsFreeAgain) {
  start_hub();
  auto py = worker("py", "xml", 1);
  auto id = site.submit_method({}, "py.unwanted", {});
  ASSERT_TRUE(said(*py, "begin")) << trouble(id);
  auto next = site.submit_method({}, "py.echo", {"7"});
  EXPECT_EQ(site.hub().command({"work", "cancel", id}).status, 0);
  EXPECT_TRUE(said(*py, "dropped")) << trouble(id);
  EXPECT_TRUE(site.comes_to(next, "done")) << trouble(next);
  EXPECT_EQ(site.state(id), "cancelled");
  auto late = site.submit_method({"--timeout", "100ms", "--attempts", "1"}, "py.unwanted", {});
  EXPECT_TRUE(site.comes_to(late, "failed")) << trouble(late);
  EXPECT_TRUE(wait_for({py.get()}, [&] { return py->count("dropped") == 2; })) << trouble(late);
}

TEST_P(foreign_work_languages, AGoodbyeHandsBackAtOnce) {
  start_hub();
  auto first = worker("py1");
  auto id = site.submit_method({"--grace", "1h"}, "py.held", {"5"});
  ASSERT_TRUE(site.comes_to_run_at(id, "py1")) << trouble(id);
  auto second = worker("py2");
  ASSERT_TRUE(site.comes_to_phase("py2", "ready")) << trouble();
  first->signal(SIGTERM);
  ASSERT_TRUE(site.comes_to_run_at(id, "py2")) << trouble(id);
  EXPECT_TRUE(site.comes_to_phase("py1", "gone")) << trouble();
  let_go(2);
  EXPECT_TRUE(site.comes_to(id, "done")) << trouble(id);
  EXPECT_EQ(number(id, "failures"), 0);
}

// The hub is a program that calls the method typed: it can translate its bytes, both ways.
TEST_F(foreign_work, ATypedItemRunsInPythonAndComesBackTyped) {
  start_hub();
  auto py = worker("py", "xml");
  EXPECT_EQ(site.hub().command({"queue", "hub", std::string(order_text.name()), "5"}).status, 0);
  EXPECT_TRUE(said(site.hub().run(), "made 5 xxxxx")) << trouble();
  // It returns an integer, which is no text.
  EXPECT_EQ(site.hub().command({"queue", "hub", std::string(order_text.name()), "100"}).status, 0);
  ASSERT_TRUE(said(site.hub().run(), "made 100 ")) << trouble();
  auto& line = site.hub().run().lines().back();
  EXPECT_NE(line.find("it ran, but its result cannot be taken: "), line.npos) << line;
}

TEST_F(foreign_work, WhatCannotBeToldIsOneSentence) {
  start_hub();
  auto py = worker("py", "xml");
  auto arguments = site.submit_method({}, "py.echo", {R"("\u0001")"});
  ASSERT_TRUE(site.comes_to(arguments, "failed")) << trouble(arguments);
  auto text = text_in(site.item(arguments), "text");
  EXPECT_NE(text.find("it cannot be told to the foreign worker py: "), text.npos) << text;
  EXPECT_EQ(text.find('\n'), text.npos) << text;
  auto returned = site.submit_method({"--attempts", "1"}, "py.object", {});
  ASSERT_TRUE(site.comes_to(returned, "failed")) << trouble(returned);
  text = text_in(site.item(returned), "text");
  EXPECT_NE(text.find("TypeError"), text.npos) << text;
  auto after = site.submit_method({}, "py.echo", {"1"});
  EXPECT_TRUE(site.comes_to(after, "done")) << trouble(after);
}

TEST_F(foreign_work, WhoMayNotWorkIsTold) {
  site.hub().arguments.back() = "log.*";
  start_hub();
  auto py = worker("py");
  EXPECT_TRUE(said(*py, "up not_allowed: foreign nodes may not work for 'hub'")) << trouble();
  test_node& plain = site.add_node("plain");
  auto other = cluster::new_address();
  plain.arguments.insert(plain.arguments.end(), {"--foreign", other, "--foreign-allow", "*"});
  ASSERT_TRUE(plain.start()) << plain.errors();
  std::swap(address, other);
  auto stray = worker("stray");
  EXPECT_TRUE(said(*stray, "up unreachable: 'plain' is no controller")) << trouble();
}

}  // namespace
}  // namespace holdfast::crash
