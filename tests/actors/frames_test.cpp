#include <holdfast/actors/frames.hpp>

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace holdfast {
namespace {

errc code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const error& reason) {
    return reason.code();
  }
  return errc::none;
}

std::string length_only(std::uint32_t length) {
  std::string bytes;
  byte_writer(bytes).u32(length);
  return bytes;
}

std::vector<frame> read_all(frame_reader& reader, std::string_view bytes, std::size_t chunk) {
  std::vector<frame> frames;
  for (std::size_t at = 0; at < bytes.size(); at += chunk)
    reader.take(bytes.substr(at, chunk), frames);
  return frames;
}

const std::string three = make_frame(frame_type::beat, 7)
                          + make_frame(frame_type::message, 8, std::string(300, 'x'))
                          + make_frame(frame_type::bye, 9);

void expect_three(const std::vector<frame>& frames) {
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].type, frame_type::beat);
  EXPECT_EQ(frames[0].nonce, 7u);
  EXPECT_TRUE(frames[0].body.empty());
  EXPECT_EQ(frames[1].type, frame_type::message);
  EXPECT_EQ(frames[1].body.view(), std::string(300, 'x'));
  EXPECT_EQ(frames[2].type, frame_type::bye);
  EXPECT_EQ(frames[2].nonce, 9u);
}

TEST(frame_reader, finds_the_frames_in_chunks_of_any_size) {
  for (std::size_t chunk = 1; chunk <= three.size(); ++chunk) {
    frame_reader reader;
    expect_three(read_all(reader, three, chunk));
    EXPECT_EQ(reader.pending_bytes(), 0u);
  }
}

TEST(frame_reader, finds_the_frames_around_every_split_point) {
  for (std::size_t at = 0; at <= three.size(); ++at) {
    frame_reader reader;
    std::vector<frame> frames;
    reader.take(std::string_view(three).substr(0, at), frames);
    reader.take(std::string_view(three).substr(at), frames);
    expect_three(frames);
  }
}

TEST(frame_reader, refuses_an_announcement_of_four_gigabytes_at_its_fourth_byte) {
  frame_reader reader(limits::frame_bytes_max);
  std::vector<frame> frames;
  reader.take("\xff\xff\xff", frames);
  EXPECT_EQ(code_of([&] { reader.take("\xff", frames); }), errc::bad_frame);
  EXPECT_EQ(reader.pending_bytes(), 4u);
}

TEST(frame_reader, holds_what_came_and_not_what_was_announced) {
  frame_reader reader(limits::frame_bytes_max);
  std::vector<frame> frames;
  reader.take(length_only(limits::frame_bytes_max - 4) + '\x0a' + "12345678", frames);
  EXPECT_EQ(reader.pending_bytes(), 13u);
  EXPECT_TRUE(frames.empty());
}

TEST(frame_reader, takes_the_longest_frame_and_nothing_above) {
  constexpr std::size_t limit = 100;
  auto longest = make_frame(frame_type::beat, 1, std::string(limit - frame_prefix_bytes, 'x'));
  auto longer = make_frame(frame_type::beat, 1, std::string(limit - frame_prefix_bytes + 1, 'x'));
  frame_reader reader(limit);
  EXPECT_EQ(read_all(reader, longest, 10).size(), 1u);
  EXPECT_EQ(code_of([&] { read_all(reader, longer, 10); }), errc::bad_frame);
}

TEST(frame_reader, refuses_lengths_that_cannot_hold_a_head) {
  for (std::uint32_t length = 0; length < frame_head_bytes; ++length) {
    frame_reader reader;
    std::vector<frame> frames;
    EXPECT_EQ(code_of([&] { reader.take(length_only(length), frames); }), errc::bad_frame);
  }
}

TEST(frame_reader, refuses_unknown_types_before_their_body_comes) {
  for (int type : {0, 16, 128, 255}) {
    frame_reader reader;
    std::vector<frame> frames;
    auto begun = length_only(1000) + static_cast<char>(type);
    EXPECT_EQ(code_of([&] { reader.take(begun, frames); }), errc::bad_frame) << type;
  }
}

TEST(frame_reader, survives_garbage) {
  std::mt19937 chance(1);
  std::size_t refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(64, '\0');
    for (auto& byte : bytes)
      byte = static_cast<char>(chance());
    frame_reader reader;
    refused += code_of([&] { read_all(reader, bytes, 7); }) == errc::bad_frame;
  }
  EXPECT_GT(refused, 1990u);
}

frame read_one(const std::string& bytes) {
  frame_reader reader(limits::frame_bytes_max);
  std::vector<frame> frames;
  reader.take(bytes, frames);
  return frames.at(0);
}

// A decoder must take what was encoded, refuse each shorter and each longer body, and never do anything else.
template <class Decode>
void expect_exact(const std::string& bytes, Decode decode) {
  auto whole = read_one(bytes);
  EXPECT_EQ(code_of([&] { decode(whole); }), errc::none);
  for (std::size_t size = 0; size < whole.body.size(); ++size) {
    frame shorter{whole.type, whole.nonce, whole.body.part(0, size)};
    EXPECT_EQ(code_of([&] { decode(shorter); }), errc::bad_frame) << size;
  }
  frame longer{whole.type, whole.nonce, shared_bytes(std::string(whole.body.view()) + "x")};
  EXPECT_EQ(code_of([&] { decode(longer); }), errc::bad_frame);
}

TEST(frame_bodies, come_back_as_they_were_sent) {
  transfer_batch batch{3, 99, 41, {"one", "two"}, 6};
  auto got = decode_batch(read_one(encode_batch(5, batch)));
  EXPECT_EQ(got.lane, 3u);
  EXPECT_EQ(got.nonce, 99u);
  EXPECT_EQ(got.first, 41u);
  EXPECT_EQ(got.records, batch.records);
  EXPECT_EQ(got.bytes, 6u);

  outcome_note note{3, {{1, 9, errc::none}, {10, 10, errc::expired}}};
  auto outcomes = decode_outcomes(read_one(encode_outcomes(frame_type::outcomes, 5, note)));
  EXPECT_EQ(outcomes.lane, 3u);
  EXPECT_EQ(outcomes.ranges, note.ranges);

  reply_body reply{12, errc::failed, "why", shared_bytes(std::string("value"))};
  auto replied = decode_reply(read_one(encode_reply(5, reply)));
  EXPECT_EQ(replied.number, 12u);
  EXPECT_EQ(replied.status, errc::failed);
  EXPECT_EQ(replied.text, "why");
  EXPECT_EQ(replied.value.view(), "value");

  auto request = decode_request(read_one(encode_request(5, 13, "record")));
  EXPECT_EQ(request.number, 13u);
  EXPECT_EQ(request.record, "record");
  EXPECT_EQ(decode_stored(read_one(encode_stored(5, {2, 77}))).through, 77u);
  EXPECT_EQ(decode_credit(read_one(encode_credit(5, 1234))), 1234u);
}

TEST(frame_bodies, are_refused_when_bytes_are_missing_or_left_over) {
  expect_exact(encode_batch(5, {3, 99, 41, {"one", "two"}, 6}), decode_batch);
  expect_exact(encode_outcomes(frame_type::outcomes, 5, {3, {{1, 9, errc::none}}}),
               decode_outcomes);
  expect_exact(encode_stored(5, {2, 77}), decode_stored);
  expect_exact(encode_credit(5, 1234), decode_credit);
  expect_exact(encode_refusal(5, {errc::wrong_secret, "text"}), decode_refusal);
}

TEST(frame_bodies, announce_no_more_entries_than_their_bytes_can_hold) {
  std::string body;
  byte_writer(body).u32(1).u64(2).u64(3).u32(limits::batch_calls_max).str("one");
  EXPECT_EQ(code_of([&] { decode_batch(read_one(make_frame(frame_type::batch, 1, body))); }),
            errc::bad_frame);
  std::string outcomes;
  byte_writer(outcomes).u32(1).u32(0xffffffff);
  EXPECT_EQ(
      code_of([&] { decode_outcomes(read_one(make_frame(frame_type::outcomes, 1, outcomes))); }),
      errc::bad_frame);
}

TEST(frame_bodies, refuse_what_no_lane_can_hold) {
  auto decode = [](transfer_batch batch) {
    return code_of([&] { decode_batch(read_one(encode_batch(1, batch))); });
  };
  EXPECT_EQ(decode({0, 1, 1, {"x"}, 1}), errc::bad_frame);
  EXPECT_EQ(decode({1, 1, 0, {"x"}, 1}), errc::bad_frame);
  EXPECT_EQ(decode({1, 1, ~std::uint64_t(0), {"x"}, 1}), errc::bad_frame);
  EXPECT_EQ(decode({1, 1, 1, {}, 0}), errc::bad_frame);
  EXPECT_EQ(decode({1, 1, 1, {""}, 0}), errc::bad_frame);
  outcome_note backwards{1, {{9, 1, errc::none}}};
  EXPECT_EQ(code_of([&] {
              decode_outcomes(read_one(encode_outcomes(frame_type::outcomes, 1, backwards)));
            }),
            errc::bad_frame);
}

TEST(frame_bodies, of_a_refusal_are_fit_for_a_terminal) {
  auto got = decode_refusal(read_one(encode_refusal(0, {errc::wrong_name, "a\x1b[2Jb\nc"})));
  EXPECT_EQ(got.code, errc::wrong_name);
  EXPECT_EQ(got.text, "a [2Jb c");
  auto cut =
      decode_refusal(read_one(encode_refusal(0, {errc::wrong_name, std::string(9999, 'x')})));
  EXPECT_EQ(cut.text.size(), limits::error_text_bytes_max);
}

TEST(frame_builder, refuses_what_no_peer_would_take) {
  EXPECT_EQ(code_of([] {
              make_frame(frame_type::message, 1, std::string(limits::frame_bytes_max, 'x'));
            }),
            errc::too_large);
}

}  // namespace
}  // namespace holdfast
