// The bytes of every row that calls, lanes and peers are made of. They are on disks: the golden ones never change.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <tests/persistence/books.hpp>

namespace holdfast::test {
namespace {

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (unsigned char byte : bytes)
    text.append({digits[byte >> 4], digits[byte & 15]});
  return text;
}

uuid example_uuid() {
  uuid id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i)
    id.bytes[i] = static_cast<std::uint8_t>(0xa0 + i);
  return id;
}

call_header example_header() {
  call_header header;
  header.method = "pages.render";
  header.key = "a.pdf";
  header.fingerprint = 0x1122334455667788;
  header.priority = -3;
  header.attempts = 7;
  header.back_off_ns = 250;
  header.expires_at = 9000;
  header.not_before = 8000;
  header.queued_wall_ns = 1'700'000'000'000'000'000;
  header.trace = 42;
  header.origin = "alpha";
  header.user_id = "job-1";
  header.arrival = 123'456;
  header.is_revised = true;
  header.completion = completion_spec{"pages.counted", 99, "bound"};
  return header;
}

out_lane example_out_lane() {
  out_lane lane;
  lane.peer = "beta";
  lane.peer_id = example_uuid();
  lane.is_closed = true;
  lane.next = 100;
  lane.sent_through = 90;
  lane.stored_through = 80;
  lane.tombstones = 2;
  lane.counters = {99, 50, 10, 5, 4, 3, 2};
  lane.spans = {{7, 70}, {8, 85}};
  return lane;
}

in_lane example_in_lane() {
  in_lane lane;
  lane.index = 3;
  lane.source = example_uuid();
  lane.lane = 1;
  lane.source_name = "alpha";
  lane.mark = 80;
  lane.mark_nonce = 7;
  lane.stored = 78;
  lane.executed = 50;
  lane.expired = 10;
  lane.dead = 5;
  lane.dropped = 4;
  return lane;
}

attempt_record example_attempts() {
  attempt_record attempts;
  attempts.last_attempt = 4;
  attempts.failures = 3;
  attempts.kills = 1;
  attempts.is_started_alone = true;
  attempts.due = 5000;
  attempts.errors = {{3, 111, "it threw"}, {4, 222, "again"}};
  return attempts;
}

/// Every encoder, by the name that its bytes have in the golden file.
std::map<std::string, std::string> written() {
  call_header plain;
  plain.method = "a.b";
  plain.trace = 1;
  outcome_record outcome{errc::expired, false, {5, 1, 9}, "too late", "v"};
  return {
      {"call", encode_call(example_header(), "payload")},
      {"call_plain", encode_call(plain, "")},
      {"tombstone", encode_tombstone(errc::expired)},
      {"completion_payload", encode_outcome(outcome, "bound")},
      {"out_lane", encode_out_lane(example_out_lane())},
      {"in_lane", encode_in_lane(example_in_lane())},
      {"in_lane_key", in_lane_key(example_uuid(), 1)},
      {"in_lane_index_key", in_lane_index_key(3)},
      {"peer", encode_peer({"beta", example_uuid(), 12, 34, 1})},
      {"peer_without_lane", encode_peer({"beta", {}, 0, 0, {}})},
      {"peer_key", peer_key("beta")},
      {"call_key", call_key(1, 9)},
      {"index", encode_index(1, 9)},
      {"ready_key", ready_key(0x0102030405060708, -3, 9)},
      {"due_key", due_key(5000, 9)},
      {"parked_key", parked_key("pages.render", 9)},
      {"admitted_key", admitted_key(9)},
      {"outcome", encode_stored_outcome({17, errc::handler_failed})},
      {"attempts", encode_attempts(example_attempts())},
      {"ended", encode_end({errc::dropped, 111, "by the operator"})},
      {"ended_key", ended_key(true, 1, 9)},
      {"dead", encode_dead({errc::undecodable, 111, "why"}, "record")},
      {"user_id", encode_user_id({1, 9, 0xdeadbeef, 5000})},
      {"user_id_key", user_id_key("beta", "pages.render", "job-1")},
      {"state_key", state_key("pages", "a.pdf")},
      {"mailbox", lane_key(static_cast<std::uint32_t>(mailbox_of("pages", "a.pdf")))},
  };
}

std::map<std::string, std::string> golden() {
  auto path = std::filesystem::path(HOLDFAST_SOURCE_DIR) / "tests/persistence/golden/rows_1.hex";
  std::ifstream file(path);
  std::map<std::string, std::string> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#')
      continue;
    std::istringstream words(line);
    std::string name, bytes;
    words >> name >> bytes;
    rows.emplace(name, bytes);
  }
  return rows;
}

TEST(ledger_rows, golden_bytes_of_format_1) {
  auto expected = golden();
  auto found = written();
  EXPECT_EQ(expected.size(), found.size());
  for (auto& [name, bytes] : found)
    EXPECT_EQ(expected[name], to_hex(bytes)) << name << " " << to_hex(bytes);
}

/// Rows that only a transaction writes, as the first ones of a fresh node.
TEST(ledger_rows, golden_bytes_of_a_small_store) {
  hand_clock time;
  node_books alpha("alpha", time, 1);
  auto request = call_to("beta");
  request.header.user_id = "x";
  request.header.expires_at = second_ns;
  queue_at(alpha, request);
  queue_at(alpha, call_to("alpha"));
  auto rows = alpha.read();
  std::string store;
  for (std::size_t table = 0; table < table_count; ++table)
    rows->scan(static_cast<table_id>(table), {}, {}, [&](row at) {
      store += std::string(table_name(static_cast<table_id>(table))) + " " + to_hex(at.key) + " "
               + to_hex(at.value) + "\n";
      return true;
    });
  std::ifstream file(std::filesystem::path(HOLDFAST_SOURCE_DIR)
                     / "tests/persistence/golden/store_1.hex");
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(store, expected.str());
}

TEST(ledger_rows, what_is_written_is_read) {
  auto out = decode_out_lane(encode_out_lane(example_out_lane()));
  EXPECT_EQ(encode_out_lane(out), encode_out_lane(example_out_lane()));
  EXPECT_EQ(out.counters, example_out_lane().counters);
  EXPECT_EQ(out.spans, example_out_lane().spans);
  EXPECT_EQ(out.counters.open(), 25u);
  auto in = decode_in_lane(encode_in_lane(example_in_lane()));
  EXPECT_EQ(encode_in_lane(in), encode_in_lane(example_in_lane()));
  EXPECT_EQ(in.source, example_uuid());
  auto attempts = decode_attempts(encode_attempts(example_attempts()));
  EXPECT_EQ(encode_attempts(attempts), encode_attempts(example_attempts()));
  EXPECT_EQ(attempts.errors[1].text, "again");
  auto peer = decode_peer(encode_peer({"beta", example_uuid(), 12, 34, 1}));
  EXPECT_EQ(peer.lane, lane_number{1});
  EXPECT_EQ(decode_peer(encode_peer({"beta", {}, 0, 0, {}})).lane, std::nullopt);
  EXPECT_EQ(decode_index(encode_index(1, 9)), (std::pair<std::uint32_t, sequence_number>(1, 9)));
  EXPECT_EQ(decode_user_id(encode_user_id({1, 9, 5, 7})).until, 7);
  EXPECT_EQ(decode_stored_outcome(encode_stored_outcome({17, errc::expired})).last, 17u);
  auto stored = encode_dead({errc::undecodable, 111, "why"}, "record");
  EXPECT_EQ(decode_dead(stored).record, "record");
  EXPECT_EQ(decode_dead(stored).end.text, "why");
  EXPECT_EQ(decode_end(encode_end({errc::dropped, 1, "t"})).reason, errc::dropped);
}

/// Damage to a sealed row never passes: each bit of each of them.
TEST(ledger_rows, every_flipped_bit_is_found) {
  auto rows = written();
  std::map<std::string, std::function<void(std::string_view)>> decoders{
      {"out_lane", [](auto bytes) { decode_out_lane(bytes); }},
      {"in_lane", [](auto bytes) { decode_in_lane(bytes); }},
      {"peer", [](auto bytes) { decode_peer(bytes); }},
      {"index", [](auto bytes) { decode_index(bytes); }},
      {"outcome", [](auto bytes) { decode_stored_outcome(bytes); }},
      {"attempts", [](auto bytes) { decode_attempts(bytes); }},
      {"ended", [](auto bytes) { decode_end(bytes); }},
      {"user_id", [](auto bytes) { decode_user_id(bytes); }},
  };
  for (auto& [name, decode] : decoders)
    for (std::size_t bit = 0; bit < rows[name].size() * 8; ++bit) {
      auto damaged = rows[name];
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_THROW(decode(damaged), error) << name << " bit " << bit;
    }
}

TEST(ledger_rows, each_end_has_its_counter) {
  lane_counters counters;
  for (auto kind : all_errors())
    count_end(counters, kind);
  EXPECT_EQ(counters.executed, 1u);
  EXPECT_EQ(counters.expired, 1u);
  EXPECT_EQ(counters.dropped, 1u);
  EXPECT_EQ(counters.damaged, 2u);
  EXPECT_EQ(counters.dead, all_errors().size() - 5);
}

TEST(ledger_rows, long_texts_are_cut) {
  EXPECT_EQ(bounded_text(std::string(5000, 'x')).size(), limits::error_text_bytes_max);
  EXPECT_EQ(bounded_text("short"), "short");
  auto wide = "x" + std::string(limits::error_text_bytes_max, '\xc3');
  for (std::size_t i = 2; i < wide.size(); i += 2)
    wide[i] = '\xbc';  // two bytes each, so that the limit cuts one in half
  EXPECT_EQ(bounded_text(wide).size(), limits::error_text_bytes_max - 1);
}

}  // namespace
}  // namespace holdfast::test
