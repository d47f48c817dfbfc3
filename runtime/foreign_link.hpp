#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/wire.hpp>
#include <holdfast/runtime/foreign_call.hpp>
#include <holdfast/runtime/foreign_xml.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace holdfast {

/// What the gateway knows of a connection that it hands over (wire_give): a foreign node has introduced itself on it.
struct foreign_introduction {
  std::string type;  ///< as it says: "python", "java"; for people
  std::string from;
  foreign_body body = foreign_body::xml;
  foreign_xml_options xml{};
  std::uint64_t incarnation = 0;  ///< how many processes of the name have introduced themselves
  caf::actor wire;
};

/// To the link, before the first connection: who hears foreign_session_over.
struct foreign_gateway_is {
  caf::actor gateway;
};

/// To the gateway: a connection that was handed over is not there any more. May be said twice.
struct foreign_session_over {
  connection_number connection = 0;
};

/// The actor that stands for one foreign name where a peer_link stands for a node: for the life of the node, while sessions
/// come and go. It takes link_begin, lane_grew, send_message, call_request and say_goodbye, and what the foreign wire reports;
/// link_address is a mistake of the configuration, which `peers` shows; peer_accepted means nothing to it. A new connection of the name takes over from the one that is (L1):
/// peer_down, when all that came over the old one has been dealt with, then peer_up (L2). Whatever breaks the protocol ends
/// the session, with holdfast.refused as the last word and the reason in peer_down.
///
/// Memory of a session: limits::foreign_unread_bytes_max and one body read, foreign_unsent_bytes_max to be written. Nothing
/// here blocks; a body is decoded on the actor's thread.
caf::actor spawn_foreign_link(caf::actor_system& system, environment& env, const std::string& peer);

/// holdfast.refused as the wire carries it.
std::string foreign_refusal(foreign_body body, errc reason, const std::string& text);

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::foreign_gateway_is)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::foreign_session_over)
