#pragma once

#include <holdfast/actors/call_port.hpp>
#include <holdfast/actors/peer_events.hpp>
#include <holdfast/core/bytes.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

// Messages between the actors of one node. They never cross the wire; what does is bytes (frames.hpp).
namespace holdfast {

// ---- to the executor

/// Calls that became admitted by a commit.
struct calls_admitted {
  std::vector<inbox_entry> entries;
};

/// Something falls due at that moment.
struct deadline_set {
  node_time at = 0;
};

/// A `send` or a synchronous call for a method here; `done` is empty for a send. Runs on the executor's thread.
struct method_message {
  std::string peer;  ///< who sent it
  std::shared_ptr<const call_header> header;
  shared_bytes payload;
  std::function<void(const call_reply&)> done;
  std::function<void()> taken;  ///< called when it left the queue: gives credit back to the sender
};

/// A peer event for every service that listens, behind all messages of that session.
struct peer_changed {
  peer_event event;
};

// ---- to a link

/// Calls of this lane are on disk, up to `last`.
struct lane_grew {
  lane_number lane = 0;
  sequence_number last = 0;
};

/// Outcomes for this source are on disk.
struct outcomes_grew {
  std::uint32_t lane_index = 0;
};

/// `send`: credit was taken from peer_entry::send_credit for `header` and payload.
struct send_message {
  std::shared_ptr<const call_header> header;
  shared_bytes payload;
};

/// A synchronous call. `done` is called exactly once, on the link's thread.
struct call_request {
  std::shared_ptr<const call_header> header;
  shared_bytes payload;
  node_time deadline = 0;
  std::function<void(const call_reply&)> done;
};

/// The node stops: say goodbye and close. Answered by the link's end.
struct say_goodbye {};

// ---- to the switchboard

/// A link to `peer` is wanted (a call was queued for it, or the configuration names its address).
struct want_peer {
  std::string peer;
  std::string address;           ///< "host:port"; empty: it will dial us, or is configured already
  std::function<void()> done{};  ///< the peer is known from now on: a call waits for the first dial
};

/// The operator accepts the peer's new history: forget what was bound, dial again.
struct peer_accepted {
  std::string peer;
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::calls_admitted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::deadline_set)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::method_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::peer_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::lane_grew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::outcomes_grew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::send_message)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::call_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::say_goodbye)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::want_peer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::peer_accepted)
