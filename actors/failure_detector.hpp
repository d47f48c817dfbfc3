#pragma once

#include <holdfast/core/clock.hpp>

#include <algorithm>

namespace holdfast {

/// Decides from the peer's signs of life whether it is alive. Pure: moments are handed in.
///
/// Any frame, and any part of one, is a sign; each side sends a beat at least every heartbeat interval, from the loop
/// that does its work, so that a stuck process is noticed and not only a dead one. Silence is counted on the node's own
/// running time: when the own check comes late, this node stood still (stopped, swapped, starved), and what it did not
/// live through it does not hold against the peer.
///
///    heard ..... 2 intervals: suspect ..... silence_max - slack: judge, then down
///
/// `judge` means: look whether something has arrived and waits to be handled; call `judged` behind it. Checked every
/// `check_every`, a peer that stands still is found down within silence_max of its last sign.
class failure_detector {
public:
  enum class verdict { fine, suspect, judge };

  failure_detector(duration peer_interval, duration silence_max, node_time now)
      : suspect_after_(2 * peer_interval),
        check_every_(std::max<duration>(duration(1), std::min(peer_interval, silence_max / 4) / 2)),
        down_after_(silence_max - check_every_), heard_(now), checked_(now) {}

  /// Whether one side's beats can satisfy the other's patience: three in a row may be late or lost to a stall.
  static bool is_workable(duration peer_interval, duration silence_max) {
    return peer_interval.count() > 0 && silence_max >= 3 * peer_interval;
  }

  duration check_every() const { return check_every_; }

  void heard(node_time now) { heard_ = std::max(heard_, now); }

  duration silent_for(node_time now) const { return duration(now - heard_); }

  /// To be called every `check_every`.
  verdict check(node_time now) {
    discount_stall(now);
    return verdict_at(now);
  }

  /// After everything that had arrived was handled: whether the peer is down.
  bool judged(node_time now) {
    discount_stall(now);
    return verdict_at(now) == verdict::judge;
  }

private:
  // A check that comes more than one period late says that this node stood still for the excess.
  void discount_stall(node_time now) {
    auto late = (now - checked_) - 2 * check_every_.count();
    if (late > 0)
      heard_ = std::min(heard_ + late, now);
    checked_ = now;
  }

  verdict verdict_at(node_time now) const {
    auto silent = silent_for(now);
    if (silent >= down_after_)
      return verdict::judge;
    return silent > suspect_after_ ? verdict::suspect : verdict::fine;
  }

  duration suspect_after_;
  duration check_every_;
  duration down_after_;
  node_time heard_;
  node_time checked_;
};

}  // namespace holdfast
