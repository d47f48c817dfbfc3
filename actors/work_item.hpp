#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The state machine of one work item, as a controller decides about it. Pure: no clock, no disk, no actor; the moment and
/// the chance are handed in. The pictures, and
/// what each event does in each state, are in docs/work_states.md.
namespace holdfast {

/// Names a work item for ever: the text of the call that submitted it ("9f86d081884c7d65-2-1041").
using item_id = std::string;

enum class item_state : std::uint8_t {
  waiting,    ///< for a worker, for a parent, or for its back-off to end
  assigned,   ///< given to a worker that has not said that it runs
  running,    ///< a worker said that it runs
  suspended,  ///< its worker was lost; waits for a fit worker to come, or for the operator
  done,
  failed,
  cancelled,
  expired,  ///< its deadline passed before it ended
};

constexpr bool is_terminal(item_state state) {
  return state >= item_state::done;
}
std::string_view to_string(item_state state);

/// What becomes of an item whose worker is lost.
enum class lost_policy : std::uint8_t {
  move,     ///< another worker takes it
  suspend,  ///< it waits until a fit worker comes, the lost one included
};

/// What becomes of a worker that returns and still runs an item that was given to another one meanwhile.
enum class return_policy : std::uint8_t {
  keep_first,   ///< it stops; the first result under the current epoch counts
  adopt,        ///< it goes on under a new epoch, the other one stops
  verify_both,  ///< both go on; it ends when both have reported or one of them is lost
};

std::string_view to_string(lost_policy policy);
std::string_view to_string(return_policy policy);

/// What the submitter said about an item, as far as the machine needs it. Durations in nanoseconds.
struct item_rules {
  std::uint16_t attempts = 3;                ///< failures before it has failed: 1 to 1000
  std::int64_t back_off_ns = 1'000'000'000;  ///< before the second attempt; doubles, with jitter
  std::int64_t back_off_max_ns = 300'000'000'000;  ///< five minutes
  std::uint16_t losses_max =
      20;  ///< workers lost under it before it is held to be the cause: it has failed
  lost_policy on_lost = lost_policy::move;
  return_policy on_return = return_policy::keep_first;
  bool runs_after_failure = false;  ///< of a parent; otherwise it fails with it

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(attempts) & BOOST_SERIALIZATION_NVP(back_off_ns)
        & BOOST_SERIALIZATION_NVP(back_off_max_ns) & BOOST_SERIALIZATION_NVP(losses_max)
        & BOOST_SERIALIZATION_NVP(on_lost) & BOOST_SERIALIZATION_NVP(on_return)
        & BOOST_SERIALIZATION_NVP(runs_after_failure);
  }
};

/// A worker that owns an epoch of the item.
struct item_owner {
  std::string worker;
  std::uint64_t epoch = 0;
  bool is_running = false;    ///< it said so
  bool is_lost = false;       ///< its link is; it may return
  bool has_reported = false;  ///< verify_both: it is through, the other one is not
  node_time since = 0;        ///< when it was assigned

  bool operator==(const item_owner&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(worker) & BOOST_SERIALIZATION_NVP(epoch)
        & BOOST_SERIALIZATION_NVP(is_running) & BOOST_SERIALIZATION_NVP(is_lost)
        & BOOST_SERIALIZATION_NVP(has_reported) & BOOST_SERIALIZATION_NVP(since);
  }
};

/// W1: at most one owner has the current epoch. A second owner exists under verify_both alone.
struct work_item {
  item_state state = item_state::waiting;
  std::uint64_t epoch = 0;  ///< the last one that was given out
  std::uint32_t failures = 0;
  std::uint32_t losses = 0;
  std::uint32_t open_parents = 0;
  node_time not_before = 0;  ///< back-off
  std::vector<item_owner>
      owners;  ///< assigned, running: one; verify_both: up to two. Otherwise none
  std::vector<item_owner>
      displaced;  ///< lost owners whose item was moved or suspended: they may return with it

  bool operator==(const work_item&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(state) & BOOST_SERIALIZATION_NVP(epoch)
        & BOOST_SERIALIZATION_NVP(failures) & BOOST_SERIALIZATION_NVP(losses)
        & BOOST_SERIALIZATION_NVP(open_parents) & BOOST_SERIALIZATION_NVP(not_before)
        & BOOST_SERIALIZATION_NVP(owners) & BOOST_SERIALIZATION_NVP(displaced);
  }

  /// Whether placement may give it to a worker now.
  bool is_ready(node_time now) const {
    return state == item_state::waiting && open_parents == 0 && not_before <= now;
  }
};

/// How a run of an item ended, as its worker says.
enum class run_end : std::uint8_t {
  done,
  failed,   ///< counts as an attempt
  refused,  ///< the worker cannot run it (serves no such method, runs no commands): not an attempt
  handed_back,  ///< the worker stops or drains: not an attempt
  cancelled,    ///< it was told to stop, and did
  timed_out,    ///< the attempt's time was up: counts as an attempt
  never_fits,   ///< its arguments do not decode: no further attempt
};
std::string_view to_string(run_end end);

/// What tells that a worker does not return.
enum class worker_death : std::uint8_t {
  grace_over,      ///< nothing does: it was away for too long
  nobody_listens,  ///< where it listened
  restarted,       ///< another process of its node has come
  goodbye,
  forgotten,  ///< by the operator
};

namespace item_event {
struct parent_ended {
  bool was_done = true;
};
struct assigned {
  std::string worker;
};  ///< placement chose it; draws the next epoch
struct started {
  std::string worker;
  std::uint64_t epoch = 0;
};
struct ended {
  std::string worker;
  std::uint64_t epoch = 0;
  run_end how = run_end::done;
};
struct worker_lost {
  std::string worker;
};  ///< its link is: grace begins
struct worker_dead {
  std::string worker;
  worker_death how = worker_death::grace_over;
};
struct worker_back {  ///< its report names the item under that epoch, or (epoch 0) does not
  std::string worker;
  std::uint64_t epoch = 0;
  bool is_running = false;
};
struct fit_worker_came {};  ///< a worker that could run it has joined or returned
struct cancel {};
struct expire {};
struct retry {};  ///< operator: from failed, cancelled, expired or suspended
}  // namespace item_event

using item_event_any =
    std::variant<item_event::parent_ended, item_event::assigned, item_event::started,
                 item_event::ended, item_event::worker_lost, item_event::worker_dead,
                 item_event::worker_back, item_event::fit_worker_came, item_event::cancel,
                 item_event::expire, item_event::retry>;

/// What the controller does beside storing the new state. Which workers hear of it follows from the owners before and
/// after, and which indexes change from the states.
enum class item_action : std::uint8_t {
  take_result,  ///< the result that came with the event is the item's
  keep_evidence,  ///< it came too late or under an old epoch: kept beside the item, counts for nothing
  settle,         ///< it has just reached a terminal state (W2: once)
};

struct item_step {
  work_item next;
  std::vector<item_action> actions;
  std::string note;         ///< one sentence for `why`, empty when there is nothing to tell
  bool is_refused = false;  ///< the event means nothing in this state; `next` is as before
};

/// `chance` is a random number, for the jitter of back-offs.
item_step step(const work_item& item, const item_rules& rules, const item_event_any& event,
               node_time now, std::uint64_t chance);

}  // namespace holdfast
