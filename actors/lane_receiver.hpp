#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/link_port.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <cstddef>
#include <deque>
#include <memory>

namespace holdfast {

/// The target's half of the transfer during one session: each batch is one transaction that stores it and moves the
/// lane's mark, and is answered `stored` when that is durable (J1). When the disk is full the batches wait here, bounded by
/// the window, and are tried again; the lane stands still, the session lives on and says why.
class lane_receiver {
public:
  lane_receiver(link_port& port, const uuid& source, std::size_t window_bytes)
      : port_(port), source_(source), window_bytes_(window_bytes) {}

  void take(transfer_batch batch);

  std::size_t bytes_held() const { return bytes_; }

private:
  struct held {
    std::shared_ptr<accept_request> request;
    std::size_t bytes = 0;
    bool is_submitted = false;
  };

  void submit(held& batch);
  void finished(const accept_request* request, const accept_result& result, const error* refusal);
  void hold(const error* refusal);
  void submit_all();

  link_port& port_;
  uuid source_;
  std::size_t window_bytes_;
  std::deque<held> batches_;  // in the order of arrival
  std::size_t bytes_ = 0;
  std::size_t submitted_ = 0;
  bool is_held_ = false;   // the front was refused; nothing is submitted until it is tried again
  bool is_shown_ = false;  // what it waits for stands in the status
};

}  // namespace holdfast
