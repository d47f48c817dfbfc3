#pragma once

#include <holdfast/actors/sockets.hpp>
#include <holdfast/runtime/poll_set.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <random>
#include <string>

namespace holdfast {

/// Stands in the link between a node and the one that it dials, and does to it what networks do:
///
/// - cut: nothing arrives any more and no connection ends, as when a cable is pulled; both nodes notice by silence. What was
///   on the way arrives when the link is healed, unless the nodes have given the connection up by then. Each way by itself.
/// - delay: bytes arrive later, in order.
/// - loss: TCP hides a lost packet behind a pause. So a loss is a stall here: what was lost, and all that is behind it,
///   arrives after a retransmission's time, 200 ms that double with each loss of the same packet.
///
/// One thread: it takes part in a loop by `watch`.
class cluster_wire {
public:
  struct conditions {
    bool is_cut = false;
    duration delay{};
    double loss = 0;
  };

  /// Listens on a port of loopback. Until `lead_to`, connections are ended at once, as where nobody listens.
  cluster_wire(std::string dialer, std::string target);
  ~cluster_wire();
  cluster_wire(const cluster_wire&) = delete;
  cluster_wire& operator=(const cluster_wire&) = delete;

  const std::string& dialer() const { return dialer_; }
  const std::string& target() const { return target_; }
  const std::string& address() const { return address_; }  ///< where the dialer dials
  bool is_between(const std::string& one, const std::string& other) const {
    return (one == dialer_ && other == target_) || (one == target_ && other == dialer_);
  }

  /// Where the target listens; empty while it does not.
  void lead_to(std::string address) { target_address_ = std::move(address); }

  /// Of what `from`, one of the two, sends.
  conditions& way_from(const std::string& from) { return ways_[from == dialer_ ? 0 : 1]; }
  const conditions& way_from(const std::string& from) const {
    return ways_[from == dialer_ ? 0 : 1];
  }
  bool is_cut() const { return ways_[0].is_cut || ways_[1].is_cut; }

  std::size_t connections() const { return routes_.size(); }

  /// What it waits for in the next turn of the loop. The set is gone before the wire is.
  void watch(poll_set& turn);

private:
  struct route;
  void take_all();
  void open_route(sockets::descriptor near);
  duration stall(std::size_t bytes, double loss);

  std::string dialer_, target_;
  std::string address_, target_address_;
  sockets::descriptor listener_;
  std::array<conditions, 2> ways_;  ///< from the dialer, from the target
  std::list<std::unique_ptr<route>> routes_;
  std::mt19937_64 chance_;
};

}  // namespace holdfast
