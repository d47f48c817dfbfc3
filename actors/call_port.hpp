#pragma once

#include <holdfast/core/bytes.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/outbox.hpp>

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace holdfast {

/// What became of a synchronous call.
struct call_reply {
  errc status = errc::
      none;  ///< none: `value` holds the result; unreachable, failed, unknown: `text` says why
  std::string text;
  shared_bytes value;  ///< encoded; empty for methods that return nothing
};

/// The three verbs without types: what a node offers to threads outside the runtime. The typed front (peer.hpp) encodes
/// and calls these. Any thread but those that run handlers: there they throw errc::wrong_context.
class call_port {
public:
  virtual ~call_port() = default;

  /// Durable when the future is ready; it throws `error` (disk_full, id_conflict, too_large, stopping ...) otherwise, and
  /// then nothing was stored.
  virtual std::future<queue_result> queue(queue_request request) = 0;

  /// The same for a caller that waits at once: the commit may be made on its thread.
  virtual std::future<queue_result> queue_awaited(queue_request request) {
    return queue(std::move(request));
  }

  /// False when the peer's credit is used up or its link is down: the message is not sent, and counted.
  virtual bool send(const std::string& peer, call_header header, std::string payload) = 0;

  /// Waits for at most `within`.
  virtual call_reply call(const std::string& peer, call_header header, std::string payload,
                          duration within) = 0;

  // For those that ask again and again.
  virtual node_time now() const = 0;
  virtual void pause(duration time) = 0;  ///< returns early when the node stops
};

}  // namespace holdfast
