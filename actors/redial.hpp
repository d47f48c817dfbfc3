#pragma once

#include <holdfast/core/clock.hpp>

#include <algorithm>

namespace holdfast {

/// When to dial again: doubling delays with jitter, for ever. Jitter keeps a cluster that lost one node from dialing it
/// all at once, and two nodes that dial each other from colliding again and again. Pure: chance is handed in.
class redial {
public:
  redial(duration min, duration max)
      : min_(std::max(min, duration(1))), max_(std::max(max, min_)), next_(min_) {}

  /// The delay before the next dial: between half of the current step and all of it; the step doubles.
  duration after_failure(random_source& random) {
    auto step = next_;
    next_ = next_ > max_ / 2 ? max_ : 2 * next_;
    return jittered(step, random);
  }

  /// A refusal that only an operator can mend is retried at a steady, slow pace.
  static duration after_refusal(duration pace, random_source& random) {
    return jittered(std::max(pace, duration(1)), random);
  }

  void succeeded() { next_ = min_; }

private:
  static duration jittered(duration step, random_source& random) {
    auto half = step.count() / 2;
    auto chance = static_cast<std::int64_t>(
        random.next() % (static_cast<std::uint64_t>(step.count() - half) + 1));
    return duration(half + chance);
  }

  duration min_;
  duration max_;
  duration next_;
};

}  // namespace holdfast
