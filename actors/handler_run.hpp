#pragma once

#include <holdfast/actors/call_port.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

/// One run of a handler, which is one transaction: the state it reads and writes, the calls it queues, the messages it
/// sends and the removal of the call that it runs commit together or not at all. A throw discards all of it. Reads see the
/// handler's own writes. Nothing leaves the node before the commit.
///
/// Valid on the handler's thread until it returns. The typed verbs (`to`, `state`) stand in context.hpp; these are what they
/// are made of.
class handler_run {
public:
  virtual ~handler_run() = default;

  // About this run.
  virtual holdfast::call_id call_id()
      const = 0;  ///< of the queued call; empty in a synchronous call or message
  virtual std::uint32_t attempt() const = 0;      ///< 1 guarantees that it never ran before
  virtual const std::string& caller() const = 0;  ///< the node that it came from
  virtual const call_header& header() const = 0;
  virtual const std::string& node_name() const = 0;
  virtual node_time now() const = 0;

  /// Whether another call or message of this mailbox is run right behind this one. It may fail, so whoever leaves something
  /// to it needs another way as well.
  virtual bool is_followed() const = 0;

  // State of the node. Keys as stored (state_key).
  virtual std::optional<std::string> read(const std::string& key) = 0;
  virtual void write(const std::string& key, std::optional<std::string> value) = 0;
  virtual std::vector<std::pair<std::string, std::string>> read_range(const std::string& from,
                                                                      const std::string& to,
                                                                      std::size_t limit) = 0;

  // What leaves with the commit. Limits: errc::too_large.
  virtual void queue(queue_request request) = 0;
  virtual void send(const std::string& peer, call_header header, std::string payload) = 0;
  /// To oneself, `wait` after the commit. In memory: a restart forgets it.
  virtual void send_later(duration wait, call_header header, std::string payload) = 0;

  /// A synchronous call after the commit; the continuation is a transaction of its own, in the same mailbox.
  using continuation = std::function<void(handler_run&, const call_reply&)>;
  virtual void call(const std::string& peer, call_header header, std::string payload,
                    duration within, continuation then) = 0;
};

/// The run that the calling thread is inside of, or null. What blocks refuses to do so there.
handler_run* current_run();

/// Makes `run` the calling thread's current one while it lives. Whoever runs a handler holds one.
class running_here {
public:
  explicit running_here(handler_run& run);
  ~running_here();
  running_here(const running_here&) = delete;
  running_here& operator=(const running_here&) = delete;

private:
  handler_run* outer_;
};

}  // namespace holdfast
