#include "tests/crash/nodes.hpp"
#include "tests/crash/rounds.hpp"

#include <holdfast/core/limits.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>

namespace holdfast::crash {
namespace {

TEST(crash, EveryNumberExactlyOnceThoughBothNodesAreKilled) {
  round_plan plan;
  plan.seed = std::random_device()();
  plan.rounds = 8;
  plan.calls_each = 250;
  SCOPED_TRACE("seed " + std::to_string(plan.seed));
  auto report = run_rounds(plan);
  std::cout << "seed " << plan.seed << "\n" << report;
  EXPECT_TRUE(report.is_good());
  EXPECT_EQ(report.calls, 2000);
  EXPECT_GE(report.kills_of_source + report.kills_of_target, 8);
}

// A call that kills its process is found, becomes a dead letter, and the others go on.
TEST(crash, CallThatKillsTheProcessIsFound) {
  cluster home;
  test_node source(home, "source");
  test_node target(home, "target");
  source.dials(target);
  ASSERT_TRUE(source.start()) << source.errors();
  auto file = home.folder() / "calls.jsonl";
  {
    std::ofstream out(file);
    out << R"({"to":"target","method":"deadly.die"})"
        << "\n";
    for (int n = 0; n < 20; ++n)
      out << R"({"to":"target","method":"numbers.append","args":["m)" << n << "\"," << n
          << R"(],"key":"m)" << n << "\"}\n";
  }
  ASSERT_EQ(source.command({"queue", "--batch", file.string()}).status, 0);

  int deaths = 0;
  auto is_over = [&] {
    wait_for({&target.run()}, [] { return true; });  // reads its output
    return target.run().has_ended() || target.status("dead") == 1;
  };
  for (bool is_alive = false; !is_alive && deaths < 10; deaths += is_alive ? 0 : 1) {
    target.spawn();
    ASSERT_TRUE(ask_until(is_over)) << target.errors();
    is_alive = !target.run().has_ended();
  }
  EXPECT_GE(deaths, 1 + static_cast<int>(limits::kills_max));
  ASSERT_LT(deaths, 10) << target.errors();
  auto dead = target.json({"calls", "--dead"});
  ASSERT_EQ(dead.as_array().size(), 1u);
  EXPECT_EQ(text_in(dead.as_array()[0], "method"), "deadly.die");
  EXPECT_EQ(text_in(dead.as_array()[0], "reason"), "killed_process");
  EXPECT_TRUE(ask_until([&] { return source.status("outbox") == 0; })) << target.errors();
  for (int n = 0; n < 20; ++n)
    EXPECT_EQ(target.call("lists.list", {"m" + std::to_string(n), "0", "10"}), value(array{n}));
  EXPECT_EQ(target.stop(), 0);
}

// The comparison itself, on books that are wrong.
TEST(crash, WrongBooksAreFound) {
  round_report report;
  report.calls = 6;
  compare_list(report, 0, 2, {0, 4, 4});
  EXPECT_EQ(report.lost, 1);
  EXPECT_EQ(report.twice, 1);
  EXPECT_EQ(report.disorder, 1);
  compare_list(report, 1, 2, {1, 3, 5});
  EXPECT_EQ(report.lost + report.twice + report.disorder, 3);
  compare_confirms(report, {0, 1, 2, 2});
  EXPECT_EQ(report.confirms_wrong, 2);
  std::istringstream lines("0 1\n0 1\n1 1\n2 1\n2 2\n3 1\n4 1\n");
  compare_outside(report, lines);
  EXPECT_EQ(report.outside_missing, 1);
  EXPECT_EQ(report.repeats, 2);
  EXPECT_EQ(report.first_twice, 1);
  EXPECT_FALSE(report.is_good());
}

}  // namespace
}  // namespace holdfast::crash
