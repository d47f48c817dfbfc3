#pragma once

#include <holdfast/actors/call_port.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/outbox.hpp>
#include <holdfast/runtime/foreign_call.hpp>
#include <holdfast/runtime/foreign_port.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace holdfast {

/// What a foreign node asks for during one session:
///
///    m(params...)                              a send: at most once, no answer
///    holdfast.call(id, m, params, options?)    holdfast.result(id, value) or holdfast.failed(id, reason, text)
///    holdfast.queue(id, m, params, options?)   on disk, then holdfast.stored(id); or holdfast.failed
///
/// "beta/m" is forwarded to node beta. Answers come in the format of the question. What it may not call (foreign_rules.hpp)
/// is `not_allowed`, a send of it counted and logged. What breaks the shape of a reserved method throws errc::bad_frame and
/// costs the connection.
class foreign_requests {
public:
  explicit foreign_requests(foreign_port& port) : port_(port) {}

  /// `bytes` is what the message took; port.taken gets them when it has left the queues here.
  void send(foreign_call call, std::size_t bytes);
  void call(foreign_call call, std::size_t bytes);
  void queue(foreign_call call, std::size_t bytes);

private:
  struct asked;

  asked read(const foreign_call& call) const;
  queue_request request_for(const asked& question) const;
  std::function<void()> taken(std::size_t bytes);
  void replied(const asked& question, const call_reply& reply);
  void failed(const asked& question, std::string_view reason, const std::string& text);

  foreign_port& port_;
};

}  // namespace holdfast
