#pragma once

#include <holdfast/core/bytes.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/outbox.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// What nodes say to each other: frames, and nothing but frames.
///
///    0         4       5                13
///    | length  | type  | session nonce  | body ...          length counts what follows it
///
/// All numbers little-endian. The nonce is 0 in a hello, and in a refusal of one; afterwards it is the session's, and a
/// frame with another one is out of place. Everything that a peer announces is bounded before it is believed: whatever
/// breaks a rule throws errc::bad_frame with what is wrong, and costs the peer its connection, nobody else anything.

enum class frame_type : std::uint8_t {
  hello = 1,
  proof = 2,
  marks = 3,
  open = 4,
  refuse = 5,
  batch = 6,
  stored = 7,
  outcomes = 8,
  outcomes_acked = 9,
  message = 10,
  message_credit = 11,
  request = 12,
  reply = 13,
  beat = 14,
  bye = 15,
};

std::string_view to_string(frame_type type);

/// Type and nonce, which the length counts; with the length itself.
inline constexpr std::size_t frame_head_bytes = 9;
inline constexpr std::size_t frame_prefix_bytes = 4 + frame_head_bytes;

/// Ranges in one frame of outcomes: 17 bytes each.
inline constexpr std::size_t frame_outcomes_max = 4096;

struct frame {
  frame_type type{};
  std::uint64_t nonce = 0;
  shared_bytes body;

  std::size_t bytes() const { return frame_prefix_bytes + body.size(); }  ///< on the wire
};

/// One frame under construction. `body` appends in place; `finish` seals the length and ends the builder.
class frame_builder {
public:
  frame_builder(frame_type type, std::uint64_t nonce, std::size_t body_bytes = 0);
  byte_writer body() { return byte_writer(bytes_); }
  std::string finish();

private:
  std::string bytes_;
};

std::string make_frame(frame_type type, std::uint64_t nonce, std::string_view body = {});

/// Cuts a stream of bytes, in chunks of any size, into frames. An announced length allocates nothing: memory grows with
/// the bytes that came. After it threw it is of no use; close the connection.
class frame_reader {
public:
  explicit frame_reader(std::size_t frame_bytes_max = limits::hello_bytes_max)
      : frame_bytes_max_(frame_bytes_max) {}

  /// Of the whole frame, its length included. Small until the peer has proved itself.
  void limit(std::size_t frame_bytes_max) { frame_bytes_max_ = frame_bytes_max; }

  /// Appends the frames that `chunk` completes to `out`.
  void take(std::string_view chunk, std::vector<frame>& out);

  /// Bytes of a frame that is not complete yet.
  std::size_t pending_bytes() const { return pending_.size(); }

private:
  std::size_t wanted(std::string_view begun) const;

  std::size_t frame_bytes_max_;
  std::string pending_;
};

/// Runs a decoder; damage and bytes left over become errc::bad_frame of `type`.
template <class Decoder>
auto decode_body(frame_type type, const frame& from, Decoder decoder) {
  try {
    byte_reader in(from.body.view(), "body");
    auto result = decoder(in);
    in.done();
    return result;
  } catch (const error& reason) {
    throw error(errc::bad_frame,
                "bad frame '" + std::string(to_string(type)) + "': " + reason.what());
  }
}

struct refusal {
  errc code = errc::none;
  std::string text;
};

struct stored_note {
  lane_number lane = 0;
  sequence_number through = 0;
};

struct outcome_note {
  lane_number lane = 0;
  std::vector<outcome_range> ranges;
};

struct request_body {
  std::uint64_t number = 0;  ///< the asking link's own; its reply carries it back
  std::string record;        ///< encode_call, with what is left of the deadline
};

struct reply_body {
  std::uint64_t number = 0;
  errc status = errc::none;
  std::string text;
  shared_bytes value;
};

std::string encode_refusal(std::uint64_t nonce, const refusal& content);
refusal decode_refusal(const frame& from);  ///< text cut to its limit, control characters removed

std::string encode_batch(std::uint64_t nonce, const transfer_batch& batch);
transfer_batch decode_batch(const frame& from);

std::string encode_stored(std::uint64_t nonce, const stored_note& note);
stored_note decode_stored(const frame& from);

/// `type` is outcomes or outcomes_acked.
std::string encode_outcomes(frame_type type, std::uint64_t nonce, const outcome_note& note);
outcome_note decode_outcomes(const frame& from);

std::string encode_credit(std::uint64_t nonce, std::uint64_t bytes);
std::uint64_t decode_credit(const frame& from);

std::string encode_request(std::uint64_t nonce, std::uint64_t number, std::string_view record);
request_body decode_request(const frame& from);

std::string encode_reply(std::uint64_t nonce, const reply_body& reply);
reply_body decode_reply(const frame& from);

}  // namespace holdfast
