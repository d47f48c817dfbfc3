// What a supervisor's decisions are made of: intensity, progress, words.
#include <holdfast/actors/progress_watch.hpp>
#include <holdfast/actors/restart_intensity.hpp>
#include <holdfast/actors/supervision_report.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

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
