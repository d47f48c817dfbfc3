#include <holdfast/actors/submit_options.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/core/names.hpp>

#include <algorithm>

namespace holdfast::detail {
namespace {

[[noreturn]] void refuse(const std::string& text) {
  throw error(errc::bad_option, text);
}

void check_range(const char* what, int given, int low, int high) {
  if (given < low || given > high)
    refuse(std::string("the option ") + what + " is " + std::to_string(given) + "; it goes from "
           + std::to_string(low) + " to " + std::to_string(high));
}

std::int64_t checked_time(const char* what, duration time) {
  if (time < duration::zero() || time > option_time_max)
    refuse(std::string("the option ") + what + " is a time from nothing to 50 years");
  return time.count();
}

/// Where nothing means that there is none.
std::int64_t limit_of(const char* what, const std::optional<duration>& time) {
  if (time && *time == duration::zero())
    refuse(std::string("the option ") + what
           + " must be longer than nothing; leave it out instead");
  return time ? checked_time(what, *time) : 0;
}

void check_text(const char* what, const std::string& text, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    refuse(std::string("the option ") + what + " has " + std::to_string(text.size())
           + " bytes; at most " + std::to_string(bytes_max) + " are allowed");
}

std::vector<std::string> sorted(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

item_rules rules_of(const submit_options& options) {
  check_range("attempts", options.attempts, 1, attempts_max);
  check_range("losses", options.losses, 1, 1000);
  item_rules rules;
  rules.attempts = static_cast<std::uint16_t>(options.attempts);
  rules.back_off_ns = checked_time("back_off", options.back_off);
  rules.back_off_max_ns = std::max(rules.back_off_max_ns, rules.back_off_ns);
  rules.losses_max = static_cast<std::uint16_t>(options.losses);
  rules.on_lost = options.on_lost;
  rules.on_return = options.on_return;
  rules.runs_after_failure = options.run_after_failure;
  return rules;
}

item_demand demand_of(const submit_options& options, std::string_view method) {
  check_method_name(method);
  for (auto& label : options.labels)
    check_name("label", label);
  check_range("slots", options.slots, 1, item_slots_max);
  return {std::string(method), sorted(options.labels), static_cast<std::uint32_t>(options.slots)};
}

void check_parents(const std::vector<std::string>& after) {
  if (after.size() > after_max)
    refuse("the option after names " + std::to_string(after.size()) + " items; at most "
           + std::to_string(after_max)
           + " are allowed: put an item behind each group of them and wait for those");
  for (auto& parent : after) {
    if (parent.empty())
      refuse("the option after names an item without a name");
    check_text("after", parent, limits::key_bytes_max);
  }
}

}  // namespace

submission make_submission(const submit_plan& plan, encoded_call call) {
  auto& options = plan.options;
  submission made;
  made.demand = demand_of(options, call.method);
  made.rules = rules_of(options);
  check_parents(options.after);
  check_range("priority", options.priority, -priority_max, priority_max);
  check_text("key", options.key, limits::key_bytes_max);
  check_text("title", options.title, limits::error_text_bytes_max);
  if (call.payload.size() > work::item_bytes_max)
    throw error(errc::too_large, "the arguments of " + std::string(call.method) + " take "
                                     + std::to_string(call.payload.size())
                                     + " bytes; a work item carries at most "
                                     + std::to_string(work::item_bytes_max)
                                     + ": store them elsewhere and submit where they are");
  made.fingerprint = call.fingerprint;
  made.payload_is = call.kind;
  made.payload = std::move(call.payload);
  made.priority = static_cast<std::int16_t>(options.priority);
  made.deadline_ns = limit_of("deadline", options.deadline);
  made.timeout_ns = limit_of("timeout", options.timeout);
  made.grace_ns = checked_time("grace", options.grace);
  made.stop_alone_ns = options.stop_alone ? checked_time("stop_alone", *options.stop_alone) : -1;
  made.keep_ns = checked_time("keep", options.keep);
  made.key = options.key;
  made.after = sorted(options.after);
  made.title = options.title;
  made.completion = plan.completion;
  return made;
}

}  // namespace holdfast::detail
