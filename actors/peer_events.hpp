#pragma once

#include <holdfast/core/error.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>

namespace holdfast {

// What a node hears about its peers: ordinary messages, in the mailbox of the service that listens (node::on), behind
// everything that was accepted from that session, and `peer_down` once per lost session (L2).

struct peer_up {
  std::string node;
  std::uint64_t incarnation = 0;  ///< how often the peer has started
  enum class came_back : std::uint8_t {
    as_same,
    as_new
  } returned = came_back::as_new;  ///< as_new: it was restarted
};

/// Silent for longer than two heartbeats. Followed by peer_down, or by nothing if it speaks again.
struct peer_suspect {
  std::string node;
  std::chrono::milliseconds silent_for{};
};

struct peer_down {
  std::string node;
  errc reason = errc::none;  ///< link_lost, link_silent, link_replaced, link_goodbye, bad_frame
  std::string text;
};

using peer_event = std::variant<peer_up, peer_suspect, peer_down>;

}  // namespace holdfast
