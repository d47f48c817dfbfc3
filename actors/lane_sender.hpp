#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/lane_window.hpp>
#include <holdfast/actors/link_port.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace holdfast {

/// The source's half of the transfer during one session: reads the outbox strictly by sequence, sends batches inside the
/// window and only as far as `sent_through` durably allows, moves on by what the target has stored. Only the window is in
/// memory; a backlog waits on disk.
class lane_sender {
public:
  lane_sender(link_port& port, std::size_t window_bytes, std::size_t peer_record_bytes_max)
      : port_(port), window_bytes_(window_bytes), peer_record_bytes_max_(peer_record_bytes_max) {}

  /// The session is open; the target's mark of our lane is `mark`. Nothing of the lane was sent in this session.
  void begin(lane_number lane, sequence_number mark);

  /// Calls up to `last` are on disk. The first one of a lane opens it.
  void grew(lane_number lane, sequence_number last);

  void stored(const stored_note& note);

  std::optional<lane_number> lane() const { return lane_; }
  sequence_number transmitted() const { return window_ ? window_->transmitted() : 0; }

private:
  void pump();
  bool may_transmit(const journal_reader& rows);
  void raise(sequence_number through);
  void entomb(errc reason);
  void note_stored();

  link_port& port_;
  std::size_t window_bytes_;
  std::size_t peer_record_bytes_max_;
  std::optional<lane_number> lane_;
  std::optional<lane_window> window_;
  sequence_number last_ = 0;          // on disk, as far as we were told
  sequence_number sent_through_ = 0;  // as last read or raised
  sequence_number noted_ = 0;         // stored_through as last handed to the journal
  bool is_raising_ = false;
  bool is_entombing_ = false;
  bool is_noting_ = false;
};

}  // namespace holdfast
