#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/dynamic_signature.hpp>
#include <holdfast/persistence/outbox.hpp>
#include <holdfast/persistence/signature.hpp>
#include <holdfast/persistence/value_bytes.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast {

/// How a queued call is to be treated. Alphabetical, because designated initialisers keep the order of declaration:
///
///     node.to("beta").with({.expires_in = 1h, .id = "a.pdf"}).queue(render, "a.pdf", 300);
///
/// What is left out is as the target serves the method. Out of range is refused with errc::bad_option where the call is
/// made, and nothing is stored.
struct queue_options {
  std::optional<int> attempts{};       ///< failures before it becomes a dead letter: 1 to 1000
  std::optional<duration> back_off{};  ///< before the second attempt; doubles from there
  std::optional<duration>
      expires_in{};   ///< not started after that long; then its completion hears `expired`
  std::string id{};   ///< a second call to the same target and method under a live id is not stored
  std::string key{};  ///< of the mailbox: calls with one key run in turn
  std::optional<duration> not_before{};  ///< starts no sooner than after that long
  int priority = 0;  ///< -100 to 100, higher first among the due calls of a mailbox
};

inline constexpr int priority_max = 100;
inline constexpr int attempts_max = 1000;

/// No option of time may be longer: far enough for every use, near enough to be added to any clock.
inline constexpr duration option_time_max = std::chrono::hours(24 * 366 * 50);

/// How long a synchronous call waits unless `within` says otherwise.
inline constexpr duration call_time_default = std::chrono::seconds(30);

namespace detail {

/// What stands before the verb `queue`: where to, how, and who hears the end.
struct queue_plan {
  std::string peer;
  queue_options options;
  std::optional<completion_spec> completion;
};

/// A method and its arguments, ready for a port.
struct encoded_call {
  std::string_view method;
  std::string_view key;  ///< the instance, for durable actors
  std::uint64_t fingerprint = 0;
  payload_kind kind = payload_kind::arguments;
  std::string payload;
};

template <class R, class... A>
encoded_call encode_typed(std::string_view method, std::string_view key, const A&... arguments) {
  know_signature<R, A...>();
  return {method, key, fingerprint<R, A...>(), payload_kind::arguments,
          encode_arguments<A...>(arguments...)};
}

inline encoded_call encode_dynamic(std::string_view method, const array& positional,
                                   const dict& named) {
  return {method, {}, 0, payload_kind::values, encode_values(positional, named)};
}

/// These check everything that can be known at the call site and throw errc::bad_name, bad_option or too_large with a
/// sentence that names the thing.
queue_request make_request(const queue_plan& plan, encoded_call call);
call_header make_header(std::string_view peer, const encoded_call& call);
duration checked_within(duration within);
duration checked_wait(duration wait);  ///< 0 to option_time_max

}  // namespace detail
}  // namespace holdfast
