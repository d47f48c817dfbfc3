#include <holdfast/actors/link_session.hpp>

#include <algorithm>

namespace holdfast {

namespace {

// A peer may announce anything; what it makes us hold is bounded by our own limits.
std::size_t bounded(std::uint64_t announced, std::size_t ours) {
  return static_cast<std::size_t>(std::min<std::uint64_t>(announced, ours));
}

}  // namespace

link_session::link_session(link_port& port, peer_entry& entry, request_table& requests,
                           connection_number connection, const link_hello& mine,
                           const link_hello& peer)
    : port_(port), entry_(entry), requests_(requests), connection_(connection), peer_(peer),
      detector_(peer.heartbeat_interval, mine.silence_max, port.now()),
      sender_(port, bounded(peer.window_bytes, mine.window_bytes),
              bounded(peer.record_bytes_max, limits::record_bytes_max)),
      receiver_(port, peer.id, mine.window_bytes), outcomes_(port, peer.id), settler_(port),
      messages_(port, entry,
                static_cast<std::int64_t>(bounded(peer.send_bytes, limits::send_bytes_max)),
                static_cast<std::int64_t>(mine.send_bytes)),
      server_(port, static_cast<std::int64_t>(mine.send_bytes)) {}

void link_session::begin(const link_marks& theirs) {
  messages_.begin();
  entry_.is_first_dial = false;
  entry_.is_up = true;
  requests_.open(&port_,
                 static_cast<std::int64_t>(bounded(peer_.send_bytes, limits::send_bytes_max)));
  auto known = find_peer(*port_.read(), port_.peer());
  if (known && known->lane) {
    sequence_number mark = 0;
    for (auto& lane : theirs.yours)
      if (lane.lane == *known->lane)
        mark = lane.mark;
    sender_.begin(*known->lane, mark);
  }
  outcomes_.begin();
}

bool link_session::take(const frame& from) {
  if (from.nonce != port_.nonce())
    throw error(errc::bad_frame, "a frame of another session");
  switch (from.type) {
  case frame_type::batch: receiver_.take(decode_batch(from)); break;
  case frame_type::stored: sender_.stored(decode_stored(from)); break;
  case frame_type::outcomes: settler_.take(decode_outcomes(from)); break;
  case frame_type::outcomes_acked: outcomes_.acknowledged(decode_outcomes(from)); break;
  case frame_type::message: messages_.take(from); break;
  case frame_type::message_credit: messages_.credited(decode_credit(from)); break;
  case frame_type::request: server_.take(from); break;
  case frame_type::reply: requests_.replied(decode_reply(from)); break;
  case frame_type::beat: break;
  case frame_type::bye: return true;
  default:
    throw error(errc::bad_frame,
                "frame '" + std::string(to_string(from.type)) + "' while the link is open");
  }
  return false;
}

}  // namespace holdfast
