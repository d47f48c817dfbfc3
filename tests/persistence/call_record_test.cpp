// The bytes of a queued call: what goes in comes out, and no damage passes for a call.

#include <holdfast/persistence/record.hpp>

#include <gtest/gtest.h>

#include <tests/persistence/books.hpp>

namespace holdfast::test {
namespace {

/// Every optional part of a header on its own bit of `parts`.
call_header header_with(unsigned parts) {
  call_header header;
  header.method = "pages.render";
  header.fingerprint = 0x1122334455667788;
  header.queued_wall_ns = 1'700'000'000'000'000'000;
  header.trace = 42;
  header.origin = "alpha";
  header.priority = -3;
  if (parts & 1)
    header.key = "a.pdf";
  if (parts & 2)
    header.expires_at = 9'000;
  if (parts & 4)
    header.not_before = 8'000;
  if (parts & 8)
    header.attempts = 7;
  if (parts & 16)
    header.back_off_ns = 250;
  if (parts & 32)
    header.user_id = "job-1";
  if (parts & 64)
    header.completion = completion_spec{"pages.counted", 99, "bound"};
  if (parts & 128)
    header.arrival = 123'456;
  if (parts & 256)
    header.is_revised = true;
  if (parts & 512)
    header.payload = payload_kind::values;
  return header;
}

void expect_equal(const call_header& a, const call_header& b) {
  EXPECT_EQ(a.method, b.method);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_EQ(a.payload, b.payload);
  EXPECT_EQ(a.priority, b.priority);
  EXPECT_EQ(a.attempts, b.attempts);
  EXPECT_EQ(a.back_off_ns, b.back_off_ns);
  EXPECT_EQ(a.expires_at, b.expires_at);
  EXPECT_EQ(a.not_before, b.not_before);
  EXPECT_EQ(a.queued_wall_ns, b.queued_wall_ns);
  EXPECT_EQ(a.trace, b.trace);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.user_id, b.user_id);
  EXPECT_EQ(a.arrival, b.arrival);
  EXPECT_EQ(a.is_revised, b.is_revised);
  ASSERT_EQ(a.completion.has_value(), b.completion.has_value());
  if (a.completion) {
    EXPECT_EQ(a.completion->method, b.completion->method);
    EXPECT_EQ(a.completion->fingerprint, b.completion->fingerprint);
    EXPECT_EQ(a.completion->bound, b.completion->bound);
  }
}

errc code_of(function_ref<void()> action) {
  try {
    action();
  } catch (const error& problem) {
    return problem.code();
  }
  return errc::none;
}

TEST(call_record, every_combination_of_parts_comes_back) {
  for (unsigned parts = 0; parts < 1024; ++parts) {
    auto header = header_with(parts);
    auto record = encode_call(header, "the payload");
    auto call = decode_call(record);
    expect_equal(call.header, header);
    EXPECT_EQ(call.payload, "the payload");
    expect_equal(decode_call_header(record), header);
    EXPECT_EQ(encode_call(call), record);
    EXPECT_EQ(has_id_or_deadline(record), (parts & (2 | 4 | 32)) != 0);
    EXPECT_FALSE(is_tombstone(record));
    EXPECT_EQ(tombstone_reason(record), std::nullopt);
  }
}

TEST(call_record, an_empty_payload_is_one) {
  auto record = encode_call(header_with(0), "");
  EXPECT_EQ(decode_call(record).payload, "");
}

TEST(call_record, every_flipped_bit_is_found) {
  auto record = encode_call(header_with(1023), "some payload");
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    auto damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    auto code = code_of([&] { decode_call(damaged); });
    // The version byte stands for itself: a record of a later version is not called damaged.
    EXPECT_TRUE(code == errc::damaged || (bit / 8 == 2 && code == errc::journal_format))
        << "bit " << bit << " gave " << to_string(code);
    if (code == errc::damaged && bit / 8 < record.size() - 12) {
      EXPECT_FALSE(header_if_sound(damaged).has_value()) << "bit " << bit;
    }
  }
}

TEST(call_record, every_length_but_the_right_one_is_found) {
  auto record = encode_call(header_with(1023), "some payload");
  for (std::size_t size = 0; size < record.size(); ++size)
    EXPECT_EQ(code_of([&] { decode_call(record.substr(0, size)); }), errc::damaged) << size;
  EXPECT_EQ(code_of([&] { decode_call(record + "x"); }), errc::damaged);
}

TEST(call_record, a_changed_header_keeps_the_call_sites_checksum) {
  auto record = encode_call(header_with(0), "payload");
  record.back() = 'X';  // in memory, on its way through here
  EXPECT_EQ(code_of([&] { decode_call(record); }), errc::damaged);
  auto call = decode_call(encode_call(header_with(0), "payload"));
  call.payload = "paYload";
  EXPECT_EQ(code_of([&] { decode_call(encode_call(call)); }), errc::damaged);
}

TEST(call_record, a_tombstone_says_why) {
  for (auto reason : {errc::expired, errc::dropped, errc::damaged, errc::too_large_for_peer}) {
    auto record = encode_tombstone(reason);
    EXPECT_TRUE(is_tombstone(record));
    EXPECT_EQ(tombstone_reason(record), reason);
    EXPECT_EQ(code_of([&] { decode_call(record); }), errc::damaged);
  }
}

TEST(call_record, a_damaged_tombstone_is_no_call_and_gives_no_reason) {
  auto record = encode_tombstone(errc::expired);
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    auto damaged = record;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_TRUE(is_tombstone(damaged));
    EXPECT_EQ(code_of([&] { tombstone_reason(damaged); }), errc::damaged) << "bit " << bit;
  }
}

TEST(call_record, an_outcome_carries_all_that_a_completion_hears) {
  outcome_record told{errc::handler_failed, true, {7, 3, 11}, "it threw", "value"};
  auto payload = encode_outcome(told, "bound");
  auto heard = decode_outcome(payload);
  EXPECT_EQ(heard.outcome.ended, told.ended);
  EXPECT_TRUE(heard.outcome.is_revised);
  EXPECT_EQ(heard.outcome.call, told.call);
  EXPECT_EQ(heard.outcome.error, "it threw");
  EXPECT_EQ(heard.outcome.value, "value");
  EXPECT_EQ(heard.bound, "bound");
  for (std::size_t size = 0; size < payload.size() - 5; ++size)
    EXPECT_EQ(code_of([&] { decode_outcome(std::string_view(payload).substr(0, size)); }),
              errc::undecodable);
}

TEST(call_record, a_mailbox_is_a_service_and_a_key) {
  EXPECT_EQ(mailbox_of("bank", "alice"), mailbox_of("bank", "alice"));
  EXPECT_NE(mailbox_of("bank", "alice"), mailbox_of("bank", "bob"));
  EXPECT_NE(mailbox_of("bank", ""), mailbox_of("", "bank"));
}

}  // namespace
}  // namespace holdfast::test
