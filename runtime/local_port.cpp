#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/group_writer.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/outgoing.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/runtime/local_port.hpp>
#include <holdfast/runtime/waiting.hpp>

#include <caf/send.hpp>

#include <memory>
#include <mutex>

namespace holdfast {
namespace {

/// What a header takes on disk beside the payload, about.
constexpr std::size_t header_bytes = 256;

/// How much longer than asked the caller waits: the link knows better what happened than a clock here.
constexpr std::chrono::milliseconds answer_grace{250};

}  // namespace

/// Answers one waiting thread; answers after the first are dropped.
class local_port::single_answer {
public:
  std::future<call_reply> future() { return promise_.get_future(); }
  void give(const call_reply& reply) {
    std::call_once(once_, [&] { promise_.set_value(reply); });
  }

private:
  std::promise<call_reply> promise_;
  std::once_flag once_;
};

void local_port::close() {
  std::lock_guard guard(mutex_);
  is_closed_ = true;
  closing_.notify_all();
  for (auto& answer : waiting_)
    answer->give({errc::unknown, env_.self.name + " is stopping; the call may have run", {}});
}

void local_port::check_open() const {
  if (is_closed_)
    throw error(errc::stopping, "the node " + env_.self.name + " is stopping");
}

void local_port::begin_trace(call_header& header) const {
  if (header.trace != 0)
    return;
  header.trace = env_.random->next() | 1;
  header.origin = env_.self.name;
}

local_port::storing local_port::begin(queue_request request) {
  check_open();
  begin_trace(request.header);
  request.header.queued_wall_ns = env_.time->wall_ns();
  auto promise = std::make_shared<std::promise<queue_result>>();
  auto future = promise->get_future();
  auto bytes = request.payload.size() + header_bytes;
  auto operation = make_operation<queue_result>(
      growth::grows, bytes, false,
      [request = std::move(request)](ledger& books, queue_result& result) {
        result = outbox::queue(books, request);
      },
      [promise, unstored = unstored_](queue_result& result, const error* refusal) {
        --*unstored;
        if (refusal)
          promise->set_exception(std::make_exception_ptr(*refusal));
        else
          promise->set_value(result);
      });
  ++*unstored_;
  return {std::move(operation), std::move(future)};
}

std::future<queue_result> local_port::hand_over(storing begun) {
  caf::anon_send(env_.persistence, commit_request{std::move(begun.operation)});
  if (env_.is_simulated && !is_ready_within(env_, begun.stored, simulated_wait_max))
    throw error(errc::stopping, "the node " + env_.self.name + " ended; the call may be on disk");
  return std::move(begun.stored);
}

std::future<queue_result> local_port::queue(queue_request request) {
  return hand_over(begin(std::move(request)));
}

std::future<queue_result> local_port::queue_awaited(queue_request request) {
  auto begun = begin(std::move(request));
  // Calls take effect in the order in which they were queued: only if none is under way may this one go around the actor.
  bool is_alone = *unstored_ == 1 && !env_.is_simulated;
  if (is_alone && env_.writer->commit_if_idle(begun.operation))
    return std::move(begun.stored);
  return hand_over(std::move(begun));
}

bool local_port::send(const std::string& peer, call_header header, std::string payload) {
  check_open();
  begin_trace(header);
  return send_to(env_, peer, std::move(header), std::move(payload));
}

call_reply local_port::call(const std::string& peer, call_header header, std::string payload,
                            duration within) {
  check_open();
  begin_trace(header);
  auto answer = std::make_shared<single_answer>();
  auto future = answer->future();
  {
    std::lock_guard guard(mutex_);
    waiting_.insert(answer);
  }
  ending forgets([&] {
    std::lock_guard guard(mutex_);
    waiting_.erase(answer);
  });
  check_open();  // a close that came in between has not seen this one
  call_to(env_, peer, std::move(header), std::move(payload), within,
          [answer](const call_reply& reply) { answer->give(reply); });
  if (is_ready_within(env_, future, within + answer_grace))
    return future.get();
  return {errc::unknown, peer + " did not answer in time; the call may have run", {}};
}

node_time local_port::now() const {
  return env_.time->now();
}

void local_port::pause(duration time) {
  if (env_.is_simulated) {
    env_.wait([this] { return is_closed_.load(); }, time);
    return;
  }
  std::unique_lock guard(mutex_);
  closing_.wait_for(guard, time, [this] { return is_closed_.load(); });
}

}  // namespace holdfast
