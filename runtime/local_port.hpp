#pragma once

#include <holdfast/actors/call_port.hpp>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace holdfast {

struct environment;

/// A node's call_port: what threads outside the runtime queue goes to the persistence actor, what they send and call
/// goes to the links. Any thread; outlives nothing of the environment.
class local_port final : public call_port {
public:
  explicit local_port(environment& env) : env_(env) {}

  std::future<queue_result> queue(queue_request request) override;
  bool send(const std::string& peer, call_header header, std::string payload) override;
  call_reply call(const std::string& peer, call_header header, std::string payload,
                  duration within) override;
  node_time now() const override;
  void pause(duration time) override;

  /// From now on everything is refused with errc::stopping; threads that wait for an answer get errc::unknown.
  void close();

private:
  void check_open() const;
  void begin_trace(call_header& header) const;

  class single_answer;

  environment& env_;
  std::atomic<bool> is_closed_{false};
  std::mutex mutex_;
  std::condition_variable closing_;
  std::set<std::shared_ptr<single_answer>> waiting_;
};

}  // namespace holdfast
