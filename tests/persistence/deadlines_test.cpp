// What is to be looked at when its time comes.

#include <holdfast/core/limits.hpp>

#include <gtest/gtest.h>

#include <tests/persistence/books.hpp>

namespace holdfast::test {
namespace {

class deadlines_test : public ::testing::Test {
protected:
  expired_calls expire_now(std::size_t limit = 100) {
    return alpha.commit([&](ledger& books) { return expire(books, limit); });
  }
  void queue_expiring(std::int64_t in_ns) {
    auto request = call_to("beta");
    request.header.expires_at = in_ns;
    queue_at(alpha, request);
  }

  hand_clock time;
  node_books alpha{"alpha", time};
};

TEST_F(deadlines_test, nothing_is_looked_at_before_its_time) {
  queue_expiring(second_ns);
  EXPECT_EQ(next_deadline(*alpha.read()), alpha.now() + second_ns);
  time.advance(second_ns - 1);
  EXPECT_EQ(expire_now().looked_at, 0u);
  time.advance(1);
  EXPECT_EQ(expire_now().looked_at, 1u);
  EXPECT_EQ(lane_at(alpha, 1).counters.expired, 1u);
}

TEST_F(deadlines_test, in_the_order_of_their_times_and_no_more_than_asked_for) {
  for (int i = 5; i > 0; --i)
    queue_expiring(i * second_ns);
  time.advance(10 * second_ns);
  EXPECT_EQ(expire_now(2).looked_at, 2u);
  for (sequence_number sequence : {5, 4})  // the last queued had the least time
    EXPECT_TRUE(is_tombstone(*alpha.read()->get(table_id::outbox, call_key(1, sequence))));
  EXPECT_EQ(expire_now(100).looked_at, 3u);
  EXPECT_EQ(expire_now(100).looked_at, 0u);
}

TEST_F(deadlines_test, the_next_one_is_the_earlier_of_expiry_and_not_before) {
  EXPECT_EQ(next_deadline(*alpha.read()), 0);
  queue_expiring(10 * second_ns);
  auto later = call_to("alpha");
  later.header.not_before = 3 * second_ns;
  queue_at(alpha, later);
  EXPECT_EQ(next_deadline(*alpha.read()), alpha.now() + 3 * second_ns);
  later.header.not_before = 20 * second_ns;
  queue_at(alpha, later);
  EXPECT_EQ(next_deadline(*alpha.read()), alpha.now() + 3 * second_ns);
}

TEST_F(deadlines_test, ends_are_remembered_for_as_long_as_promised) {
  queue_expiring(second_ns);
  time.advance(second_ns);
  expire_now();
  EXPECT_EQ(alpha.count(table_id::ended), 1u);
  time.advance(limits::ended_retention_ns - 1);
  expire_now();
  EXPECT_EQ(alpha.count(table_id::ended), 1u);
  time.advance(1);
  expire_now();
  EXPECT_EQ(alpha.count(table_id::ended), 0u);
  EXPECT_EQ(alpha.count(table_id::expiries), 0u);
}

TEST_F(deadlines_test, what_is_forgotten_is_not_looked_at) {
  alpha.commit([](ledger& books) {
    expire_at(books, books.now(), expiry_of::queued_end, "a");
    expire_at(books, books.now(), expiry_of::queued_end, "b");
    expire_at(books, books.now(), expiry_of::accepted_end, "a");  // another reason, another row
    forget_expiry(books, books.now(), expiry_of::queued_end, "a");
  });
  EXPECT_EQ(expire_now().looked_at, 2u);
}

TEST_F(deadlines_test, the_expiry_of_a_removed_call_is_removed) {
  auto request = call_to("alpha");
  request.header.expires_at = second_ns;
  queue_at(alpha, request);
  EXPECT_EQ(alpha.count(table_id::expiries), 1u);
  execute(alpha, alpha.in_turn().front());
  EXPECT_EQ(alpha.count(table_id::expiries), 0u);
}

}  // namespace
}  // namespace holdfast::test
