// The audit of C4 over stores: silent where all is well, and one planted fault for each of its checks.

#include <holdfast/persistence/audit.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <tests/persistence/books.hpp>

namespace holdfast::test {
namespace {

class audit_test : public ::testing::Test {
protected:
  /// Something of everything: executed, dead, parked, due, ready in memory, on its way, not sent.
  audit_test() {
    beta.unserved.insert("off.run");
    for (int i = 0; i < 6; ++i)
      queue_at(alpha, call_to("beta"));
    queue_at(alpha, call_to("beta", "off.run"));
    auto later = call_to("beta");
    later.header.not_before = second_ns;
    queue_at(alpha, later);
    transfer(alpha, beta, 1);
    execute(beta, first());
    end_admitted(beta, first(), errc::handler_failed);
    report(beta, alpha, 1);
    execute(beta, first());
    queue_at(alpha, call_to("beta"));
    queue_at(alpha, call_to("beta"));
    alpha.commit([](ledger& books) { outbox::give_up(books, 1, 10, errc::dropped, "why"); });
    queue_at(alpha, call_to("alpha"));
    index = lane_from(beta, alpha, 1).index;
  }
  const inbox_entry& first() { return beta.admitted.begin()->second; }

  audit_report look() {
    auto a = alpha.read();
    auto b = beta.read();
    const std::array<const journal_reader*, 2> stores{a.get(), b.get()};
    return audit(stores);
  }
  void expect_finding(audit_check check, std::string_view part) {
    auto findings = look().findings;
    EXPECT_TRUE(std::any_of(findings.begin(), findings.end(),
                            [&](auto& finding) {
                              return finding.check == check
                                     && finding.text.find(part) != std::string::npos;
                            }))
        << to_string(check) << " with '" << part << "' is not among " << told(findings);
  }
  static std::string told(const std::vector<audit_finding>& findings) {
    std::string text = std::to_string(findings.size()) + " findings";
    for (auto& finding : findings)
      text +=
          "\n  " + std::string(to_string(finding.check)) + " " + finding.node + ": " + finding.text;
    return text;
  }
  template <class Change>
  void change_out(Change change) {
    alpha.commit([&](ledger& books) { change(books.lane_out(1)); });
  }
  template <class Change>
  void change_in(Change change) {
    beta.commit([&](ledger& books) { change(books.lane_in(index)); });
  }

  hand_clock time;
  node_books alpha{"alpha", time, 1};
  node_books beta{"beta", time, 2};
  std::uint32_t index = 0;
};

TEST_F(audit_test, sound_books_have_no_findings) {
  auto report = look();
  EXPECT_TRUE(report.is_clean()) << told(report.findings);
  auto lane = std::find_if(report.lanes.begin(), report.lanes.end(),
                           [](auto& each) { return each.target == "beta"; });
  ASSERT_NE(lane, report.lanes.end());
  EXPECT_TRUE(lane->has_target);
  EXPECT_EQ(lane->counters.issued, 10u);
  EXPECT_EQ(lane->counters.executed, 1u);
  EXPECT_EQ(lane->counters.dead, 1u);
  EXPECT_EQ(lane->counters.dropped, 1u);
  EXPECT_EQ(lane->open_rows, 7u);
  EXPECT_EQ(lane->counters.open(), 7u);
}

TEST_F(audit_test, one_store_alone_is_looked_at_too) {
  auto a = alpha.read();
  const std::array<const journal_reader*, 1> stores{a.get()};
  auto report = audit(stores);
  EXPECT_TRUE(report.is_clean()) << told(report.findings);
  EXPECT_FALSE(report.lanes.back().has_target);
}

TEST_F(audit_test, a_retried_dead_letter_is_no_fault) {
  beta.commit([&](ledger& books) { inbox::retry_dead(books, index, 2); });
  EXPECT_TRUE(look().is_clean()) << told(look().findings);
  beta.crash_and_start();
  EXPECT_TRUE(look().is_clean()) << told(look().findings);
}

TEST_F(audit_test, a_closed_lane_is_no_fault) {
  alpha.commit([](ledger& books) { outbox::accept_new_history(books, "beta"); });
  EXPECT_TRUE(look().is_clean()) << told(look().findings);
  alpha.commit([](ledger& books) { outbox::requeue_orphans(books, "beta", 3); });
  EXPECT_TRUE(look().is_clean()) << told(look().findings);
}

TEST_F(audit_test, a_store_without_an_identity) {
  memory_journal nobody;
  auto rows = nobody.read();
  const std::array<const journal_reader*, 1> stores{rows.get()};
  auto report = audit(stores);
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].check, audit_check::store_identity);
}

TEST_F(audit_test, a_damaged_row_anywhere) {
  alpha.damage(table_id::outbox, call_key(1, 9), 70);
  expect_finding(audit_check::row_sound, "checksum");
  beta.damage(table_id::inbox, call_key(index, 5), 30);
  EXPECT_EQ(look().findings.size(), 2u) << told(look().findings);
  alpha.damage(table_id::out_lanes, lane_key(1), 20);
  expect_finding(audit_check::open_rows, "lanes that cannot be read");
}

TEST_F(audit_test, a_call_counted_twice) {
  change_out([](out_lane& lane) { lane.counters.executed += 20; });
  expect_finding(audit_check::lane_sum, "23 ends of 10 calls");
}

TEST_F(audit_test, a_call_issued_uncounted) {
  change_out([](out_lane& lane) { ++lane.next; });
  expect_finding(audit_check::lane_sum, "10 calls issued but numbered 11");
}

TEST_F(audit_test, a_call_that_vanished_from_the_outbox) {
  alpha.plant(table_id::outbox, call_key(1, 9), std::nullopt);
  expect_finding(audit_check::open_rows, "7 calls open by its counters but 6 in rows");
}

TEST_F(audit_test, a_row_beyond_what_was_issued) {
  auto record = std::string(*alpha.read()->get(table_id::outbox, call_key(1, 9)));
  alpha.plant(table_id::outbox, call_key(1, 99), record);
  expect_finding(audit_check::open_rows, "only 10 were issued");
}

TEST_F(audit_test, rows_of_no_lane) {
  auto record = std::string(*alpha.read()->get(table_id::outbox, call_key(1, 9)));
  alpha.plant(table_id::outbox, call_key(7, 1), record);
  expect_finding(audit_check::open_rows, "1 rows of lanes");
}

TEST_F(audit_test, an_own_call_that_vanished) {
  alpha.plant(table_id::inbox, call_key(0, 1), std::nullopt);
  expect_finding(audit_check::open_rows, "1 calls open by its counters but 0 in rows");
}

TEST_F(audit_test, a_tombstone_that_vanished) {
  alpha.plant(table_id::outbox, call_key(1, 10), std::nullopt);
  expect_finding(audit_check::tombstone_rows, "counts 1 tombstones but has 0");
}

TEST_F(audit_test, a_call_that_vanished_from_the_inbox) {
  beta.plant(table_id::inbox, call_key(index, 5), std::nullopt);
  expect_finding(audit_check::stored_sum, "has stored 8 calls but accounts for 7");
  expect_finding(audit_check::call_known, "neither has it nor knows how it ended");
}

TEST_F(audit_test, a_call_beyond_the_mark) {
  change_in([](in_lane& lane) { lane.mark = 6; });
  expect_finding(audit_check::stored_sum, "the lane's mark is 6");
  expect_finding(audit_check::marks_meet, "the target's mark is 6");
}

TEST_F(audit_test, more_dead_letters_than_were_counted) {
  change_in([](in_lane& lane) {
    --lane.dead;
    ++lane.executed;
  });
  expect_finding(audit_check::stored_sum, "0 dead letters but 1 are there");
}

TEST_F(audit_test, a_call_of_no_incoming_lane) {
  auto record = std::string(*beta.read()->get(table_id::inbox, call_key(index, 5)));
  beta.plant(table_id::inbox, call_key(9, 1), record);
  expect_finding(audit_check::stored_sum, "whose lane has no row");
}

TEST_F(audit_test, a_call_in_no_place) {
  auto key = std::string(beta.read()->first(table_id::parked)->key);
  beta.plant(table_id::parked, key, std::nullopt);
  expect_finding(audit_check::one_place, "neither in memory nor ready");
}

TEST_F(audit_test, a_call_in_two_places) {
  auto header = decode_call_header(*beta.read()->get(table_id::inbox, call_key(index, 7)));
  beta.plant(table_id::ready, ready_key(mailbox_of("off", ""), 0, header.arrival),
             encode_index(index, 7));
  expect_finding(audit_check::one_place, "waits in 2 places");
}

TEST_F(audit_test, a_dead_letter_that_is_open) {
  auto letter = std::string(*beta.read()->get(table_id::dead, call_key(index, 2)));
  beta.plant(table_id::dead, call_key(index, 5), letter);
  expect_finding(audit_check::one_place, "a dead letter as well");
}

TEST_F(audit_test, an_index_row_that_leads_nowhere) {
  beta.plant(table_id::due, due_key(5, 5), encode_index(index, 77));
  expect_finding(audit_check::index_row, "which is not in the inbox");
}

TEST_F(audit_test, an_index_row_that_leads_astray) {
  beta.plant(table_id::due, due_key(5, 5), encode_index(index, 7));
  expect_finding(audit_check::index_row, "which waits elsewhere");
}

TEST_F(audit_test, a_target_that_forgot) {
  change_out([](out_lane& lane) { lane.stored_through = 9; });
  expect_finding(audit_check::marks_meet, "was told that calls up to 9 are stored");
}

TEST_F(audit_test, a_source_that_forgot_what_it_sent) {
  change_out([](out_lane& lane) { lane.sent_through = 3; });
  expect_finding(audit_check::marks_meet, "nothing above 3 was sent");
}

TEST_F(audit_test, ends_that_differ) {
  change_in([](in_lane& lane) {
    --lane.executed;
    ++lane.dropped;
  });
  expect_finding(audit_check::ends_meet, "2 calls executed");
}

TEST_F(audit_test, a_call_that_its_source_believes_to_have_ended) {
  alpha.plant(table_id::outbox, call_key(1, 5), std::nullopt);
  change_out([](out_lane& lane) { ++lane.counters.executed; });
  expect_finding(audit_check::call_known, "its source has counted it as ended");
}

TEST_F(audit_test, every_check_has_a_name) {
  for (auto check = audit_check{}; check <= audit_check::call_known;
       check = static_cast<audit_check>(static_cast<int>(check) + 1))
    EXPECT_NE(to_string(check), "unknown");
}

}  // namespace
}  // namespace holdfast::test
