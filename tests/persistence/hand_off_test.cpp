// The hand-off from source to target, with power cuts at every boundary of it: invariants C1 to C4 over two journals.

#include <gtest/gtest.h>

#include <tests/persistence/books.hpp>
#include <tests/persistence/hand_off_model.hpp>

namespace holdfast::test {
namespace {

/// One call from alpha to beta; the power is cut somewhere, everything is brought to an end, and the call has run once.
class boundary : public ::testing::TestWithParam<bool> {
protected:
  /// A commit that is cut off: whether it survives is the test's parameter.
  template <class Action>
  void cut(node_books& node, Action action) {
    node.cut_next_commit(GetParam());
    EXPECT_THROW(action(), error);
    node.start();
  }
  void queue_one() { queue_at(model.alpha, model.numbered_call()); }
  void raise() {
    model.alpha.commit(
        [](ledger& books) { outbox::raise_sent_through(books, 1, books.lane_out(1).next - 1); });
  }
  void finish() {
    model.settle_down();
    model.check();
    EXPECT_EQ(model.executed_all(), model.queued());
    EXPECT_EQ(lane_at(model.alpha, 1).counters.executed, model.queued());
    EXPECT_EQ(model.alpha.count(table_id::outbox), 0u);
    EXPECT_EQ(model.beta.count(table_id::inbox), 0u);
    EXPECT_EQ(model.beta.count(table_id::outcomes), 0u);
  }

  hand_off_model model{1};
};

TEST_P(boundary, the_source_dies_while_it_queues) {
  queue_one();
  raise();
  auto call = model.numbered_call(false);
  model.alpha.cut_next_commit(GetParam());
  EXPECT_THROW(queue_at(model.alpha, call), error);
  model.alpha.start();
  EXPECT_EQ(model.alpha.count(table_id::outbox), GetParam() ? 2u : 1u);
  model.settle_down();  // `queue` did not return: the call may run or not, the other must
  model.check();
}

TEST_P(boundary, before_the_batch_is_sent_the_source_dies) {
  queue_one();
  cut(model.alpha, [&] { raise(); });
  finish();
}

TEST_P(boundary, before_the_batch_is_sent_the_target_dies) {
  queue_one();
  raise();
  auto batch = batch_of(model.alpha, 1, 1);
  model.beta.crash_and_start();
  finish();
}

TEST_P(boundary, the_target_dies_while_it_stores) {
  queue_one();
  raise();
  auto batch = batch_of(model.alpha, 1, 1);
  cut(model.beta, [&] { accept_at(model.beta, model.alpha, batch); });
  EXPECT_EQ(model.beta.count(table_id::inbox), GetParam() ? 1u : 0u);
  finish();
}

TEST_P(boundary, stored_but_not_answered_the_source_dies) {
  queue_one();
  raise();
  auto batch = batch_of(model.alpha, 1, 1);
  auto result = accept_at(model.beta, model.alpha, batch);
  cut(model.alpha, [&] {
    model.alpha.commit([&](ledger& books) { outbox::stored(books, 1, result.through); });
  });
  EXPECT_EQ(accept_at(model.beta, model.alpha, batch).through, 1u);  // a second time, in vain
  EXPECT_EQ(model.beta.count(table_id::inbox), 1u);
  finish();
}

TEST_P(boundary, stored_but_not_answered_the_target_dies) {
  queue_one();
  raise();
  auto batch = batch_of(model.alpha, 1, 1);
  accept_at(model.beta, model.alpha, batch);
  model.beta.crash_and_start();
  accept_at(model.beta, model.alpha, batch);
  EXPECT_EQ(model.beta.count(table_id::inbox), 1u);
  finish();
}

TEST_P(boundary, answered_but_not_removed_the_source_dies) {
  queue_one();
  transfer(model.alpha, model.beta, 1);
  model.alpha.crash_and_start();
  EXPECT_EQ(model.alpha.count(table_id::outbox), 1u);  // until its outcome
  finish();
}

TEST_P(boundary, answered_but_not_removed_the_target_dies) {
  queue_one();
  transfer(model.alpha, model.beta, 1);
  model.beta.crash_and_start();
  EXPECT_EQ(model.beta.admitted.begin()->second.attempt, 2u);
  finish();
}

TEST_P(boundary, the_target_dies_while_it_executes) {
  queue_one();
  transfer(model.alpha, model.beta, 1);
  cut(model.beta, [&] { model.execute_first(); });
  EXPECT_EQ(model.beta.count(table_id::inbox), GetParam() ? 0u : 1u);
  model.check();
  finish();
}

TEST_P(boundary, executed_but_not_reported_the_target_dies) {
  queue_one();
  transfer(model.alpha, model.beta, 1);
  model.execute_first();
  model.beta.crash_and_start();
  EXPECT_EQ(outcomes_at(model.beta, model.alpha, 1).size(), 1u);
  finish();
}

TEST_P(boundary, executed_but_not_reported_the_source_dies) {
  queue_one();
  transfer(model.alpha, model.beta, 1);
  model.execute_first();
  auto ranges = outcomes_at(model.beta, model.alpha, 1);
  cut(model.alpha,
      [&] { model.alpha.commit([&](ledger& books) { outbox::settle(books, 1, ranges); }); });
  finish();
}

TEST_P(boundary, reported_but_not_acknowledged_the_target_dies) {
  queue_one();
  transfer(model.alpha, model.beta, 1);
  model.execute_first();
  auto ranges = outcomes_at(model.beta, model.alpha, 1);
  model.alpha.commit([&](ledger& books) { outbox::settle(books, 1, ranges); });
  cut(model.beta, [&] {
    auto index = lane_from(model.beta, model.alpha, 1).index;
    model.beta.commit([&](ledger& books) { inbox::forget_outcomes(books, index, ranges); });
  });
  finish();
}

INSTANTIATE_TEST_SUITE_P(commit_in_flight, boundary, ::testing::Bool(),
                         [](auto& kept) { return kept.param ? "is_kept" : "is_lost"; });

class hand_off : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(hand_off, holds_its_invariants_after_every_step) {
  hand_off_model model(GetParam());
  for (int step = 0; step < 300; ++step) {
    SCOPED_TRACE("seed " + std::to_string(GetParam()) + ", step " + std::to_string(step));
    auto what = model.step();
    SCOPED_TRACE(what);
    model.check();
    if (::testing::Test::HasFailure())
      return;
  }
  model.settle_down();
  model.check();
  EXPECT_EQ(model.open(), 0u);
}

INSTANTIATE_TEST_SUITE_P(seeds, hand_off, ::testing::Range<std::uint64_t>(1, 61));

}  // namespace
}  // namespace holdfast::test
