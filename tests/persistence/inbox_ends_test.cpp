// How a call ends at its target: executed, tried again, dead, dropped, damaged; and what its source is told.

#include <algorithm>
#include <map>
#include <tests/persistence/inbox_fixture.hpp>

namespace holdfast::test {
namespace {

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

}  // namespace
}  // namespace holdfast::test
