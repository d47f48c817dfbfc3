#pragma once

#include <gtest/gtest.h>

#include <string>
#include <tests/persistence/books.hpp>
#include <vector>

namespace holdfast::test {

/// A source `alpha` with a lane number 1 to `beta`, and short words for what the tests do there.
class outbox_test : public ::testing::Test {
protected:
  out_lane lane(lane_number number = 1) { return lane_at(alpha, number); }
  bool give_up(sequence_number sequence, errc reason = errc::dropped) {
    return alpha.commit(
        [&](ledger& books) { return outbox::give_up(books, 1, sequence, reason, "why"); });
  }
  void settle(std::vector<outcome_range> ranges) {
    alpha.commit([&](ledger& books) { outbox::settle(books, 1, ranges); });
  }
  void raise(sequence_number through) {
    alpha.commit([&](ledger& books) { outbox::raise_sent_through(books, 1, through); });
  }
  void stored(sequence_number through) {
    alpha.commit([&](ledger& books) { outbox::stored(books, 1, through); });
  }
  queue_request with_id(std::string id, std::string payload = "payload") {
    auto request = call_to("beta", "work.run", std::move(payload));
    request.header.user_id = std::move(id);
    return request;
  }
  std::string reason_of_end(sequence_number sequence) {
    auto record = alpha.read()->get(table_id::ended, ended_key(true, 1, sequence));
    return record ? std::string(to_string(decode_end(*record).reason)) : "no end";
  }
  /// What completions queued to oneself say, in order.
  std::vector<errc> completions() {
    std::vector<errc> told;
    alpha.read()->scan(table_id::inbox, {}, {}, [&](row at) {
      auto call = decode_call(at.value);
      if (call.header.payload == payload_kind::completion)
        told.push_back(decode_outcome(call.payload).outcome.ended);
      return true;
    });
    return told;
  }
  queue_request with_completion() {
    auto request = call_to("beta");
    request.header.completion = completion_spec{"told.end", 5, "b"};
    return request;
  }

  hand_clock time;
  node_books alpha{"alpha", time, 1};
  node_books beta{"beta", time, 2};
};

}  // namespace holdfast::test
