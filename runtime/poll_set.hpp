#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <poll.h>
#include <vector>

namespace holdfast {

/// What one turn of a loop waits for: descriptors, each with what is done when it is ready, and the next moment at which
/// something is due. Built anew for each turn; one thread.
class poll_set {
public:
  using steady = std::chrono::steady_clock;

  void add(int descriptor, short events, std::function<void()> action) {
    watched_.push_back({descriptor, events, 0});
    actions_.push_back(std::move(action));
  }
  void wake_at(steady::time_point moment) {
    if (!due_ || moment < *due_)
      due_ = moment;
  }

  /// Waits, then does what is ready. Actions must not end what other actions need; mark it, and sweep in the next turn.
  void wait() {
    auto left = -1;
    if (due_) {
      auto time = std::chrono::ceil<std::chrono::milliseconds>(*due_ - steady::now()).count();
      left = static_cast<int>(std::clamp<decltype(time)>(time, 0, 1'000'000));
    }
    if (::poll(watched_.data(), watched_.size(), left) <= 0)
      return;
    for (std::size_t i = 0; i < watched_.size(); ++i)
      if (watched_[i].revents != 0)
        actions_[i]();
  }

private:
  std::vector<pollfd> watched_;
  std::vector<std::function<void()>> actions_;
  std::optional<steady::time_point> due_;
};

}  // namespace holdfast
