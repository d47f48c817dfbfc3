#pragma once

#include <holdfast/actors/call_port.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace holdfast {

struct environment;
class journal_operation;

/// A node's call_port: what threads outside the runtime queue goes to the journal, what they send and call
/// goes to the links. Any thread; outlives nothing of the environment.
class local_port final : public call_port {
public:
  explicit local_port(environment& env) : env_(env) {}

  std::future<queue_result> queue(queue_request request) override;
  std::future<queue_result> queue_awaited(queue_request request) override;
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

  struct storing {
    std::shared_ptr<journal_operation> operation;
    std::future<queue_result> stored;
  };
  storing begin(queue_request request);
  std::future<queue_result> hand_over(storing begun);

  environment& env_;
  std::shared_ptr<std::atomic<std::size_t>> unstored_ =
      std::make_shared<std::atomic<std::size_t>>(0);  ///< begun and not yet ended
  std::atomic<bool> is_closed_{false};
  std::mutex mutex_;
  std::condition_variable closing_;
  std::set<std::shared_ptr<single_answer>> waiting_;
};

}  // namespace holdfast
