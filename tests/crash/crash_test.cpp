#include "tests/crash/rounds.hpp"

#include <gtest/gtest.h>

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
