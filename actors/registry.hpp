#pragma once

#include <holdfast/actors/peer_events.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/call_record.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

class handler_run;

/// How a service runs its calls. One mailbox per service, or per (service, key) where calls carry a key.
struct service_options {
  std::uint16_t attempts = 10;  ///< failures before a call becomes a dead letter; 1 to 1000
  std::chrono::milliseconds back_off{100};  ///< before the second attempt; doubles, with jitter
  std::chrono::milliseconds back_off_max{std::chrono::minutes(5)};
  unsigned concurrency = 1;  ///< handlers of one mailbox at a time; above 1 there is no order
  bool ordered =
      false;  ///< a failing call holds back the ones behind it until it succeeded or died
};

/// A method as a node serves it, without its types.
struct served_method {
  std::string name;
  std::string service;
  std::uint64_t fingerprint = 0;
  std::string signature;    ///< "(string, int32) -> void", for errors and listings
  std::string description;  ///< "pages.render(path: string, dpi: integer) -> null", for people
  std::vector<std::string> parameters;  ///< names, in order
  bool is_public = false;               ///< foreign nodes may call it, by its owner's word

  /// Decodes the payload (errc::undecodable, errc::bad_argument when it does not fit), runs the handler, encodes what it
  /// returned. Whatever else it throws is a failed attempt.
  std::function<std::string(handler_run&, payload_kind, std::string_view payload)> run;

  /// Throws what `run` would throw for dynamic arguments that do not fit, and runs nothing: whoever queues a call to
  /// oneself by name hears it at once.
  std::function<void(std::string_view payload)> check_values;

  /// Set instead of `run` where the handler is an actor of the user's: it is asked, and `reply` is called once, with the
  /// encoded result or with why there is none, on any thread.
  using reply_callback = std::function<void(std::string value, std::optional<std::string> failure)>;
  std::function<void(const call_header& header, std::string payload, reply_callback reply)> ask;
};

/// Who wants to hear of peers: the mailbox is the service's.
struct peer_listener {
  std::string service;
  std::function<void(handler_run&, const peer_event&)> run;
};

/// What this node serves. Any thread; what was found stays good after it was replaced. `on_served` is told of methods
/// that were added after the start, so that parked calls go on.
class registry {
public:
  void serve(served_method method);
  void configure(const std::string& service, service_options options);
  void listen(peer_listener listener);
  void on_served(std::function<void(const std::string& method)> hook);

  std::shared_ptr<const served_method> find(std::string_view method) const;
  service_options options_of(std::string_view service) const;
  std::vector<std::shared_ptr<const peer_listener>> listeners() const;
  std::vector<std::shared_ptr<const served_method>> all() const;

private:
  struct tables;
  std::shared_ptr<const tables> current() const;
  template <class Change>
  void replace(Change change);

  mutable std::mutex mutex_;
  std::shared_ptr<const tables> tables_;
  std::function<void(const std::string&)> hook_;
};

}  // namespace holdfast
