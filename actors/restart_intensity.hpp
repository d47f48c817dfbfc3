#pragma once

#include <holdfast/core/clock.hpp>

#include <chrono>
#include <cstddef>
#include <deque>

namespace holdfast {

/// How many restarts a supervisor takes for chance. One more within `period` and something is wrong that restarting does not
/// mend: the supervisor gives up and lets its own supervisor decide.
struct restart_limit {
  std::size_t restarts_max = 3;  ///< 0: the first failure is one too many
  duration period = std::chrono::seconds(5);
};

/// Counts the restarts of the last `period`. Pure: moments are handed in and never run back. A restart counts from its moment
/// until just before `period` later. It remembers at most `restarts_max` + 1 moments.
class restart_intensity {
public:
  explicit restart_intensity(restart_limit limit) : limit_(limit) {}

  /// Notes a restart. Whether it is still within the limit.
  bool add(duration now) {
    forget_before(now);
    if (moments_.size() <= limit_.restarts_max)
      moments_.push_back(now);
    return moments_.size() <= limit_.restarts_max;
  }

  std::size_t count(duration now) {
    forget_before(now);
    return moments_.size();
  }

  const restart_limit& limit() const { return limit_; }

private:
  void forget_before(duration now) {
    while (!moments_.empty() && now - moments_.front() >= limit_.period)
      moments_.pop_front();
  }

  restart_limit limit_;
  std::deque<duration> moments_;
};

}  // namespace holdfast
