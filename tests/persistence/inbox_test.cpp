// The target's half of a queued call's life.

#include <holdfast/core/limits.hpp>

#include <gtest/gtest.h>

#include <tests/persistence/books.hpp>

namespace holdfast::test {
namespace {

class inbox_test : public ::testing::Test {
protected:
  /// Queued at alpha for beta, stored there.
  void deliver(const queue_request& request) {
    queue_at(alpha, request);
    transfer(alpha, beta, 1);
  }
  void deliver(std::size_t calls, const std::string& method = "work.run") {
    for (std::size_t i = 0; i < calls; ++i)
      queue_at(alpha, call_to("beta", method));
    transfer(alpha, beta, 1);
  }
  in_lane lane() { return lane_from(beta, alpha, 1); }
  std::uint32_t index() { return lane().index; }
  const inbox_entry& entry(sequence_number sequence) {
    return beta.admitted.at({index(), sequence});
  }
  bool is_in_memory(sequence_number sequence) {
    return beta.admitted.contains({index(), sequence});
  }
  std::vector<sequence_number> turn() {
    std::vector<sequence_number> sequences;
    for (auto& each : beta.in_turn())
      sequences.push_back(each.sequence);
    return sequences;
  }
  void fail(sequence_number sequence, node_time due, bool keeps_place = false) {
    auto failing = entry(sequence);
    beta.commit(
        [&](ledger& books) { inbox::failed(books, failing, "it threw", due, keeps_place); });
  }
  void park(sequence_number sequence) {
    auto parked = entry(sequence);
    beta.commit([&](ledger& books) { inbox::park(books, parked); });
  }
  std::size_t promote(std::size_t limit = 100) {
    return beta.commit([&](ledger& books) { return inbox::promote_due(books, limit); });
  }
  std::size_t unpark(std::size_t limit = 100) {
    return beta.commit([&](ledger& books) { return inbox::unpark(books, "work.run", limit); });
  }
  std::size_t admit(std::size_t per_mailbox = 10000, std::size_t limit = 10000) {
    std::uint64_t cursor = 0;
    std::size_t admitted = 0;
    do
      admitted += beta.commit(
          [&](ledger& books) { return inbox::admit(books, cursor, per_mailbox, limit); });
    while (cursor != 0);
    return admitted;
  }
  bool retry(sequence_number sequence) {
    return beta.commit([&](ledger& books) { return inbox::retry_dead(books, index(), sequence); });
  }
  bool end_waiting(sequence_number sequence, errc reason) {
    return beta.commit([&](ledger& books) {
      return inbox::ended(books, index(), sequence, nullptr, reason, "why");
    });
  }
  std::optional<attempt_record> attempts(sequence_number sequence) {
    return inbox::find_attempts(*beta.read(), index(), sequence);
  }
  std::vector<outcome_range> outcomes() { return outcomes_at(beta, alpha, 1); }
  std::uint64_t waiting(table_id table) { return beta.count(table); }

  hand_clock time;
  node_books alpha{"alpha", time, 1};
  node_books beta{"beta", time, 2};
};

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

constexpr auto room = limits::admitted_calls_per_mailbox_max;

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

// --- ends

TEST_F(inbox_test, a_call_is_executed_once) {
  deliver(1);
  auto running = entry(1);
  handler_effects effects;
  effects.writes.push_back({state_key("t", "k"), "v"});
  effects.calls.push_back(call_to("gamma"));
  EXPECT_TRUE(execute(beta, running, effects));
  EXPECT_EQ(read_state(*beta.read(), state_key("t", "k")), "v");
  EXPECT_EQ(beta.count(table_id::outbox), 1u);
  effects.writes[0].value = "w";
  EXPECT_FALSE(execute(beta, running, effects));
  EXPECT_EQ(read_state(*beta.read(), state_key("t", "k")), "v");
  EXPECT_EQ(beta.count(table_id::outbox), 1u);
  EXPECT_EQ(lane().executed, 1u);
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{1, 1, errc::none}}));
}

TEST_F(inbox_test, effects_of_a_message_touch_no_call) {
  deliver(1);
  handler_effects effects;
  effects.writes.push_back({state_key("t", "k"), "v"});
  beta.commit([&](ledger& books) { inbox::apply(books, effects); });
  EXPECT_EQ(beta.count(table_id::inbox), 1u);
  EXPECT_EQ(beta.count(table_id::state), 1u);
}

TEST_F(inbox_test, a_failed_call_comes_back_when_due) {
  deliver(2);
  fail(1, beta.now() + second_ns);
  EXPECT_FALSE(is_in_memory(1));
  EXPECT_EQ(beta.window().total(), 1u);
  EXPECT_EQ(promote(), 0u);
  time.advance(second_ns);
  EXPECT_EQ(promote(), 1u);
  EXPECT_EQ(entry(1).attempt, 2u);
  EXPECT_EQ(entry(1).failures, 1u);
  EXPECT_TRUE(entry(1).has_attempts);
  EXPECT_EQ(turn(), (std::vector<sequence_number>{1, 2}));  // its place is that of its arrival
  ASSERT_EQ(attempts(1)->errors.size(), 1u);
  EXPECT_EQ(attempts(1)->errors[0].text, "it threw");
  execute(beta, entry(1));
  EXPECT_EQ(beta.count(table_id::attempts), 0u);
}

TEST_F(inbox_test, in_an_ordered_mailbox_it_keeps_its_place) {
  deliver(2);
  fail(1, beta.now() + second_ns, true);
  EXPECT_TRUE(is_in_memory(1));
  EXPECT_EQ(waiting(table_id::due), 0u);
  EXPECT_EQ(attempts(1)->failures, 1u);
  beta.restart();
  EXPECT_EQ(entry(1).attempt, 2u);
  EXPECT_EQ(turn(), (std::vector<sequence_number>{1, 2}));
}

TEST_F(inbox_test, the_latest_errors_are_kept) {
  deliver(1);
  for (std::size_t i = 0; i < limits::attempts_kept_max + 3; ++i) {
    fail(1, beta.now());
    promote();
  }
  EXPECT_EQ(attempts(1)->errors.size(), limits::attempts_kept_max);
  EXPECT_EQ(attempts(1)->errors.front().attempt, 4u);
  EXPECT_EQ(entry(1).attempt, limits::attempts_kept_max + 4);
}

TEST_F(inbox_test, a_dead_letter_is_kept_with_its_reason_and_its_attempts) {
  deliver(1);
  fail(1, beta.now());
  promote();
  EXPECT_TRUE(end_admitted(beta, entry(1), errc::handler_failed, "it threw again"));
  EXPECT_FALSE(end_waiting(1, errc::dropped));
  EXPECT_EQ(beta.count(table_id::inbox), 0u);
  std::string stored(beta.read()->get(table_id::dead, call_key(index(), 1)).value());
  auto letter = decode_dead(stored);
  EXPECT_EQ(letter.end.reason, errc::handler_failed);
  EXPECT_EQ(letter.end.text, "it threw again");
  EXPECT_EQ(decode_call(letter.record).payload, "payload");
  EXPECT_EQ(attempts(1)->last_attempt, 2u);
  EXPECT_EQ(attempts(1)->errors.size(), 2u);
  EXPECT_EQ(lane().dead, 1u);
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{1, 1, errc::handler_failed}}));
}

TEST_F(inbox_test, a_retried_dead_letter_goes_on_counting_its_attempts) {
  deliver(1);
  EXPECT_TRUE(end_admitted(beta, entry(1), errc::handler_failed));
  EXPECT_FALSE(is_in_memory(1));
  EXPECT_TRUE(retry(1));
  EXPECT_FALSE(retry(1));
  EXPECT_EQ(entry(1).attempt, 2u);  // attempt 1 is always a first run
  EXPECT_EQ(entry(1).failures, 0u);
  EXPECT_EQ(beta.count(table_id::dead), 0u);
  EXPECT_TRUE(execute(beta, entry(1)));
  EXPECT_EQ(lane().dead, 1u);  // as it was decided and told
  EXPECT_EQ(lane().executed, 0u);
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{1, 1, errc::handler_failed}}));
  EXPECT_EQ(beta.count(table_id::attempts), 0u);
}

TEST_F(inbox_test, a_retry_is_not_held_back_by_its_old_deadlines) {
  auto request = call_to("beta");
  request.header.expires_at = 5 * second_ns;
  deliver(request);
  end_admitted(beta, entry(1), errc::undecodable);
  time.advance(10 * second_ns);
  EXPECT_TRUE(retry(1));
  beta.commit([](ledger& books) { expire(books, 100); });
  EXPECT_TRUE(is_in_memory(1));
  EXPECT_EQ(entry(1).expires_at, 0);
}

TEST_F(inbox_test, a_dropped_dead_letter_leaves_a_note) {
  deliver(1);
  end_admitted(beta, entry(1), errc::handler_failed);
  auto drop = [&] {
    return beta.commit([&](ledger& books) { return inbox::drop_dead(books, index(), 1); });
  };
  EXPECT_TRUE(drop());
  EXPECT_FALSE(drop());
  EXPECT_EQ(beta.count(table_id::dead), 0u);
  EXPECT_EQ(beta.count(table_id::attempts), 0u);
  EXPECT_EQ(beta.count(table_id::ended), 1u);
  EXPECT_EQ(lane().dead, 1u);
  EXPECT_EQ(lane().dropped, 0u);
}

TEST_F(inbox_test, an_operator_drops_a_call_wherever_it_waits) {
  beta.unserved.insert("off.run");
  auto later = call_to("beta");
  later.header.not_before = second_ns;
  deliver(room + 1);                // the last is ready
  deliver(1, "off.run");            // parked
  deliver(later);                   // due
  fail(1, beta.now() + second_ns);  // due for its next attempt
  for (sequence_number sequence : {room + 1, room + 2, room + 3, std::size_t{1}})
    EXPECT_TRUE(end_waiting(sequence, errc::dropped)) << sequence;
  for (auto table : {table_id::ready, table_id::parked, table_id::due, table_id::attempts})
    EXPECT_EQ(waiting(table), 0u) << table_name(table);
  EXPECT_EQ(lane().dropped, 4u);
}

TEST_F(inbox_test, time_runs_out_on_disk_and_is_left_to_the_executor_in_memory) {
  beta.unserved.insert("off.run");
  for (auto method : {"work.run", "off.run"}) {
    auto request = call_to("beta", method);
    request.header.expires_at = second_ns;
    deliver(request);
  }
  time.advance(2 * second_ns);
  auto result = beta.commit([](ledger& books) { return expire(books, 100); });
  EXPECT_EQ(result.looked_at, 2u);
  EXPECT_EQ(result.in_memory, (std::vector<place_in_lane>{{index(), 1}}));
  EXPECT_EQ(lane().expired, 1u);
  EXPECT_EQ(waiting(table_id::parked), 0u);
  EXPECT_TRUE(end_admitted(beta, entry(1), errc::expired));
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{1, 1, errc::expired}, {2, 2, errc::expired}}));
}

// --- damage

TEST_F(inbox_test, a_damaged_call_stops_nothing_but_itself) {
  beta.unserved.insert("off.run");
  auto later = call_to("beta");
  later.header.not_before = second_ns;
  deliver(later);
  deliver(1, "off.run");
  deliver(room + 2);
  for (sequence_number sequence : {std::size_t{1}, std::size_t{2}, room + 3})
    beta.damage(table_id::inbox, call_key(index(), sequence), 30);
  beta.unserved.clear();
  execute(beta, entry(3));
  execute(beta, entry(4));
  time.advance(second_ns);
  EXPECT_EQ(promote(), 1u);
  EXPECT_EQ(beta.commit([](ledger& books) { return inbox::unpark(books, "off.run", 10); }), 1u);
  EXPECT_EQ(admit(), 1u);
  EXPECT_TRUE(is_in_memory(room + 4));
  EXPECT_EQ(beta.count(table_id::dead), 3u);
  EXPECT_EQ(lane().dead, 3u);
  report(beta, alpha, 1);
  EXPECT_EQ(lane_at(alpha, 1).counters.damaged, 3u);
}

TEST_F(inbox_test, a_damaged_call_in_memory_is_found_at_the_start) {
  deliver(2);
  beta.damage(table_id::inbox, call_key(index(), 1), 30);
  beta.crash_and_start();
  EXPECT_FALSE(is_in_memory(1));
  EXPECT_TRUE(is_in_memory(2));
  EXPECT_EQ(beta.count(table_id::dead), 1u);
  EXPECT_THROW(retry(1), error);
  EXPECT_EQ(beta.count(table_id::dead), 1u);
}

TEST_F(inbox_test, dropping_an_unreadable_call_takes_its_index_row_along) {
  beta.unserved.insert("work.run");
  deliver(2);
  beta.damage(table_id::inbox, call_key(index(), 1), 30);
  EXPECT_FALSE(inbox::is_admitted(*beta.read(), index(), 1));
  EXPECT_TRUE(end_waiting(1, errc::dropped));
  EXPECT_EQ(waiting(table_id::parked), 1u);
  beta.unserved.clear();
  EXPECT_EQ(unpark(), 1u);
}

// --- outcomes

TEST_F(inbox_test, outcomes_of_a_kind_grow_together) {
  deliver(9);
  for (sequence_number sequence : {1, 2, 4})
    execute(beta, entry(sequence));
  end_admitted(beta, entry(5), errc::handler_failed);
  execute(beta, entry(3));
  beta.commit([&](ledger& books) {
    for (sequence_number sequence : {6, 7}) {
      auto running = entry(sequence);
      inbox::executed(books, running, {}, {});
    }
  });
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{1, 3, errc::none},
                                                    {4, 4, errc::none},
                                                    {5, 5, errc::handler_failed},
                                                    {6, 7, errc::none}}));
  EXPECT_EQ(inbox::outcomes(*beta.read(), index(), 2).size(), 2u);
}

TEST_F(inbox_test, only_what_was_acknowledged_is_forgotten) {
  deliver(9);
  auto forget = [&](std::vector<outcome_range> ranges) {
    beta.commit([&](ledger& books) { inbox::forget_outcomes(books, index(), ranges); });
  };
  for (sequence_number sequence : {1, 2})
    execute(beta, entry(sequence));
  auto sent = outcomes();
  for (sequence_number sequence : {3, 4})
    execute(beta, entry(sequence));
  auto sent_again = outcomes();
  forget(sent);  // it had grown since
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{3, 4, errc::none}}));
  forget(sent);
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{3, 4, errc::none}}));
  execute(beta, entry(5));
  forget(sent_again);  // covers what was left of the first
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{5, 5, errc::none}}));
  end_admitted(beta, entry(6), errc::expired);
  forget({{1, 9, errc::none}});
  EXPECT_EQ(outcomes(), (std::vector<outcome_range>{{6, 6, errc::expired}}));
}

// --- recovery

TEST_F(inbox_test, after_a_clean_end_attempts_are_as_before) {
  deliver(3);
  fail(2, beta.now());
  promote();
  beta.restart();
  EXPECT_EQ(entry(1).attempt, 1u);
  EXPECT_EQ(entry(2).attempt, 2u);
  EXPECT_EQ(turn(), (std::vector<sequence_number>{1, 2, 3}));
  EXPECT_FALSE(entry(1).is_suspect);
}

TEST_F(inbox_test, after_an_unclean_end_what_may_have_started_begins_one_higher) {
  deliver(room + 1);
  fail(2, beta.now() + second_ns);
  beta.crash_and_start();
  EXPECT_EQ(entry(1).attempt, 2u);
  EXPECT_EQ(entry(1).failures, 0u);
  admit();
  EXPECT_EQ(entry(room + 1).attempt, 1u);  // was on disk only: attempt 1 is a first run
  time.advance(second_ns);
  promote();
  admit();
  EXPECT_EQ(attempts(2)->last_attempt, 1u);  // waited for its second attempt
  beta.crash_and_start();
  EXPECT_EQ(entry(1).attempt, 3u);
  EXPECT_TRUE(beta.repeated.empty());
}

TEST_F(inbox_test, a_call_that_left_a_range_and_came_back_is_recovered_once) {
  deliver(3);
  fail(2, beta.now());
  promote();
  ASSERT_EQ(waiting(table_id::admitted), 2u);  // 1 to 3, and 2 alone
  beta.crash_and_start();
  EXPECT_TRUE(beta.repeated.empty());
  EXPECT_EQ(entry(2).attempt, 3u);
  EXPECT_EQ(beta.window().total(), 3u);
}

TEST_F(inbox_test, a_retried_dead_letter_that_waits_on_disk_is_not_in_memory_too) {
  deliver(room);
  end_admitted(beta, entry(2), errc::handler_failed);
  deliver(1);  // takes the room
  EXPECT_TRUE(retry(2));
  ASSERT_FALSE(is_in_memory(2));
  beta.crash_and_start();
  EXPECT_FALSE(is_in_memory(2));
  EXPECT_EQ(waiting(table_id::ready), 1u);
  execute(beta, entry(1));
  EXPECT_EQ(admit(), 1u);
  EXPECT_EQ(entry(2).attempt, 2u);
}

TEST_F(inbox_test, after_two_unclean_ends_calls_are_suspects) {
  deliver(2);
  beta.crash_and_start();
  EXPECT_FALSE(entry(1).is_suspect);
  beta.crash_and_start();
  EXPECT_TRUE(entry(1).is_suspect);
  EXPECT_EQ(entry(1).kills, 0u);
  EXPECT_EQ(entry(1).attempt, 3u);
}

TEST_F(inbox_test, a_death_while_it_ran_alone_is_held_against_a_call) {
  deliver(2);
  beta.crash_and_start();
  beta.crash_and_start();
  for (std::uint32_t kills = 1; kills <= limits::kills_max; ++kills) {
    beta.commit([&](ledger& books) { inbox::start_alone(books, entry(1)); });
    beta.crash_and_start();
    EXPECT_EQ(entry(1).kills, kills);
    EXPECT_EQ(entry(2).kills, 0u);
  }
}

TEST_F(inbox_test, a_clean_end_clears_a_start_alone) {
  deliver(1);
  beta.crash_and_start();
  beta.crash_and_start();
  beta.commit([&](ledger& books) { inbox::start_alone(books, entry(1)); });
  beta.restart();
  beta.crash_and_start();
  EXPECT_EQ(entry(1).kills, 0u);
}

TEST_F(inbox_test, order_survives_a_restart) {
  deliver(room + 20);
  for (sequence_number sequence : {1, 2, 3})
    execute(beta, entry(sequence));
  beta.crash_and_start();
  admit();
  auto order = turn();
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  EXPECT_EQ(order.size(), room);
  EXPECT_EQ(order.front(), 4u);
}

// --- to oneself

class loopback : public inbox_test {
protected:
  lane_counters counters() { return lane_at(alpha, loopback_lane).counters; }
  void run_all() {
    while (!alpha.admitted.empty()) {
      auto first = alpha.in_turn().front();
      execute(alpha, first);
    }
  }
};

TEST_F(loopback, a_call_to_oneself_is_in_the_inbox_at_once) {
  queue_at(alpha, call_to("alpha"));
  EXPECT_EQ(alpha.count(table_id::outbox), 0u);
  EXPECT_EQ(alpha.admitted.size(), 1u);
  EXPECT_EQ(counters().open(), 1u);
  run_all();
  EXPECT_EQ(counters().executed, 1u);
  EXPECT_EQ(counters().open(), 0u);
  EXPECT_EQ(alpha.count(table_id::outcomes), 0u);
}

TEST_F(loopback, every_end_is_counted_once) {
  for (auto reason : {errc::expired, errc::dropped, errc::undecodable, errc::damaged}) {
    queue_at(alpha, call_to("alpha"));
    end_admitted(alpha, alpha.in_turn().front(), reason);
  }
  lane_counters expected;
  expected.issued = 4;
  expected.expired = expected.dropped = expected.dead = expected.damaged = 1;
  EXPECT_EQ(counters(), expected);
}

TEST_F(loopback, deadlines_are_kept) {
  auto request = call_to("alpha");
  request.header.not_before = second_ns;
  request.header.expires_at = 3 * second_ns;
  queue_at(alpha, request);
  EXPECT_TRUE(alpha.admitted.empty());
  time.advance(4 * second_ns);
  alpha.commit([](ledger& books) { expire(books, 10); });
  EXPECT_EQ(counters().expired, 1u);
  EXPECT_EQ(alpha.count(table_id::due), 0u);
}

TEST_F(loopback, user_ids_work_as_to_others) {
  auto request = call_to("alpha");
  request.header.user_id = "x";
  auto first = queue_at(alpha, request);
  EXPECT_TRUE(queue_at(alpha, request).is_duplicate);
  end_admitted(alpha, alpha.in_turn().front(), errc::handler_failed);
  EXPECT_FALSE(queue_at(alpha, request).is_duplicate);
  run_all();
  auto again = queue_at(alpha, request);
  EXPECT_TRUE(again.is_duplicate);
  EXPECT_NE(again.id, first.id);
}

TEST_F(loopback, a_completion_is_a_call_like_any_other) {
  auto request = call_to("alpha");
  request.header.completion = completion_spec{"told.end", 5, "bound"};
  auto asked = queue_at(alpha, request);
  execute(alpha, alpha.in_turn().front(), {}, "result");
  ASSERT_EQ(alpha.admitted.size(), 1u);
  auto told = alpha.in_turn().front();
  auto record = std::string(*alpha.read()->get(table_id::inbox, call_key(0, told.sequence)));
  auto heard = decode_outcome(decode_call(record).payload);
  EXPECT_EQ(heard.outcome.call, asked.id);
  EXPECT_EQ(heard.outcome.value, "result");
  EXPECT_EQ(heard.bound, "bound");
  EXPECT_EQ(counters().issued, 2u);
}

TEST_F(inbox_test, a_completion_goes_back_to_the_source) {
  auto request = call_to("beta");
  request.header.completion = completion_spec{"told.end", 5, "bound"};
  deliver(request);
  end_admitted(beta, entry(1), errc::handler_failed, "it threw");
  transfer(beta, alpha, 1);
  ASSERT_EQ(alpha.admitted.size(), 1u);
  retry(1);
  execute(beta, entry(1), {}, "result");
  transfer(beta, alpha, 1);
  std::vector<bool> revised;
  for (auto& told : alpha.in_turn()) {
    auto key = call_key(told.lane, told.sequence);
    auto record = std::string(*alpha.read()->get(table_id::inbox, key));
    revised.push_back(decode_outcome(decode_call(record).payload).outcome.is_revised);
  }
  EXPECT_EQ(revised, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace holdfast::test
