#pragma once

#include <holdfast/core/limits.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <tests/persistence/books.hpp>
#include <vector>

namespace holdfast::test {

inline constexpr auto room = limits::admitted_calls_per_mailbox_max;

/// A source `alpha` whose calls are stored at the target `beta`, and short words for what the tests do there.
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

}  // namespace holdfast::test
