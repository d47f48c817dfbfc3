#pragma once

#include <holdfast/actors/call_port.hpp>
#include <holdfast/actors/verbs.hpp>
#include <holdfast/core/expected.hpp>

#include <future>
#include <string>
#include <utility>

namespace holdfast {

/// The id of a call that is on disk. With `is_duplicate` nothing was stored: its user id was live, and this is the id
/// of the call that came first.
struct queued_call : call_id {
  bool is_duplicate = false;
};

/// A `queue` that has not been waited for. Destroying it takes nothing back: the call is stored all the same.
class queue_ticket {
public:
  queue_ticket(std::future<queue_result> answer, std::string user_id, std::string peer)
      : answer_(std::move(answer)), user_id_(std::move(user_id)), peer_(std::move(peer)) {}

  /// Whether `get` would return at once.
  bool is_ready() const;

  /// Waits until the call is on disk. Once. Throws why it was refused: nothing is stored then.
  queued_call get();

private:
  std::future<queue_result> answer_;
  std::string user_id_;
  std::string peer_;
};

/// The verbs of a thread outside the runtime: `queue` returns when the call is on disk, `call` when there is an answer.
/// Inside a handler all of them throw errc::wrong_context: what a handler does goes through its context, so that it is
/// committed with it or not at all.
class outside_port {
public:
  using queued = queued_call;
  using ticket = queue_ticket;
  using sent = bool;  ///< false: over credit or no link; nothing was sent, and it was counted
  template <class R>
  using reply = expected<R>;

  explicit outside_port(call_port& port) : port_(&port) {}

  queued_call queue(queue_request request) const;
  queue_ticket queue_async(queue_request request) const;
  bool send(const std::string& peer, call_header header, std::string payload) const;
  template <class R>
  expected<R> call(const std::string& peer, call_header header, std::string payload,
                   duration within) const;

  node_time now() const { return port_->now(); }
  void pause(duration time) const;  ///< blocks, as the verbs do

private:
  void check_thread(const char* verb) const;
  using queue_verb = std::future<queue_result> (call_port::*)(queue_request);
  queue_ticket queue_by(queue_verb verb, queue_request request) const;
  call_reply ask(const std::string& peer, call_header header, std::string payload,
                 duration within) const;

  call_port* port_;
};

/// What node::to returns. It must not outlive the node.
using peer = basic_peer<outside_port>;

namespace detail {

/// The typed half of a reply. Bytes that do not decode are errc::unknown: it ran, and its result is lost.
template <class R>
expected<R> typed_reply(const call_reply& reply) {
  if (reply.status != errc::none)
    return call_error{reply.status, reply.text};
  if constexpr (std::is_void_v<R>)
    return {};
  else
    try {
      return decode<R>(reply.value.view(), "the result");
    } catch (const error& problem) {
      return call_error{errc::unknown, problem.what()};
    }
}

}  // namespace detail

template <class R>
expected<R> outside_port::call(const std::string& peer, call_header header, std::string payload,
                               duration within) const {
  return detail::typed_reply<R>(ask(peer, std::move(header), std::move(payload), within));
}

}  // namespace holdfast
