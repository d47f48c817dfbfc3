#pragma once

#include <holdfast/actors/failure_detector.hpp>
#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/handshake.hpp>
#include <holdfast/actors/lane_receiver.hpp>
#include <holdfast/actors/lane_sender.hpp>
#include <holdfast/actors/link_marks.hpp>
#include <holdfast/actors/link_port.hpp>
#include <holdfast/actors/message_flow.hpp>
#include <holdfast/actors/outcome_exchange.hpp>
#include <holdfast/actors/request_table.hpp>
#include <holdfast/actors/wire.hpp>

#include <cstddef>
#include <optional>
#include <string>

namespace holdfast {

/// One life of a link, from `open` to its end: the pieces that carry calls, outcomes, messages and requests, and what they
/// share. The actor (peer_link.cpp) decides when it begins and ends; this dispatches its frames.
class link_session {
public:
  link_session(link_port& port, peer_entry& entry, request_table& requests,
               connection_number connection, const link_hello& mine, const link_hello& peer);

  connection_number connection() const { return connection_; }
  const link_hello& peer() const { return peer_; }
  failure_detector& detector() { return detector_; }
  lane_sender& sender() { return sender_; }

  /// Both sides said `open`; `theirs` is what the peer remembers of our lanes.
  void begin(const link_marks& theirs);

  /// Throws errc::bad_frame for what is out of place. True: the peer said goodbye, it was its last word.
  bool take(const frame& from);

  void lane_has_grown(const lane_grew& news) { sender_.grew(news.lane, news.last); }
  void outcomes_have_grown(const outcomes_grew& news) { outcomes_.grew(news.lane_index); }
  void send(const send_message& message) { messages_.send(message); }

  std::string unwritten;                ///< frames collected from the messages that are here
  std::size_t unsent = 0;               ///< bytes given to the wire and not known to have left
  std::shared_ptr<wire_outlet> outlet;  ///< empty where the wire has none to give
  std::size_t untaken = 0;              ///< bytes of frames handled, not yet told to the wire
  bool is_suspect = false;
  bool is_over = false;  ///< waits for its commits, then `peer_down`
  bool is_drained =
      false;  ///< the commits are back; what they admitted is on its way to the executor
  errc reason = errc::none;  ///< why it is over
  std::string text;

private:
  link_port& port_;
  peer_entry& entry_;
  request_table& requests_;
  connection_number connection_;
  link_hello peer_;
  failure_detector detector_;
  lane_sender sender_;
  lane_receiver receiver_;
  outcome_sender outcomes_;
  outcome_settler settler_;
  message_flow messages_;
  request_server server_;
};

}  // namespace holdfast
