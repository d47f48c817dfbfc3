// The target's half of a queued call's life: stored once, and where it waits for its turn.

#include <algorithm>
#include <map>
#include <tests/persistence/inbox_fixture.hpp>

namespace holdfast::test {
namespace {

// --- accepting

TEST_F(inbox_test, a_batch_is_stored_once) {
  for (int i = 0; i < 4; ++i)
    queue_at(alpha, call_to("beta"));
  alpha.commit([](ledger& books) { outbox::raise_sent_through(books, 1, 4); });
  auto first_two = batch_of(alpha, 1, 1, 2);
  auto all = batch_of(alpha, 1, 1);
  EXPECT_EQ(accept_at(beta, alpha, first_two).through, 2u);
  EXPECT_EQ(accept_at(beta, alpha, first_two).through, 2u);
  EXPECT_EQ(accept_at(beta, alpha, all).through, 4u);  // half of it is known
  EXPECT_EQ(lane().stored, 4u);
  EXPECT_EQ(lane().mark_nonce, alpha.self().nonce);
  EXPECT_EQ(beta.count(table_id::inbox), 4u);
  EXPECT_EQ(turn(), (std::vector<sequence_number>{1, 2, 3, 4}));
  EXPECT_TRUE(beta.repeated.empty());
}

TEST_F(inbox_test, a_gap_is_refused_whole) {
  for (int i = 0; i < 3; ++i)
    queue_at(alpha, call_to("beta"));
  alpha.commit([](ledger& books) { outbox::raise_sent_through(books, 1, 3); });
  auto result = accept_at(beta, alpha, batch_of(alpha, 1, 2));
  EXPECT_TRUE(result.is_gap);
  EXPECT_EQ(result.through, 0u);
  EXPECT_EQ(beta.count(table_id::inbox), 0u);
}

TEST_F(inbox_test, damage_on_the_way_stores_nothing) {
  queue_at(alpha, call_to("beta"));
  queue_at(alpha, call_to("beta"));
  alpha.commit([](ledger& books) {
    outbox::give_up(books, 1, 2, errc::dropped, "why");
    outbox::raise_sent_through(books, 1, 2);
  });
  for (std::size_t record : {0u, 1u}) {
    auto batch = batch_of(alpha, 1, 1);
    batch.records.at(record).back() ^= 1;
    try {
      accept_at(beta, alpha, batch);
      ADD_FAILURE() << "damage was stored";
    } catch (const error& problem) {
      EXPECT_EQ(problem.code(), errc::damaged);
    }
    EXPECT_EQ(beta.count(table_id::inbox), 0u);
    EXPECT_EQ(lane().mark, 0u);
    EXPECT_TRUE(beta.admitted.empty());
  }
}

TEST_F(inbox_test, tombstones_move_the_mark_and_nothing_else) {
  for (int i = 0; i < 3; ++i)
    queue_at(alpha, call_to("beta"));
  alpha.commit([](ledger& books) { outbox::give_up(books, 1, 2, errc::dropped, "why"); });
  transfer(alpha, beta, 1);
  EXPECT_EQ(lane().mark, 3u);
  EXPECT_EQ(lane().stored, 2u);
  EXPECT_EQ(beta.count(table_id::inbox), 2u);
  EXPECT_TRUE(outcomes().empty());
}

TEST_F(inbox_test, lanes_of_many_sources_stand_apart) {
  node_books gamma("gamma", time, 3);
  queue_at(gamma, call_to("beta"));
  deliver(2);
  transfer(gamma, beta, 1);
  EXPECT_EQ(lane_from(beta, alpha, 1).mark, 2u);
  EXPECT_EQ(lane_from(beta, gamma, 1).mark, 1u);
  EXPECT_NE(lane_from(beta, alpha, 1).index, lane_from(beta, gamma, 1).index);
  EXPECT_NE(lane_from(beta, alpha, 1).index, 0u);
}

TEST_F(inbox_test, time_may_run_out_on_the_way) {
  auto request = call_to("beta");
  request.header.expires_at = second_ns;
  queue_at(alpha, request);
  alpha.commit([](ledger& books) { outbox::raise_sent_through(books, 1, 1); });
  time.advance(2 * second_ns);
  transfer(alpha, beta, 1);
  EXPECT_EQ(lane().stored, 1u);
  EXPECT_EQ(lane().expired, 1u);
  EXPECT_EQ(beta.count(table_id::inbox), 0u);
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{1, 1, errc::expired}}));
  report(beta, alpha, 1);
  EXPECT_EQ(lane_at(alpha, 1).counters.expired, 1u);
}

// --- where calls wait

TEST_F(inbox_test, a_call_waits_for_its_moment) {
  auto request = call_to("beta");
  request.header.not_before = 5 * second_ns;
  deliver(request);
  EXPECT_EQ(waiting(table_id::due), 1u);
  EXPECT_FALSE(is_in_memory(1));
  EXPECT_FALSE(inbox::is_admitted(*beta.read(), index(), 1));
  EXPECT_EQ(promote(), 0u);
  EXPECT_EQ(next_deadline(*beta.read()), beta.now() + 5 * second_ns);
  time.advance(5 * second_ns);
  EXPECT_EQ(promote(), 1u);
  EXPECT_TRUE(is_in_memory(1));
  EXPECT_TRUE(inbox::is_admitted(*beta.read(), index(), 1));
  EXPECT_EQ(next_deadline(*beta.read()), 0);
}

TEST_F(inbox_test, what_is_not_served_is_parked_at_once) {
  beta.unserved.insert("work.run");
  deliver(3);
  EXPECT_EQ(waiting(table_id::parked), 3u);
  EXPECT_TRUE(beta.admitted.empty());
  beta.unserved.clear();
  EXPECT_EQ(unpark(2), 2u);
  EXPECT_EQ(unpark(2), 1u);
  EXPECT_EQ(unpark(2), 0u);
  EXPECT_EQ(turn(), (std::vector<sequence_number>{1, 2, 3}));
  EXPECT_EQ(entry(1).attempt, 1u);
}

TEST_F(inbox_test, a_parked_call_of_another_method_stays) {
  beta.unserved = {"work.run", "work.runs"};
  deliver(1, "work.run");
  deliver(1, "work.runs");
  beta.unserved.clear();
  EXPECT_EQ(unpark(), 1u);
  EXPECT_TRUE(is_in_memory(1));
  EXPECT_FALSE(is_in_memory(2));
}

TEST_F(inbox_test, nothing_overtakes_those_that_are_being_unparked) {
  beta.unserved.insert("work.run");
  deliver(4);
  beta.unserved.clear();
  EXPECT_EQ(unpark(2), 2u);
  deliver(1);  // served, but 3 and 4 come first
  EXPECT_FALSE(is_in_memory(5));
  EXPECT_EQ(unpark(2), 2u);
  EXPECT_EQ(unpark(2), 1u);
  EXPECT_EQ(turn(), (std::vector<sequence_number>{1, 2, 3, 4, 5}));
}

TEST_F(inbox_test, an_admitted_call_whose_method_went_away_is_parked) {
  deliver(2);
  park(1);
  EXPECT_FALSE(is_in_memory(1));
  EXPECT_FALSE(inbox::is_admitted(*beta.read(), index(), 1));
  EXPECT_EQ(beta.window().total(), 1u);
  beta.crash_and_start();
  EXPECT_FALSE(is_in_memory(1));
  EXPECT_EQ(unpark(), 1u);
  EXPECT_EQ(entry(1).attempt, 1u);  // it never started
  EXPECT_EQ(entry(2).attempt, 2u);
}

TEST_F(inbox_test, higher_priority_first_then_first_come) {
  beta.unserved.insert("work.run");
  for (int priority : {0, 5, 0, 5, -5}) {
    auto request = call_to("beta");
    request.header.priority = static_cast<std::int8_t>(priority);
    queue_at(alpha, request);
  }
  transfer(alpha, beta, 1);
  beta.unserved.clear();
  unpark();
  EXPECT_EQ(turn(), (std::vector<sequence_number>{2, 4, 1, 3, 5}));
}

TEST_F(inbox_test, the_ready_index_sorts_by_priority_and_arrival) {
  for (int priority = -128; priority < 127; ++priority) {
    auto low = static_cast<std::int8_t>(priority);
    auto high = static_cast<std::int8_t>(priority + 1);
    EXPECT_LT(ready_key(7, high, 9), ready_key(7, low, 1));
    EXPECT_LT(ready_key(7, low, 1), ready_key(7, low, 2));
    EXPECT_LT(ready_key(7, low, 2), ready_key(8, high, 1));
  }
}

// --- room

TEST_F(inbox_test, a_mailbox_has_so_much_room_and_the_rest_waits_on_disk) {
  deliver(room + 10);
  EXPECT_EQ(beta.admitted.size(), room);
  EXPECT_EQ(waiting(table_id::ready), 10u);
  deliver(1, "other.run");
  EXPECT_TRUE(is_in_memory(room + 11));  // another mailbox is not in its way
  EXPECT_EQ(admit(), 0u);
}

TEST_F(inbox_test, a_new_call_does_not_overtake_those_that_wait) {
  deliver(room + 2);
  execute(beta, entry(1));
  execute(beta, entry(2));
  deliver(1);  // there is room for it, but two came before
  EXPECT_FALSE(is_in_memory(room + 3));
  EXPECT_EQ(admit(), 2u);
  EXPECT_TRUE(is_in_memory(room + 1));
  EXPECT_TRUE(is_in_memory(room + 2));
  EXPECT_FALSE(is_in_memory(room + 3));
}

TEST_F(inbox_test, a_more_urgent_call_does_overtake_them) {
  deliver(room + 2);
  execute(beta, entry(1));
  auto urgent = call_to("beta");
  urgent.header.priority = 1;
  deliver(urgent);
  EXPECT_TRUE(is_in_memory(room + 3));
}

TEST_F(inbox_test, mailboxes_take_turns_in_being_admitted) {
  beta.unserved.insert("work.run");
  for (int i = 0; i < 30; ++i) {
    auto request = call_to("beta");
    request.header.key = std::to_string(i % 3);
    queue_at(alpha, request);
  }
  transfer(alpha, beta, 1);
  beta.unserved.clear();
  // To `ready` rather than to memory: fill the window from outside while they are unparked.
  for (std::size_t i = 0; i < 4 * limits::admitted_calls_max; ++i)
    const_cast<admission_window&>(beta.window()).add(1, 1'000'000);
  unpark();
  EXPECT_EQ(waiting(table_id::ready), 30u);
  for (std::size_t i = 0; i < 4 * limits::admitted_calls_max; ++i)
    const_cast<admission_window&>(beta.window()).remove(1, 1'000'000);
  std::uint64_t cursor = 0;
  auto some = [&](std::size_t limit) {
    return beta.commit([&](ledger& books) { return inbox::admit(books, cursor, 4, limit); });
  };
  EXPECT_EQ(some(6), 6u);  // 4 of the first, 2 of the second
  EXPECT_NE(cursor, 0u);
  EXPECT_EQ(some(100), 4u);  // the third
  EXPECT_EQ(cursor, 0u);
  std::map<std::uint64_t, std::size_t> per_mailbox;
  for (auto& [place, each] : beta.admitted)
    ++per_mailbox[each.mailbox];
  EXPECT_EQ(per_mailbox.size(), 3u);
  EXPECT_EQ(admit(4), 12u - 2u + 2u);
}

TEST_F(inbox_test, durable_ranges_say_what_is_in_memory) {
  deliver(5);
  EXPECT_EQ(waiting(table_id::admitted), 1u);
  execute(beta, entry(3));
  execute(beta, entry(1));
  EXPECT_EQ(waiting(table_id::admitted), 1u);
  for (sequence_number sequence : {2, 4, 5})
    execute(beta, entry(sequence));
  EXPECT_EQ(waiting(table_id::admitted), 0u);
  EXPECT_EQ(beta.window().total(), 0u);
}

}  // namespace
}  // namespace holdfast::test
