#include <holdfast/runtime/simulation_world.hpp>
#include <holdfast/runtime/turn_order.hpp>

#include <algorithm>

namespace holdfast {

void turn_order::changed(simulated_machine& which) {
  if (!std::exchange(which.turn.has_changed, true))
    changed_.push_back(&which);
}

void turn_order::look() {
  for (auto* each : changed_) {
    each->turn.has_changed = false;
    set_ready(*each, each->has_job());
    set_timer(*each, each->next_timer());
  }
  changed_.clear();
}

void turn_order::set_ready(simulated_machine& which, bool is_ready) {
  if (which.turn.is_ready == is_ready)
    return;
  which.turn.is_ready = is_ready;
  auto at = std::ranges::lower_bound(
      ready_, which.name, {}, [](auto* each) -> auto& { return each->name; });
  if (is_ready)
    ready_.insert(at, &which);
  else
    ready_.erase(at);
}

void turn_order::set_timer(simulated_machine& which, std::optional<std::int64_t> timer) {
  if (which.turn.timer == timer)
    return;
  if (which.turn.timer)
    timers_.erase({*which.turn.timer, which.name});
  if (timer)
    timers_.emplace(std::pair(*timer, std::string_view(which.name)), &which);
  which.turn.timer = timer;
}

std::optional<std::int64_t> turn_order::next_timer() const {
  return timers_.empty() ? std::nullopt : std::optional(timers_.begin()->first.first);
}

std::vector<simulated_machine*> turn_order::due(std::int64_t now) const {
  std::vector<simulated_machine*> all;
  for (auto i = timers_.begin(); i != timers_.end() && i->first.first <= now; ++i)
    all.push_back(i->second);
  return all;
}

}  // namespace holdfast
