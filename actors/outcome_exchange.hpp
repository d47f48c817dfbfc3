#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/link_port.hpp>
#include <holdfast/actors/sequence_set.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <cstdint>
#include <map>

namespace holdfast {

/// How calls ended, on its way from the target's journal to the source's, during one session:
///
///    target  [outcomes] --- outcomes ---> settle, durable  source
///    target  forget     <-- outcomes_acked ---             source
///
/// The target replays everything that was not acknowledged in each session; the source's settling is idempotent.
class outcome_sender {
public:
  outcome_sender(link_port& port, const uuid& source) : port_(port), source_(source) {}

  /// The session is open: everything that is still there.
  void begin();

  void grew(std::uint32_t index);
  void acknowledged(const outcome_note& note);

private:
  struct lane_state {
    lane_number lane = 0;
    sequence_set sent;             // and not yet known to be forgotten by our journal
    bool is_more_waiting = false;  // behind what was read; again after the next acknowledgement
  };

  void send(std::uint32_t index, lane_state& lane);

  link_port& port_;
  uuid source_;
  std::map<std::uint32_t, lane_state> lanes_;
};

class outcome_settler {
public:
  explicit outcome_settler(link_port& port) : port_(port) {}

  void take(outcome_note note);

private:
  link_port& port_;
};

}  // namespace holdfast
