#pragma once

#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/bytes_io.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

/// Disks lie: bits rot, sectors land elsewhere, files are edited. Every stored record is sealed, so
/// that damage is found before anything acts on it (J3). docs/journal_format.md has a worked
/// example.
///
///    0       2         3      4             8                    16
///    | "HF"  | version | kind | body length |      checksum      | body ...
///
/// All numbers little-endian. The checksum is XXH3-64 of the body, seeded with the first eight
/// bytes as one number: it covers the whole record and a record of one kind never passes for
/// another. The header keeps this shape in every version; `version` tells how the body is to be
/// read.

enum class record_kind : std::uint8_t {
  meta = 1,
  out_lane = 2,
  call = 3,
  in_lane = 4,
  stored_call = 5,
  index = 6,
  admitted = 7,
  outcome = 8,
  ended_call = 9,
  dead_letter = 10,
  user_id = 11,
  expiry = 12,
  attempt = 13,
  state_value = 14,
  actor_state = 15,
  counters = 16,
  tombstone = 17,
};

std::string_view to_string(
    record_kind kind) noexcept;  ///< "unknown" for a number that is none of these

inline constexpr std::size_t record_header_bytes = 16;
inline constexpr std::uint8_t record_format_version = 1;

/// The checksum used here and for payloads that travel beside a sealed header.
std::uint64_t checksum64(std::string_view bytes, std::uint64_t seed = 0) noexcept;

std::string seal(record_kind kind, std::string_view body);

/// Appends a sealed record to `out`; `write_body` writes the body in place, behind the header. If
/// it throws, `out` is as it was before.
void seal_to(std::string& out, record_kind kind, function_ref<void(byte_writer&)> write_body);

/// The body, a view into `record`. Throws errc::journal_damaged saying what is wrong, or
/// errc::journal_format when a sound record was written by a newer version.
std::string_view unseal(record_kind kind, std::string_view record);

/// As unseal, for a record with other bytes behind it: the body, and those bytes, which the
/// checksum does not cover.
std::pair<std::string_view, std::string_view> unseal_prefix(record_kind kind,
                                                            std::string_view record);

/// What the header says, unverified, for tools that walk a store.
struct record_header {
  std::uint8_t version = 0;
  record_kind kind{};
  std::uint32_t body_bytes = 0;
  std::uint64_t checksum = 0;
};

record_header read_record_header(
    std::string_view record);  ///< throws errc::journal_damaged: too short, or no magic

}  // namespace holdfast
