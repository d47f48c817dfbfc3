// A target that is not the one it was: what the handshake finds, and the calls that are left over.

#include <tests/persistence/outbox_fixture.hpp>

namespace holdfast::test {
namespace {

class mark_test : public outbox_test {
protected:
  std::optional<std::string> check(sequence_number mark, std::uint64_t nonce) {
    return outbox::check_mark(lane(), 1, mark, nonce);
  }
};

TEST_F(mark_test, every_divergence_is_found) {
  for (int i = 0; i < 4; ++i)
    queue_at(alpha, call_to("beta"));
  auto first = alpha.self().nonce;
  alpha.restart();
  for (int i = 0; i < 4; ++i)
    queue_at(alpha, call_to("beta"));
  auto second = alpha.self().nonce;
  raise(6);
  stored(2);
  EXPECT_EQ(check(2, first), std::nullopt);
  EXPECT_EQ(check(4, first), std::nullopt);
  EXPECT_EQ(check(5, second), std::nullopt);
  EXPECT_EQ(check(6, second), std::nullopt);
  EXPECT_TRUE(check(1, first)->ends_with("its store is an older copy"));
  EXPECT_TRUE(check(0, 0)->ends_with("its store is an older copy"));
  EXPECT_TRUE(check(9, second)->ends_with("the store here is an older copy"));
  EXPECT_TRUE(check(7, second)->ends_with("the store here is an older copy"));  // never sent
  EXPECT_TRUE(check(5, first)->ends_with("two copies of one store have been running"));
  EXPECT_TRUE(check(4, second)->ends_with("two copies of one store have been running"));
}

TEST_F(mark_test, a_fresh_lane_takes_a_mark_of_none) {
  queue_at(alpha, call_to("beta"));
  EXPECT_EQ(check(0, 0), std::nullopt);
}

class orphans : public outbox_test {
protected:
  std::uint64_t accept_new() {
    return alpha.commit([](ledger& books) { return outbox::accept_new_history(books, "beta"); });
  }
  std::size_t requeue(std::size_t limit = 100) {
    return alpha.commit(
        [&](ledger& books) { return outbox::requeue_orphans(books, "beta", limit); });
  }
  std::size_t drop(std::size_t limit = 100) {
    return alpha.commit([&](ledger& books) { return outbox::drop_orphans(books, "beta", limit); });
  }
  std::vector<std::string> payloads(lane_number number) {
    std::vector<std::string> found;
    alpha.read()->scan(table_id::outbox, lane_key(number), lane_key(number + 1), [&](row at) {
      found.emplace_back(is_tombstone(at.value) ? "-" : decode_call(at.value).payload);
      return true;
    });
    return found;
  }
};

TEST_F(orphans, a_new_history_closes_the_lane_and_keeps_its_calls) {
  for (int i = 0; i < 3; ++i)
    queue_at(alpha, call_to("beta"));
  alpha.commit([](ledger& books) { books.peer("beta").id = books.self().id; });
  EXPECT_EQ(accept_new(), 3u);
  EXPECT_TRUE(lane(1).is_closed);
  EXPECT_EQ(lane(1).counters.orphaned, 3u);
  EXPECT_EQ(lane(1).counters.open(), 0u);
  EXPECT_EQ(alpha.count(table_id::outbox), 3u);
  EXPECT_TRUE(find_peer(*alpha.read(), "beta")->id.is_nil());
  EXPECT_EQ(queue_at(alpha, call_to("beta")).id.lane, 2u);
  EXPECT_TRUE(batch_of(alpha, 1, 1).records.empty());
}

TEST_F(orphans, they_are_queued_again_in_order) {
  for (int i = 0; i < 5; ++i)
    queue_at(alpha, call_to("beta", "work.run", std::to_string(i)));
  give_up(2);
  accept_new();
  EXPECT_EQ(requeue(2), 2u);
  EXPECT_EQ(requeue(2), 2u);
  EXPECT_EQ(requeue(2), 0u);
  EXPECT_EQ(payloads(1), std::vector<std::string>{});
  EXPECT_EQ(payloads(2), (std::vector<std::string>{"0", "2", "3", "4"}));
  EXPECT_EQ(lane(1).counters.orphaned, 4u);
  EXPECT_EQ(lane(1).tombstones, 0u);
  EXPECT_EQ(lane(2).counters.issued, 4u);
  EXPECT_EQ(reason_of_end(1), "orphaned");
}

TEST_F(orphans, accepting_and_queueing_again_may_share_a_transaction) {
  queue_at(alpha, call_to("beta", "work.run", "a"));
  alpha.commit([](ledger& books) {
    outbox::accept_new_history(books, "beta");
    EXPECT_EQ(outbox::requeue_orphans(books, "beta", 10), 1u);
  });
  EXPECT_EQ(payloads(2), std::vector<std::string>{"a"});
}

TEST_F(orphans, tombstones_are_not_what_is_counted) {
  for (int i = 0; i < 5; ++i)
    queue_at(alpha, call_to("beta", "work.run", std::to_string(i)));
  for (int i = 1; i < 5; ++i)
    give_up(i);
  accept_new();
  EXPECT_EQ(requeue(1), 1u);
  EXPECT_EQ(payloads(2), std::vector<std::string>{"4"});
}

TEST_F(orphans, a_user_id_goes_along) {
  queue_at(alpha, with_id("x"));
  accept_new();
  EXPECT_TRUE(queue_at(alpha, with_id("x")).is_duplicate);  // it is open, if in nobody's hands
  requeue();
  auto known = queue_at(alpha, with_id("x"));
  EXPECT_TRUE(known.is_duplicate);
  EXPECT_EQ(known.id.lane, 2u);
}

TEST_F(orphans, deadlines_go_along) {
  auto request = call_to("beta");
  request.header.expires_at = 10 * second_ns;
  request.header.not_before = 2 * second_ns;
  queue_at(alpha, request);
  accept_new();
  time.advance(4 * second_ns);
  requeue();
  raise(0);
  auto header = decode_call_header(*alpha.read()->get(table_id::outbox, call_key(2, 1)));
  EXPECT_EQ(header.expires_at, alpha.now() + 6 * second_ns);
  EXPECT_EQ(header.not_before, 0);
}

TEST_F(orphans, their_time_does_not_run_out_twice) {
  auto request = call_to("beta");
  request.header.expires_at = second_ns;
  queue_at(alpha, request);
  accept_new();
  time.advance(2 * second_ns);
  alpha.commit([](ledger& books) { expire(books, 10); });
  EXPECT_EQ(lane(1).counters.orphaned, 1u);
  EXPECT_EQ(lane(1).counters.expired, 0u);
  EXPECT_EQ(requeue(), 1u);  // and expires where it is now
  alpha.commit([](ledger& books) { expire(books, 10); });
  EXPECT_EQ(lane(2).counters.expired, 1u);
}

TEST_F(orphans, dropping_them_tells_their_completions) {
  queue_at(alpha, with_completion());
  queue_at(alpha, call_to("beta"));
  accept_new();
  EXPECT_EQ(drop(), 2u);
  EXPECT_EQ(completions(), std::vector{errc::dropped});
  EXPECT_EQ(alpha.count(table_id::outbox), 0u);
  EXPECT_EQ(reason_of_end(2), "dropped");
  EXPECT_EQ(lane(1).counters.orphaned, 2u);
}

TEST_F(orphans, a_damaged_one_holds_up_none) {
  for (int i = 0; i < 3; ++i)
    queue_at(alpha, call_to("beta", "work.run", std::to_string(i)));
  alpha.damage(table_id::outbox, call_key(1, 2), 30);
  accept_new();
  EXPECT_EQ(requeue(), 3u);
  EXPECT_EQ(payloads(2), (std::vector<std::string>{"0", "2"}));
  EXPECT_EQ(reason_of_end(2), "damaged");
}

TEST_F(orphans, a_late_outcome_settles_them_uncounted) {
  queue_at(alpha, call_to("beta"));
  transfer(alpha, beta, 1);
  accept_new();
  settle({{1, 1, errc::none}});
  EXPECT_EQ(alpha.count(table_id::outbox), 0u);
  EXPECT_EQ(lane(1).counters.orphaned, 1u);
  EXPECT_EQ(lane(1).counters.executed, 0u);
  EXPECT_EQ(requeue(), 0u);
}

}  // namespace
}  // namespace holdfast::test
