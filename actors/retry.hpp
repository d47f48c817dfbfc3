#pragma once

#include <holdfast/actors/registry.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/call_record.hpp>

#include <algorithm>
#include <cstdint>

namespace holdfast {

struct retry_decision {
  bool is_given_up = false;  ///< a dead letter
  duration wait{};           ///< otherwise, until the next attempt
};

/// Exponential back-off with jitter of a quarter either way, so that calls that failed together do not come back together.
/// `failures` are those before this one; `random` is any number. The call's own options go before its service's.
inline retry_decision decide_retry(const service_options& service, const call_header& call,
                                   unsigned failures, std::uint64_t random) {
  unsigned attempts = call.attempts ? call.attempts : service.attempts;
  if (failures + 1 >= attempts)
    return {true, {}};
  auto first = call.back_off_ns ? call.back_off_ns : duration(service.back_off).count();
  auto longest = std::max(duration(service.back_off_max).count(), first);
  auto wait = failures >= 40 || first > (longest >> failures) ? longest : first << failures;
  auto jitter = static_cast<std::int64_t>(random % 1024) - 512;
  return {false, duration(wait + wait / 2048 * jitter)};
}

}  // namespace holdfast
