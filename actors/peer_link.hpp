#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/peer_directory.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <string>

namespace holdfast {

/// The actor that owns everything between this node and one other: dialing, handshake, transfer both ways, liveness,
/// credit. One a peer, for the life of the node; sessions come and go inside it (L1: at most one at a time).
///
///    idle --address--> dialing --open--> up <--> suspect
///      ^                 |  ^             |         |
///      '-- no address ---'  '-- waiting <-+---------'      dials for ever, with back-off and jitter
///                              refused: the same, slowly, until an operator has mended the reason
///
/// It takes lane_grew, outcomes_grew, send_message, call_request, peer_accepted and say_goodbye (messages.hpp), and what the
/// wire reports. It tells the executor peer_up, peer_suspect and peer_down, the last behind everything of that session (L2).
/// It writes the peer_entry it was given. A connection that another node opened comes from the switchboard through the wire
/// (wire_give), with its half-done handshake.
caf::actor spawn_peer_link(caf::actor_system& system, environment& env, const std::string& peer);

/// Its first message.
struct link_begin {
  std::shared_ptr<peer_entry> entry;
};

/// Where the peer can be dialed; dials at once.
struct link_address {
  std::string address;
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::link_begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::link_address)
