#include "tests/crash/backlog_run.hpp"

#include <gtest/gtest.h>

namespace holdfast::crash {
namespace {

backlog_plan small() {
  backlog_plan plan;
  plan.calls = 12'000;  // more than may be in memory at one time
  plan.watched = 10'000;
  plan.is_drained = true;
  plan.is_on_disk = false;
  return plan;
}

TEST(backlog, AnInboxThatWaitsIsExecutedAfterARestart) {
  auto figures = run_inbox_backlog(small());
  EXPECT_EQ(figures.waiting, 12'000);
  EXPECT_EQ(figures.left_inbox, 0);
  EXPECT_EQ(figures.left_outbox, 0);
}

TEST(backlog, AnOutboxThatWaitsIsTransmittedAfterARestart) {
  auto figures = run_outbox_backlog(small());
  EXPECT_EQ(figures.waiting, 12'000);
  EXPECT_EQ(figures.left_inbox, 0);
  EXPECT_EQ(figures.left_outbox, 0);
}

}  // namespace
}  // namespace holdfast::crash
