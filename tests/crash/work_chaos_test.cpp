#include "tests/crash/work_chaos.hpp"

#include <gtest/gtest.h>

namespace {

// The same at full length: ./run chaos.
TEST(work_chaos, EveryItemEndsOnceWhateverIsKilled) {
  holdfast::crash::chaos_plan plan;
  plan.items = 24;
  plan.types = 2;
  plan.seconds = 8;
  plan.kill_every_ms = 1000;
  plan.restart_within_ms = 1000;
  plan.item_seconds_max = 2;
  auto report = holdfast::crash::run_chaos(plan);
  EXPECT_TRUE(report.is_good()) << report;
  EXPECT_GE(report.kills_of_controller + report.kills_of_workers, 4);
}

}  // namespace
