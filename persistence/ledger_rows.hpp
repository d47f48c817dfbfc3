#pragma once

#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <string>
#include <string_view>

namespace holdfast {

// The bytes of the rows that lanes, peers and calls in trouble are made of. docs/journal_format.md lists them.

std::string encode_out_lane(const out_lane& lane);
out_lane decode_out_lane(std::string_view record);

std::string encode_in_lane(const in_lane& lane);
in_lane decode_in_lane(std::string_view record);
std::string in_lane_key(const uuid& source, lane_number lane);
std::string in_lane_index_key(
    std::uint32_t index);  ///< in `meta`: leads from the index to the in_lane_key

std::string encode_peer(const peer_row& peer);
peer_row decode_peer(std::string_view record);
std::string peer_key(std::string_view name);  ///< in `meta`

std::string encode_attempts(const attempt_record& attempts);
attempt_record decode_attempts(std::string_view record);

std::string encode_end(const end_record& end);
end_record decode_end(std::string_view record);

/// Index rows: the key says when or in which order, the value says which call.
std::string encode_index(std::uint32_t lane, sequence_number sequence);
std::pair<std::uint32_t, sequence_number> decode_index(std::string_view record);
std::string ready_key(std::uint64_t mailbox, std::int8_t priority, std::uint64_t arrival);
std::string due_key(node_time due, std::uint64_t arrival);
std::string parked_key(std::string_view method, std::uint64_t arrival);

/// What a user id stands for: its call, and until when it answers duplicates.
struct user_id_row {
  lane_number lane = 0;
  sequence_number sequence = 0;
  std::uint64_t arguments = 0;  ///< checksum of the payload
  node_time until = 0;          ///< 0 while the call is open
};
std::string encode_user_id(const user_id_row& id);
user_id_row decode_user_id(std::string_view record);
std::string user_id_key(std::string_view peer, std::string_view method, std::string_view id);

/// Keeps the call's end for a while; `of` says on whose side.
std::string ended_key(bool is_ours, std::uint32_t lane, sequence_number sequence);
void remember_end(ledger& books, bool is_ours, std::uint32_t lane, sequence_number sequence,
                  errc reason, const std::string& text);

/// A dead letter: why, and the record as it stood in the inbox.
struct dead_letter {
  end_record end;
  std::string_view record;
};
std::string encode_dead(const end_record& end, std::string_view record);
dead_letter decode_dead(std::string_view stored);

/// Adds one to the counter that `kind` belongs to; none counts as executed.
void count_end(lane_counters& counters, errc kind);

/// A text as it is stored: cut to limits::error_text_bytes_max, between characters.
std::string bounded_text(std::string_view text);

}  // namespace holdfast
