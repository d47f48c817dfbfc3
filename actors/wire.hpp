#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/error.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// The network as the links see it: one actor a node, commands in, facts out. In production it is a broker over sockets
/// (spawn_socket_wire); a simulation puts another actor in its place that understands the same messages.
///
/// What the wire promises about a connection:
///  - Its owner hears facts in the order in which they happened: frames as they were sent, `wire_closed` once, last.
///  - Before wire_trust a frame has at most limits::hello_bytes_max bytes, and at most
///    limits::unproved_connections_max accepted connections are in that state; more are closed at once.
///  - Bytes that are no frame close the connection with errc::bad_frame. Nothing else is harmed.
///  - It reads on only while less than wire_unread_max bytes of frames wait for their owner (`wire_taken`): whoever does
///    not keep up slows its peer down instead of filling memory.
///  - Nothing in it blocks. Connections never outlive it.
///
/// Commands about a connection that is gone are answered with wire_closed.

using connection_number = std::uint64_t;  ///< never re-used by a wire; 0 is none

/// Frames that were delivered and not yet taken. Above it the wire stops reading; below half of it, it goes on.
inline constexpr std::size_t wire_unread_max = 2 * limits::frame_bytes_max;

// ---- commands

/// Takes connections at "host:port" from now on, for `owner`. Port 0 lets the system choose. `done` gets the address with
/// the port in use, or why it cannot be had; on any thread.
struct wire_listen {
  std::string address;
  caf::actor owner;
  std::function<void(const std::string& bound, const error* refusal)> done;
};

struct wire_stop_listening {};

/// Answered by wire_connected or wire_dial_failed, with the same tag, within `within`.
struct wire_dial {
  std::string address;
  std::uint64_t tag = 0;
  duration within{0};
  caf::actor owner;
};

struct wire_write {
  connection_number connection = 0;
  std::string bytes;  ///< whole frames
};

/// Asks for the connection's outlet, behind everything written so far. Answered by wire_outlet_opened, or not: then writing
/// goes on through the wire. Once for a connection.
struct wire_open_outlet {
  connection_number connection = 0;
};

/// The peer has proved itself: frames may be large from now on.
struct wire_trust {
  connection_number connection = 0;
};

/// Facts go to `to` from now on, after wire_given with `note`.
struct wire_give {
  connection_number connection = 0;
  caf::actor to;
  std::shared_ptr<void> note;
};

/// The owner has dealt with so many bytes of frames.
struct wire_taken {
  connection_number connection = 0;
  std::size_t bytes = 0;
};

/// Asks whether bytes have arrived that were not read yet. Answered by wire_probed.
struct wire_probe {
  connection_number connection = 0;
};

/// Closes, after what was written has left if `is_orderly` (bounded: a peer that does not read is cut off). The owner
/// hears nothing more of this connection.
struct wire_close {
  connection_number connection = 0;
  bool is_orderly = true;
};

// ---- facts

struct wire_accepted {
  connection_number connection = 0;
  std::string from;  ///< for logs
};

struct wire_connected {
  std::uint64_t tag = 0;
  connection_number connection = 0;
};

struct wire_dial_failed {
  std::uint64_t tag = 0;
  std::string text;
  bool is_refused = false;  ///< no process listens there, as the machine there said itself
};

struct wire_given {
  connection_number connection = 0;
  std::shared_ptr<void> note;
};

/// What came together: one frame or more, in order.
struct wire_frames {
  connection_number connection = 0;
  std::vector<frame> content;
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (auto& each : content)
      sum += each.bytes();
    return sum;
  }
};

/// Part of a large frame came: a sign of life.
struct wire_progress {
  connection_number connection = 0;
};

/// So many more of the bytes written have left; told in coarse steps, so that an owner can bound what waits. With an outlet
/// the last of them is told too.
struct wire_sent {
  connection_number connection = 0;
  std::size_t bytes = 0;
};

/// The owner's own way to the socket, which spares a change of threads. It may be used while nothing waits that was given
/// to wire_write since: all of it was told by wire_sent. For one thread; to be dropped with the connection.
class wire_outlet {
public:
  virtual ~wire_outlet() = default;
  /// How many of the bytes have left without waiting. The rest is for wire_write; if the connection is broken, all.
  virtual std::size_t send(std::string_view bytes) = 0;
};

struct wire_outlet_opened {
  connection_number connection = 0;
  std::shared_ptr<wire_outlet> outlet;
};

struct wire_probed {
  connection_number connection = 0;
  bool has_unread = false;
};

struct wire_closed {
  connection_number connection = 0;
  errc reason = errc::none;  ///< link_lost or bad_frame
  std::string text;
};

/// Cuts the bytes of one connection into frames. Throws errc::bad_frame, and is of no use after that.
class frame_cutter {
public:
  virtual ~frame_cutter() = default;
  virtual void trust() = 0;  ///< wire_trust was said: frames may be large from now on
  virtual void take(std::string_view chunk, std::vector<frame>& out) = 0;
};

/// What a wire's connections carry. Without `cutter` it is the frames of frames.hpp.
struct wire_content {
  std::function<std::unique_ptr<frame_cutter>()> cutter{};
  std::size_t unread_max = wire_unread_max;
};

/// The wire over sockets. The system must have loaded caf::io::middleman. Ends on an exit message, closing everything.
caf::actor spawn_socket_wire(caf::actor_system& system, wire_content content = {});

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_listen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_stop_listening)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_dial)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_write)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_open_outlet)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_trust)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_give)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_probe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_close)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_dial_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_given)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_frames)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_sent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_outlet_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_probed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::wire_closed)
