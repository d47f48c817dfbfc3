#pragma once

#include <holdfast/actors/environment.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>
#include <string>

namespace holdfast {

/// The node's actor for its peers as a whole: it owns the listening address, hears strangers until they have proved who
/// they are, and makes a link for every peer that somebody wants, that dialed us, or that the journal knows.
///
/// Takes open_listener, want_peer, peer_accepted; lane_grew and outcomes_grew from the persistence actor, for the link they
/// are meant for; say_goodbye: it stops listening, lets every link say goodbye, and ends when they have, within a bound.
caf::actor spawn_switchboard(caf::actor_system& system, environment& env);

/// Takes connections at `address`. `done` gets the address with the port in use, or why not; on any thread.
struct open_listener {
  std::string address;
  std::function<void(const std::string& bound, const error* refusal)> done;
};

/// The journal says that the name is a foreign node's: if it had a link of the other kind, because somebody queued for it
/// before it ever came, that gives way. `done` gets the link, on the switchboard's thread.
struct foreign_named {
  std::string peer;
  std::function<void(caf::actor link)> done;
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::foreign_named)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::open_listener)
