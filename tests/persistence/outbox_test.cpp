// The source's half of a queued call's life.

#include <holdfast/core/limits.hpp>

#include <limits>
#include <tests/persistence/outbox_fixture.hpp>

namespace holdfast::test {
namespace {

TEST_F(outbox_test, calls_are_numbered_per_lane) {
  EXPECT_EQ(queue_at(alpha, call_to("beta")).id, (call_id{origin_of(alpha.self().id), 1, 1}));
  EXPECT_EQ(queue_at(alpha, call_to("beta")).id.sequence, 2u);
  EXPECT_EQ(queue_at(alpha, call_to("gamma")).id.lane, 2u);
  EXPECT_EQ(queue_at(alpha, call_to("alpha")).id,
            (call_id{origin_of(alpha.self().id), loopback_lane, 1}));
  EXPECT_EQ(lane().counters.issued, 2u);
  EXPECT_EQ(lane().counters.open(), 2u);
  EXPECT_EQ(alpha.count(table_id::outbox), 3u);
}

TEST_F(outbox_test, two_lanes_may_open_in_one_transaction) {
  alpha.commit([](ledger& books) {
    outbox::queue(books, call_to("beta"));
    outbox::queue(books, call_to("gamma"));
    outbox::queue(books, call_to("beta"));
  });
  EXPECT_EQ(lane(1).next, 3u);
  EXPECT_EQ(lane(2).next, 2u);
}

TEST_F(outbox_test, a_live_user_id_is_answered_with_its_call) {
  auto first = queue_at(alpha, with_id("x"));
  auto again = queue_at(alpha, with_id("x"));
  EXPECT_TRUE(again.is_duplicate);
  EXPECT_EQ(again.id, first.id);
  EXPECT_EQ(alpha.count(table_id::outbox), 1u);
  auto other = queue_at(alpha, with_id("x", "other arguments"));
  EXPECT_EQ(other.refused, errc::id_conflict);
  EXPECT_EQ(alpha.count(table_id::outbox), 1u);
}

TEST_F(outbox_test, a_user_id_belongs_to_one_target_and_method) {
  queue_at(alpha, with_id("x"));
  auto elsewhere = with_id("x");
  elsewhere.peer = "gamma";
  EXPECT_FALSE(queue_at(alpha, elsewhere).is_duplicate);
  auto otherwise = with_id("x");
  otherwise.header.method = "work.walk";
  EXPECT_FALSE(queue_at(alpha, otherwise).is_duplicate);
}

TEST_F(outbox_test, an_executed_calls_id_answers_for_a_while) {
  auto first = queue_at(alpha, with_id("x"));
  transfer(alpha, beta, 1);
  settle({{1, 1, errc::none}});
  time.advance(limits::id_retention_ns - second_ns);
  EXPECT_EQ(queue_at(alpha, with_id("x")).id, first.id);
  time.advance(2 * second_ns);
  auto fresh = queue_at(alpha, with_id("x"));  // though nobody has looked at the deadline yet
  EXPECT_FALSE(fresh.is_duplicate);
  EXPECT_EQ(fresh.id.sequence, 2u);
  alpha.commit([](ledger& books) { expire(books, 100); });
  EXPECT_TRUE(
      queue_at(alpha, with_id("x")).is_duplicate);  // the old deadline is not the new call's
}

TEST_F(outbox_test, the_row_of_a_retained_id_goes_when_its_time_comes) {
  queue_at(alpha, with_id("x"));
  transfer(alpha, beta, 1);
  settle({{1, 1, errc::none}});
  time.advance(limits::id_retention_ns);
  alpha.commit([](ledger& books) { expire(books, 100); });
  EXPECT_EQ(alpha.count(table_id::ids), 0u);
}

TEST_F(outbox_test, dead_expired_and_dropped_release_the_id) {
  sequence_number sequence = 0;
  for (auto kind : {errc::handler_failed, errc::expired, errc::dropped, errc::damaged}) {
    queue_at(alpha, with_id("x"));
    ++sequence;
    transfer(alpha, beta, 1);
    settle({{sequence, sequence, kind}});
    EXPECT_EQ(alpha.count(table_id::ids), 0u) << kind;
  }
  queue_at(alpha, with_id("x"));
  EXPECT_TRUE(give_up(sequence + 1));
  EXPECT_EQ(alpha.count(table_id::ids), 0u);
}

TEST_F(outbox_test, an_id_whose_call_was_damaged_beyond_reading_is_free) {
  queue_at(alpha, with_id("x"));
  alpha.damage(table_id::outbox, call_key(1, 1), 20);
  transfer(alpha, beta, 1);
  auto fresh = queue_at(alpha, with_id("x"));
  EXPECT_FALSE(fresh.is_duplicate);
  EXPECT_EQ(fresh.id.sequence, 2u);
}

TEST_F(outbox_test, sent_through_runs_ahead_while_the_link_is_up) {
  queue_at(alpha, call_to("beta"));
  EXPECT_EQ(lane().sent_through, 0u);
  alpha.up.insert("beta");
  queue_at(alpha, call_to("beta"));
  EXPECT_EQ(lane().sent_through, 2 + outbox::sent_through_stride);
  queue_at(alpha, call_to("beta"));
  EXPECT_EQ(lane().sent_through, 2 + outbox::sent_through_stride);
}

TEST_F(outbox_test, nothing_above_sent_through_is_transmitted) {
  for (int i = 0; i < 5; ++i)
    queue_at(alpha, call_to("beta"));
  EXPECT_TRUE(batch_of(alpha, 1, 1).records.empty());
  EXPECT_EQ(batch_of(alpha, 1, 1).blocked, errc::none);
  raise(3);
  EXPECT_EQ(batch_of(alpha, 1, 1).records.size(), 3u);
  raise(2);  // never back by raising
  EXPECT_EQ(lane().sent_through, 3u);
  raise(1000);
  EXPECT_EQ(batch_of(alpha, 1, 1).records.size(), 5u);
  EXPECT_TRUE(batch_of(alpha, 1, 6).records.empty());
  EXPECT_EQ(batch_of(alpha, 1, 6).blocked, errc::none);
}

TEST_F(outbox_test, the_source_gives_up_above_sent_through_only) {
  for (int i = 0; i < 4; ++i)
    queue_at(alpha, call_to("beta"));
  raise(2);
  EXPECT_FALSE(give_up(1));
  EXPECT_FALSE(give_up(2));
  EXPECT_TRUE(give_up(3));
  EXPECT_FALSE(give_up(3));
  EXPECT_FALSE(give_up(9));
  EXPECT_EQ(lane().counters.dropped, 1u);
  EXPECT_EQ(lane().counters.open(), 3u);
  EXPECT_EQ(lane().tombstones, 1u);
  EXPECT_EQ(reason_of_end(3), "dropped");
}

TEST_F(outbox_test, sent_through_falls_to_what_was_transmitted) {
  for (int i = 0; i < 6; ++i)
    queue_at(alpha, call_to("beta"));
  raise(1030);
  alpha.commit([](ledger& books) { outbox::lower_sent_through(books, 1, 3); });
  EXPECT_EQ(lane().sent_through, 3u);
  EXPECT_TRUE(give_up(4));
  stored(3);
  alpha.commit([](ledger& books) { outbox::lower_sent_through(books, 1, 0); });
  EXPECT_EQ(lane().sent_through, 3u);
}

TEST_F(outbox_test, a_call_that_expired_while_it_was_in_doubt_expires_when_it_is_ours_again) {
  auto request = call_to("beta");
  request.header.expires_at = second_ns;
  queue_at(alpha, request);
  raise(1024);
  time.advance(2 * second_ns);
  alpha.commit([](ledger& books) { expire(books, 100); });
  EXPECT_EQ(lane().counters.expired, 0u);
  EXPECT_EQ(next_deadline(*alpha.read()), 0);
  alpha.commit([](ledger& books) { outbox::lower_sent_through(books, 1, 0); });
  alpha.commit([](ledger& books) { expire(books, 100); });
  EXPECT_EQ(lane().counters.expired, 1u);
}

TEST_F(outbox_test, a_batch_keeps_its_limits) {
  for (int i = 0; i < 10; ++i)
    queue_at(alpha, call_to("beta", "work.run", std::string(1000, 'x')));
  raise(10);
  auto read = [&](std::size_t bytes, std::size_t calls) {
    return outbox::read_batch(*alpha.read(), 1, 1, bytes, calls, 1u << 20, alpha.now());
  };
  EXPECT_EQ(read(1u << 20, 4).records.size(), 4u);
  auto two = read(2500, 100);
  EXPECT_EQ(two.records.size(), 2u);
  EXPECT_EQ(two.bytes, two.records[0].size() + two.records[1].size());
  EXPECT_EQ(read(1, 100).records.size(), 1u);  // one larger than the window goes alone
}

TEST_F(outbox_test, a_batch_ends_where_another_start_begins) {
  queue_at(alpha, call_to("beta"));
  queue_at(alpha, call_to("beta"));
  auto first_nonce = alpha.self().nonce;
  alpha.restart();
  queue_at(alpha, call_to("beta"));
  raise(3);
  ASSERT_EQ(lane().spans.size(), 2u);
  auto old = batch_of(alpha, 1, 1);
  EXPECT_EQ(old.records.size(), 2u);
  EXPECT_EQ(old.nonce, first_nonce);
  EXPECT_EQ(batch_of(alpha, 1, 3).nonce, alpha.self().nonce);
  stored(2);
  EXPECT_EQ(lane().spans.size(), 2u);  // the first still covers what is stored
  stored(3);
  EXPECT_EQ(lane().spans, (std::vector<lane_span>{{alpha.self().nonce, 3}}));
}

TEST_F(outbox_test, deadlines_travel_as_time_left) {
  auto request = call_to("beta");
  request.header.expires_at = 10 * second_ns;
  request.header.not_before = 3 * second_ns;
  queue_at(alpha, request);
  raise(1);
  auto left = [&] { return decode_call(batch_of(alpha, 1, 1).records.at(0)).header; };
  EXPECT_EQ(left().expires_at, 10 * second_ns);
  EXPECT_EQ(left().not_before, 3 * second_ns);
  time.advance(4 * second_ns);
  EXPECT_EQ(left().expires_at, 6 * second_ns);
  EXPECT_EQ(left().not_before, 0);
  time.advance(7 * second_ns);
  EXPECT_LT(left().expires_at, 0);  // never 0, which would be no deadline
}

TEST_F(outbox_test, the_longest_deadline_does_not_wrap) {
  auto request = call_to("beta");
  request.header.expires_at = std::numeric_limits<node_time>::max();
  queue_at(alpha, request);
  alpha.commit([](ledger& books) { expire(books, 100); });
  EXPECT_EQ(lane().counters.open(), 1u);
  transfer(alpha, beta, 1);
  EXPECT_EQ(lane_from(beta, alpha, 1).expired, 0u);
  EXPECT_EQ(moment_after(5, -9), 1);
  EXPECT_EQ(moment_after(5, std::numeric_limits<node_time>::min()), 1);
}

TEST_F(outbox_test, a_damaged_record_blocks_and_is_entombed) {
  for (int i = 0; i < 3; ++i)
    queue_at(alpha, with_completion());
  auto size = alpha.read()->get(table_id::outbox, call_key(1, 2))->size();
  alpha.damage(table_id::outbox, call_key(1, 2), size - 1);  // the payload: the header is sound
  raise(3);
  auto batch = batch_of(alpha, 1, 1);
  EXPECT_EQ(batch.records.size(), 1u);
  EXPECT_EQ(batch.blocked, errc::damaged);
  transfer(alpha, beta, 1);
  EXPECT_EQ(lane().counters.damaged, 1u);
  EXPECT_EQ(lane().stored_through, 3u);
  EXPECT_EQ(lane().tombstones, 0u);
  EXPECT_EQ(reason_of_end(2), "damaged");
  EXPECT_EQ(completions(), std::vector{errc::damaged});
  EXPECT_EQ(lane_from(beta, alpha, 1).mark, 3u);
  EXPECT_EQ(beta.count(table_id::inbox), 2u);
}

TEST_F(outbox_test, a_damaged_tombstone_is_not_counted_twice) {
  queue_at(alpha, call_to("beta"));
  EXPECT_TRUE(give_up(1, errc::expired));
  alpha.damage(table_id::outbox, call_key(1, 1), 16);
  transfer(alpha, beta, 1);
  EXPECT_EQ(lane().counters.expired, 1u);
  EXPECT_EQ(lane().counters.damaged, 0u);
  EXPECT_EQ(lane().counters.open(), 0u);
  EXPECT_EQ(lane().tombstones, 0u);
  EXPECT_EQ(lane().stored_through, 1u);
}

TEST_F(outbox_test, a_missing_row_stalls_nothing) {
  for (int i = 0; i < 4; ++i)
    queue_at(alpha, call_to("beta"));
  alpha.plant(table_id::outbox, call_key(1, 2), std::nullopt);
  alpha.plant(table_id::outbox, call_key(1, 4), std::nullopt);  // with nothing behind it
  transfer(alpha, beta, 1);
  EXPECT_EQ(lane().counters.damaged, 2u);
  EXPECT_EQ(lane().stored_through, 4u);
  EXPECT_EQ(beta.count(table_id::inbox), 2u);
}

TEST_F(outbox_test, what_the_peer_does_not_take_is_entombed) {
  queue_at(alpha, call_to("beta", "work.run", std::string(2000, 'x')));
  queue_at(alpha, call_to("beta"));
  raise(2);
  auto batch = outbox::read_batch(*alpha.read(), 1, 1, 1u << 20, 100, 1000, alpha.now());
  EXPECT_TRUE(batch.records.empty());
  EXPECT_EQ(batch.blocked, errc::too_large_for_peer);
  alpha.commit([&](ledger& books) { outbox::entomb(books, 1, 1, batch.blocked, "too large"); });
  transfer(alpha, beta, 1);
  EXPECT_EQ(lane().counters.damaged, 1u);
  EXPECT_EQ(reason_of_end(1), "too_large_for_peer");
  EXPECT_EQ(beta.count(table_id::inbox), 1u);
}

TEST_F(outbox_test, calls_stay_until_their_outcome_and_tombstones_until_stored) {
  for (int i = 0; i < 4; ++i)
    queue_at(alpha, call_to("beta"));
  give_up(2);
  give_up(4);
  raise(4);
  stored(3);
  EXPECT_EQ(lane().tombstones, 1u);
  EXPECT_EQ(alpha.count(table_id::outbox), 3u);
  stored(2);  // an old answer changes nothing
  EXPECT_EQ(lane().stored_through, 3u);
  stored(4);
  EXPECT_EQ(alpha.count(table_id::outbox), 2u);
  settle({{1, 1, errc::none}, {3, 3, errc::handler_failed}});
  EXPECT_EQ(alpha.count(table_id::outbox), 0u);
  EXPECT_EQ(lane().counters.open(), 0u);
}

TEST_F(outbox_test, outcomes_may_be_replayed) {
  for (int i = 0; i < 5; ++i)
    queue_at(alpha, call_to("beta"));
  raise(5);
  stored(5);
  for (int i = 0; i < 3; ++i)
    settle({{1, 2, errc::none}, {3, 3, errc::expired}, {4, 4, errc::undecodable}});
  lane_counters expected;
  expected.issued = 5;
  expected.executed = 2;
  expected.expired = 1;
  expected.dead = 1;
  EXPECT_EQ(lane().counters, expected);
  EXPECT_EQ(reason_of_end(1), "no end");
  EXPECT_EQ(reason_of_end(3), "expired");
  EXPECT_EQ(reason_of_end(4), "undecodable");
}

TEST_F(outbox_test, no_outcome_reaches_what_was_never_sent) {
  for (int i = 0; i < 5; ++i)
    queue_at(alpha, call_to("beta"));
  raise(2);
  settle({{1, std::numeric_limits<sequence_number>::max(), errc::none}});
  EXPECT_EQ(lane().counters.executed, 2u);
  EXPECT_EQ(lane().counters.open(), 3u);
}

TEST_F(outbox_test, a_settled_call_leaves_no_deadline_behind) {
  auto request = with_id("x");
  request.header.expires_at = 3600 * second_ns;
  queue_at(alpha, request);
  raise(1);
  settle({{1, 1, errc::handler_failed}});
  alpha.read()->scan(table_id::expiries, {}, {}, [&](row at) {
    EXPECT_EQ(at.key[8], static_cast<char>(expiry_of::queued_end));
    return true;
  });
  EXPECT_EQ(alpha.count(table_id::ids), 0u);
}

TEST_F(outbox_test, damage_does_not_keep_an_outcome_from_settling) {
  queue_at(alpha, with_id("x"));
  queue_at(alpha, call_to("beta"));
  transfer(alpha, beta, 1);
  alpha.damage(table_id::outbox, call_key(1, 1), 40);
  alpha.damage(table_id::outbox, call_key(1, 2), 40);
  settle({{1, 2, errc::none}});
  EXPECT_EQ(lane().counters.executed, 2u);
  EXPECT_EQ(alpha.count(table_id::outbox), 0u);
}

TEST_F(outbox_test, giving_up_tells_the_completion) {
  queue_at(alpha, with_completion());
  queue_at(alpha, with_completion());
  EXPECT_TRUE(give_up(1, errc::expired));
  EXPECT_EQ(completions(), std::vector{errc::expired});
}

TEST_F(outbox_test, damage_at_the_target_is_told_by_the_source) {
  queue_at(alpha, with_completion());
  transfer(alpha, beta, 1);
  settle({{1, 1, errc::damaged}});
  EXPECT_EQ(completions(), std::vector{errc::damaged});
  EXPECT_EQ(lane().counters.damaged, 1u);
}

TEST_F(outbox_test, unchanged_rows_are_not_written_again) {
  queue_at(alpha, call_to("beta"));
  auto before = alpha.store().status().commits;
  alpha.commit([](ledger& books) {
    books.peer("beta");
    books.lane_out(1);
    books.lane_from(books.self().id, loopback_lane, "alpha");
  });
  EXPECT_EQ(alpha.store().status().commits, before);  // a commit that writes nothing costs nothing
}

}  // namespace
}  // namespace holdfast::test
