// What a start finds in the inbox, and calls to oneself.

#include <algorithm>
#include <map>
#include <tests/persistence/inbox_fixture.hpp>

namespace holdfast::test {
namespace {

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
