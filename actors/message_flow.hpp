#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/link_port.hpp>
#include <holdfast/actors/message_cost.hpp>
#include <holdfast/actors/messages.hpp>

#include <cstdint>

namespace holdfast {

/// `send` during one session, both ways: at most once, in order, inside a credit of bytes that the receiving side gives
/// back as its services take the messages. A peer that stops taking them stops the senders here, visibly, and nothing else.
class message_flow {
public:
  message_flow(link_port& port, peer_entry& entry, std::int64_t peer_credit, std::int64_t my_credit)
      : port_(port), entry_(entry), credit_max_(peer_credit), credit_(peer_credit),
        held_max_(my_credit) {}

  /// The session is open: credit is there.
  void begin();

  void send(const send_message& message);
  void take(const frame& from);
  void credited(std::uint64_t bytes);

  std::int64_t credit() const { return credit_; }

private:
  void taken(std::int64_t cost);

  link_port& port_;
  peer_entry& entry_;
  std::int64_t credit_max_;
  std::int64_t credit_;  // of ours, at the peer
  std::int64_t held_max_;
  std::int64_t held_ = 0;      // of the peer's, here
  std::int64_t returned_ = 0;  // taken and not yet told
};

/// The record of a message or request, with what is left of its time.
std::string encode_message(const call_header& header, std::string_view payload, node_time deadline,
                           node_time now);

/// A peer's message as the executor takes it; `deadline` is a moment here. Throws errc::bad_frame.
method_message decode_message(const std::string& peer, shared_bytes record, node_time now);

}  // namespace holdfast
