#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/operator_socket.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <utility>

namespace holdfast {

/// Many questions to one node, of which up to a thousand are on their way at a time: enough that its group commits are
/// always full, and few enough for the buffers between. Answers come in the order of the questions. One thread.
class question_pipeline {
public:
  /// Either the answer or why there is none. Not called when the node ends in between: that is thrown.
  using answered = std::function<void(const value* answer, const error* refusal)>;

  explicit question_pipeline(operator_client& client) : client_(&client) {}

  /// `bytes` is about what the question takes. Throws errc::stopping when the node ends, errc::bad_argument for a question
  /// that is no JSON.
  void ask(const dict& question, std::size_t bytes, answered then) {
    client_->send(question);
    waiting_.push_back({bytes, std::move(then)});
    bytes_ += bytes;
    while (waiting_.size() >= in_flight_max
           || (bytes_ > in_flight_bytes_max && waiting_.size() > 1))
      hear_one();
  }

  /// Waits for the answers that are on their way.
  void finish() {
    while (!waiting_.empty())
      hear_one();
  }

private:
  static constexpr std::size_t in_flight_max = 1024;
  static constexpr std::size_t in_flight_bytes_max = 8u << 20;

  struct open_question {
    std::size_t bytes = 0;
    answered then;
  };

  void hear_one() {
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    bytes_ -= first.bytes;
    try {
      auto answer = client_->receive();
      first.then(&answer, nullptr);
    } catch (const error& problem) {
      if (problem.code() == errc::stopping)
        throw;
      first.then(nullptr, &problem);
    }
  }

  operator_client* client_;
  std::deque<open_question> waiting_;
  std::size_t bytes_ = 0;
};

}  // namespace holdfast
