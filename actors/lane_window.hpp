#pragma once

#include <holdfast/core/ids.hpp>
#include <holdfast/core/invariant.hpp>

#include <cstddef>
#include <deque>

namespace holdfast {

/// The source's end of one lane during one session: what was transmitted and not yet stored, and how much more may be.
/// Bytes, not calls: it bounds the memory of both sides. A call larger than the window goes when nothing else is in
/// flight. Pure.
///
///    stored_through        transmitted                     on disk
///    ------|--------- in flight ---------|------- waits ------|
class lane_window {
public:
  lane_window(std::size_t bytes_max, sequence_number stored_through)
      : bytes_max_(bytes_max), stored_through_(stored_through), transmitted_(stored_through) {}

  sequence_number stored_through() const { return stored_through_; }
  sequence_number transmitted() const { return transmitted_; }
  sequence_number next() const { return transmitted_ + 1; }
  std::size_t bytes_in_flight() const { return in_flight_; }

  /// Bytes that the next batch may have; a first call that is larger may go only when this is the whole window.
  std::size_t room() const { return in_flight_ >= bytes_max_ ? 0 : bytes_max_ - in_flight_; }
  bool is_empty() const { return batches_.empty(); }

  /// Whether a batch of that size may go now.
  bool fits(std::size_t bytes) const { return is_empty() || bytes <= room(); }

  void transmit(sequence_number first, sequence_number last, std::size_t bytes) {
    INVARIANT(first == next() && last >= first, C2, "a lane is transmitted strictly by sequence");
    INVARIANT(fits(bytes), L3, "a batch is sent inside the window");
    batches_.push_back({last, bytes});
    in_flight_ += bytes;
    transmitted_ = last;
  }

  /// The target's word. False: it speaks of what was never transmitted, or takes back what it said.
  bool stored(sequence_number through) {
    if (through > transmitted_ || through < stored_through_)
      return false;
    stored_through_ = through;
    while (!batches_.empty() && batches_.front().last <= through) {
      in_flight_ -= batches_.front().bytes;
      batches_.pop_front();
    }
    return true;
  }

private:
  struct batch {
    sequence_number last;
    std::size_t bytes;
  };

  std::size_t bytes_max_;
  std::size_t in_flight_ = 0;
  sequence_number stored_through_;
  sequence_number transmitted_;
  std::deque<batch> batches_;
};

}  // namespace holdfast
