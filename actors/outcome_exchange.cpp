#include <holdfast/actors/outcome_exchange.hpp>

#include <memory>
#include <utility>

namespace holdfast {

void outcome_sender::begin() {
  for (auto& lane : all_in_lanes(*port_.read()))
    if (lane.source == source_ && lane.lane != loopback_lane) {
      auto& state = lanes_[lane.index];
      state.lane = lane.lane;
      send(lane.index, state);
    }
}

void outcome_sender::grew(std::uint32_t index) {
  if (!lanes_.contains(index))
    for (auto& lane : all_in_lanes(*port_.read()))
      if (lane.index == index && lane.source == source_ && lane.lane != loopback_lane)
        lanes_[index].lane = lane.lane;
  if (auto i = lanes_.find(index); i != lanes_.end())
    send(index, i->second);
}

void outcome_sender::send(std::uint32_t index, lane_state& lane) {
  auto recorded = inbox::outcomes(*port_.read(), index, frame_outcomes_max);
  lane.is_more_waiting = recorded.size() == frame_outcomes_max;
  outcome_note note{lane.lane, {}};
  for (auto& range : recorded)
    for (auto [first, last] : lane.sent.missing(range.first, range.last))
      if (note.ranges.size() < frame_outcomes_max)
        note.ranges.push_back({first, last, range.kind});
      else
        lane.is_more_waiting = true;
  if (note.ranges.empty())
    return;
  for (auto& range : note.ranges)
    lane.sent.add(range.first, range.last);
  port_.write(encode_outcomes(frame_type::outcomes, port_.nonce(), note));
}

void outcome_sender::acknowledged(const outcome_note& note) {
  for (auto& [index, lane] : lanes_) {
    if (lane.lane != note.lane)
      continue;
    for (auto& range : note.ranges)
      if (!lane.sent.missing(range.first, range.last).empty()) {
        port_.give_up(errc::bad_frame, "the peer acknowledges outcomes that it was not sent");
        return;
      }
    auto ranges = std::make_shared<const std::vector<outcome_range>>(note.ranges);
    auto apply = [index = index, ranges](ledger& books) {
      inbox::forget_outcomes(books, index, *ranges);
    };
    // Somebody waits for it only when there is more than was read at one time.
    port_.commit({growth::shrinks, 32 * ranges->size(), !lane.is_more_waiting}, apply,
                 [this, index = index, ranges](const error* refusal) {
                   if (refusal)
                     return;  // said again in the next session
                   auto& done = lanes_.at(index);
                   for (auto& range : *ranges)
                     done.sent.remove(range.first, range.last);
                   if (done.is_more_waiting)
                     send(index, done);
                 });
    return;
  }
  port_.give_up(errc::bad_frame, "the peer acknowledges outcomes of a lane that is not its own");
}

void outcome_settler::take(outcome_note note) {
  auto lane = find_out_lane(*port_.read(), note.lane);
  auto is_ours = lane && lane->peer == port_.peer();
  for (auto& range : note.ranges)
    is_ours = is_ours && range.last < lane->next;
  if (!is_ours) {
    port_.give_up(errc::bad_frame, "the peer reports outcomes of calls that it was never given");
    return;
  }
  std::uint64_t ended = 0;
  for (auto& range : note.ranges)
    ended += range.last - range.first + 1;
  port_.update([ended](peer_status& status) { status.calls_ended += ended; });
  auto shared = std::make_shared<const outcome_note>(std::move(note));
  port_.commit(
      {growth::shrinks, 64 * shared->ranges.size(), false},
      [shared](ledger& books) { outbox::settle(books, shared->lane, shared->ranges); },
      [this, shared](const error* refusal) {
        if (refusal)  // not acknowledged, so told again in the next session
          port_.give_up(refusal->code(), refusal->what());
        else
          port_.write(encode_outcomes(frame_type::outcomes_acked, port_.nonce(), *shared));
      });
}

}  // namespace holdfast
