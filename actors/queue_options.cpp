#include <holdfast/actors/queue_options.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/core/names.hpp>

namespace holdfast::detail {
namespace {

std::string quoted(std::string_view text) {
  return "'" + std::string(text.substr(0, 60)) + (text.size() > 60 ? "..." : "") + "'";
}

void check_key(const char* what, std::string_view key) {
  if (key.size() > limits::key_bytes_max)
    throw error(errc::bad_name, std::string("the ") + what + " " + quoted(key) + " has "
                                    + std::to_string(key.size()) + " bytes; at most "
                                    + std::to_string(limits::key_bytes_max) + " are allowed");
}

// 0 is "none" in a header, so an option that was given must be above it.
std::int64_t checked_time(const char* what, const std::optional<duration>& time) {
  if (!time)
    return 0;
  if (*time <= duration::zero())
    throw error(errc::bad_option, std::string("the option ") + what
                                      + " must be longer than nothing; leave it out instead");
  if (*time > option_time_max)
    throw error(errc::bad_option, std::string("the option ") + what + " is longer than 50 years");
  return time->count();
}

void check_range(const char* what, int given, int low, int high) {
  if (given < low || given > high)
    throw error(errc::bad_option, std::string("the option ") + what + " is " + std::to_string(given)
                                      + "; it goes from " + std::to_string(low) + " to "
                                      + std::to_string(high));
}

void check_payload(const encoded_call& call) {
  if (call.payload.size() > limits::payload_bytes_max)
    throw error(errc::too_large, "the arguments of " + std::string(call.method) + " take "
                                     + std::to_string(call.payload.size())
                                     + " bytes; a call carries at most "
                                     + std::to_string(limits::payload_bytes_max));
}

}  // namespace

call_header make_header(std::string_view peer, const encoded_call& call) {
  check_name("node", peer);
  check_method_name(call.method);
  check_key("actor name", call.key);
  check_payload(call);
  call_header header;
  header.method = call.method;
  header.key = call.key;
  header.fingerprint = call.fingerprint;
  header.payload = call.kind;
  return header;
}

queue_request make_request(const queue_plan& plan, encoded_call call) {
  auto header = make_header(plan.peer, call);
  auto& options = plan.options;
  check_key("user id", options.id);
  check_key("mailbox key", options.key);
  check_range("priority", options.priority, -priority_max, priority_max);
  if (options.attempts)
    check_range("attempts", *options.attempts, 1, attempts_max);
  if (!options.key.empty()) {
    if (!header.key.empty() && header.key != options.key)
      throw error(errc::bad_option,
                  "a durable actor has a mailbox of its own: leave the option key out");
    header.key = options.key;
  }
  header.priority = static_cast<std::int8_t>(options.priority);
  header.attempts = static_cast<std::uint16_t>(options.attempts.value_or(0));
  header.back_off_ns = checked_time("back_off", options.back_off);
  header.expires_at = checked_time("expires_in", options.expires_in);
  header.not_before = checked_time("not_before", options.not_before);
  header.user_id = options.id;
  header.completion = plan.completion;
  return {plan.peer, std::move(header), std::move(call.payload)};
}

duration checked_within(duration within) {
  checked_time("within", within);
  return within;
}

duration checked_wait(duration wait) {
  if (wait < duration::zero() || wait > option_time_max)
    throw error(errc::bad_option, "later(...) takes a time from 0 to 50 years");
  return wait;
}

}  // namespace holdfast::detail
