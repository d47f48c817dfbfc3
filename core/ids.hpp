#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// Identity of a journal: 16 random bytes, drawn once when the data directory is created. Names are for people; lanes,
/// marks and fencing go by uuid.
struct uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const uuid&) const = default;
  bool is_nil() const { return *this == uuid{}; }
  std::string to_text() const;  ///< 32 hexadecimal digits
  static std::optional<uuid> parse(std::string_view text);
  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// Number of a lane in the journal that issues its calls. Never re-used within a journal; 0 is the lane to oneself.
using lane_number = std::uint32_t;

/// Position in a lane, from 1. 0 means "none yet".
using sequence_number = std::uint64_t;

inline constexpr lane_number loopback_lane = 0;

/// Names one queued call for ever: the journal that issued it, the lane and the place in it. Because the place is part
/// of the name, no index from ids to records exists anywhere. `origin` is the first half of the issuing journal's uuid.
struct call_id {
  std::uint64_t origin = 0;
  lane_number lane = 0;
  sequence_number sequence = 0;

  auto operator<=>(const call_id&) const = default;
  explicit operator bool() const { return sequence != 0; }
  std::string to_text() const;  ///< "9f86d081884c7d65-2-1041"
  static std::optional<call_id> parse(std::string_view text);
};

/// The `origin` of the calls that this journal issues.
std::uint64_t origin_of(const uuid& journal);

}  // namespace holdfast
