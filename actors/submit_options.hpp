#pragma once

#include <holdfast/actors/queue_options.hpp>
#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/core/clock.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// How a work item is to be treated. Alphabetical, because designated initialisers keep the order of declaration:
///
///     node.controller("hub").with({.labels = {"gpu"}, .timeout = 5min}).submit(render, "a.pdf", 300);
///
/// Out of range is refused with errc::bad_option where the item is submitted, and nothing is stored.
struct submit_options {
  std::vector<std::string> after{};  ///< ids or keys of items that must have ended before it starts
  int attempts = 3;                  ///< failures before it has failed: 1 to 1000
  duration back_off = std::chrono::seconds(1);  ///< before the second attempt; doubles from there
  std::optional<duration> deadline{};           ///< has ended by then, in whatever state it is
  duration grace =
      std::chrono::seconds(5);  ///< a lost link may come back before another worker is given it
  duration keep = std::chrono::hours(24);  ///< it can be shown that long behind its end
  std::string key{};                  ///< unique: a second item under a live key is the first one
  std::vector<std::string> labels{};  ///< what its worker must have, all of them
  int losses = 20;  ///< workers lost under it before it is held to be the cause: 1 to 1000
  lost_policy on_lost = lost_policy::move;
  return_policy on_return = return_policy::keep_first;
  int priority = 0;                ///< -100 to 100, higher first
  bool run_after_failure = false;  ///< of one of `after`; otherwise it fails with it
  int slots = 1;                   ///< that it takes of its worker
  std::optional<duration>
      stop_alone{};  ///< a worker without its controller stops it after that long; never
  std::optional<duration> timeout{};  ///< of one attempt
  std::string title{};                ///< for people
};

inline constexpr int item_slots_max = 1024;

/// Items that one item may wait for: its submission is one transaction of the controller. More go in groups, each with an
/// item behind it.
inline constexpr std::size_t after_max = 2000;

namespace detail {

/// What stands before the verb `submit`.
struct submit_plan {
  submit_options options;
  std::optional<completion_spec> completion;
};

/// Checks everything that can be known where it is submitted: errc::bad_name, bad_option, too_large.
submission make_submission(const submit_plan& plan, encoded_call call);

}  // namespace detail
}  // namespace holdfast
