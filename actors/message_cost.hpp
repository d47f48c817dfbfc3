#pragma once

#include <cstddef>
#include <cstdint>

namespace holdfast {

/// What a message or request counts against the credit of its link: its payload, and what stands around it. Whoever hands
/// over a send_message takes this from peer_entry::send_credit; the link gives the same back when the peer has taken it.
constexpr std::int64_t message_cost(std::size_t payload_bytes) {
  return static_cast<std::int64_t>(payload_bytes) + 512;
}

}  // namespace holdfast
