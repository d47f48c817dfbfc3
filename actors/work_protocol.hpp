#pragma once

#include <holdfast/actors/placement.hpp>
#include <holdfast/actors/work_item.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/persistence/call_record.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What controllers, workers and submitters say to each other: ordinary methods of ordinary nodes.
///
/// - A submission, a checkpoint and the end of a run are **queued calls**: on disk at their sender before anything else
///   happens, and heard once. The id of the call that carries a submission is the item's id.
/// - Everything else is a **message** that may be lost. Assignment is level-triggered: the controller tells a worker what it
///   should hold, in numbered versions of one session; the worker reports what it holds, when the link opens, when it
///   missed a version, and from time to time. Any difference is repaired from the report.
/// - A session is one life of one link. Messages of an older one never come behind a newer one (L2).
namespace holdfast {

/// A submission, as it travels. Durations in nanoseconds; 0 is "none" unless said otherwise.
struct submission {
  item_demand demand;  ///< the method, the labels, the slots
  std::uint64_t fingerprint = 0;
  payload_kind payload_is = payload_kind::arguments;
  std::string payload;
  item_rules rules;
  std::int16_t priority = 0;     ///< -100 to 100, higher first
  std::int64_t deadline_ns = 0;  ///< from its acceptance; in every state
  std::int64_t timeout_ns = 0;   ///< of one attempt
  std::int64_t grace_ns =
      0;  ///< how long a lost link may stay lost before its worker counts as dead
  std::int64_t stop_alone_ns =
      -1;  ///< a worker without its controller stops it after that long; -1: never
  std::int64_t keep_ns = 0;        ///< its row and result are kept that long behind its end
  std::string key;                 ///< unique: a second item under a live key is the first one
  std::vector<std::string> after;  ///< ids or keys of items that must end first
  std::string title;  ///< for people: a command line, say; bounded by error_text_bytes_max
  std::uint64_t trace = 0;
  std::string origin;
  std::optional<completion_spec> completion;  ///< a method of the submitter's node

  template <class Archive>
  void serialize(Archive& ar, unsigned);
};

/// One item under one epoch.
struct held_item {
  item_id item;
  std::uint64_t epoch = 0;
  bool has_ended = false;   ///< its end is queued and not yet acknowledged
  bool is_running = false;  ///< otherwise it waits for a thread

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(item) & BOOST_SERIALIZATION_NVP(epoch)
        & BOOST_SERIALIZATION_NVP(has_ended) & BOOST_SERIALIZATION_NVP(is_running);
  }
};

/// All that a worker must know to run an item.
struct assigned_item {
  item_id item;
  std::uint64_t epoch = 0;
  std::string method;
  std::uint32_t slots = 1;
  std::uint64_t fingerprint = 0;
  payload_kind payload_is = payload_kind::arguments;
  std::string payload;
  std::uint32_t attempt = 1;  ///< failures before, plus one
  std::uint32_t run = 1;      ///< times that it was assigned, this one included
  std::string checkpoint;     ///< the last one that an earlier run left; empty if none
  std::int64_t timeout_ns = 0;
  std::int64_t stop_alone_ns = -1;
  std::uint64_t trace = 0;
  std::string origin;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(item) & BOOST_SERIALIZATION_NVP(epoch)
        & BOOST_SERIALIZATION_NVP(method) & BOOST_SERIALIZATION_NVP(slots)
        & BOOST_SERIALIZATION_NVP(fingerprint) & BOOST_SERIALIZATION_NVP(payload_is)
        & BOOST_SERIALIZATION_NVP(payload) & BOOST_SERIALIZATION_NVP(attempt)
        & BOOST_SERIALIZATION_NVP(run) & BOOST_SERIALIZATION_NVP(checkpoint)
        & BOOST_SERIALIZATION_NVP(timeout_ns) & BOOST_SERIALIZATION_NVP(stop_alone_ns)
        & BOOST_SERIALIZATION_NVP(trace) & BOOST_SERIALIZATION_NVP(origin);
  }
};

/// Worker to controller: who it is and what it holds, completely.
struct worker_report {
  std::string type;
  std::vector<std::string> labels;   ///< sorted
  std::vector<std::string> methods;  ///< that it runs; sorted
  std::uint32_t slots = 1;
  std::uint64_t incarnation = 0;  ///< of its process
  std::uint64_t session = 0;      ///< the one that it heard of last on this link; 0 if none
  std::uint64_t version = 0;      ///< the last one that it took over
  bool is_leaving = false;        ///< it stops: what it holds comes back as handed_back
  std::string address;  ///< where it listens; nobody there any more proves its death. May be empty
  std::vector<held_item> held;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(type) & BOOST_SERIALIZATION_NVP(labels)
        & BOOST_SERIALIZATION_NVP(methods) & BOOST_SERIALIZATION_NVP(slots)
        & BOOST_SERIALIZATION_NVP(incarnation) & BOOST_SERIALIZATION_NVP(session)
        & BOOST_SERIALIZATION_NVP(version) & BOOST_SERIALIZATION_NVP(is_leaving)
        & BOOST_SERIALIZATION_NVP(address) & BOOST_SERIALIZATION_NVP(held);
  }
};

/// Controller to worker: what it should hold. Applied only on top of version `base` of the same session; `base` 0 is the
/// whole set: what is neither kept nor added is dropped. A worker that cannot apply it reports, and gets the whole set.
struct desired_items {
  std::uint64_t session = 0;
  std::uint64_t version = 0;
  std::uint64_t base = 0;
  std::vector<assigned_item> add;
  std::vector<held_item> keep;  ///< with base 0: it has the details
  std::vector<held_item> drop;  ///< stop it if it runs; if it has ended, its end was heard

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(session) & BOOST_SERIALIZATION_NVP(version)
        & BOOST_SERIALIZATION_NVP(base) & BOOST_SERIALIZATION_NVP(add)
        & BOOST_SERIALIZATION_NVP(keep) & BOOST_SERIALIZATION_NVP(drop);
  }
};

/// How a run ended. Queued by the worker; `value` is what the method returned, encoded.
struct item_end {
  item_id item;
  std::uint64_t epoch = 0;
  run_end how = run_end::done;
  std::string value;
  std::string text;  ///< why it did not succeed
  std::int64_t ran_ns = 0;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(item) & BOOST_SERIALIZATION_NVP(epoch)
        & BOOST_SERIALIZATION_NVP(how) & BOOST_SERIALIZATION_NVP(value)
        & BOOST_SERIALIZATION_NVP(text) & BOOST_SERIALIZATION_NVP(ran_ns);
  }
};

// ---- answers to questions

struct item_note {
  std::int64_t wall_ns = 0;  ///< since 1970, for people
  std::string text;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(wall_ns) & BOOST_SERIALIZATION_NVP(text);
  }
};

/// One item for people, tests and programs. All times are wall time in nanoseconds since 1970; 0 is "not yet".
struct item_report {
  item_id id;
  item_state state = item_state::waiting;
  std::string method;
  std::string title;
  std::string key;
  std::vector<std::string> labels;
  std::int16_t priority = 0;
  std::uint32_t slots = 1;
  std::uint32_t attempts = 0;  ///< runs that were given to a worker
  std::uint32_t failures = 0;
  std::uint32_t losses = 0;
  std::uint64_t epoch = 0;
  std::string worker;   ///< that runs it, or of what has ended, ran it last
  double progress = 0;  ///< 0 to 1; what was heard last, and 1 when it is done
  std::string progress_text;
  std::int64_t submitted_ns = 0;
  std::int64_t started_ns = 0;  ///< the last run
  std::int64_t ended_ns = 0;
  std::string text;  ///< of the last failure, or why it ended
  std::string
      waits_for;  ///< in `show` and `why`: what a waiting or suspended item waits for, one sentence
  bool has_result = false;
  std::string result;  ///< encoded, in `show` alone
  std::vector<item_note>
      history;  ///< in `why` alone: each assignment, its epoch, why it moved, what was refused

  template <class Archive>
  void serialize(Archive& ar, unsigned);
};

struct worker_status {
  std::string name;
  std::string type;
  std::string phase;
  std::vector<std::string> labels;
  std::vector<std::string> methods;
  std::uint32_t slots = 0;
  std::uint32_t slots_used = 0;
  std::uint64_t items_done = 0;
  std::uint64_t incarnation = 0;
  std::string address;

  template <class Archive>
  void serialize(Archive& ar, unsigned);
};

struct work_counts {
  std::uint64_t waiting = 0, assigned = 0, running = 0, suspended = 0;
  std::uint64_t done = 0, failed = 0, cancelled = 0, expired = 0;
  std::uint64_t moved = 0;        ///< items taken from a lost worker
  std::uint64_t evidence = 0;     ///< late results that were refused
  std::uint64_t rolled_back = 0;  ///< messages whose transaction failed; each is in the log

  template <class Archive>
  void serialize(Archive& ar, unsigned);
};

/// Which items to list. Empty members do not filter.
struct item_filter {
  std::vector<item_state> states;
  std::string worker;
  std::string label;
  item_id after;               ///< the last one of the page before
  std::uint32_t limit = 1000;  ///< at most 10,000

  template <class Archive>
  void serialize(Archive& ar, unsigned);
};

namespace work {

/// An item's arguments, its result and its checkpoint: they travel in messages, which must fit the link's credit with room
/// for others.
inline constexpr std::size_t item_bytes_max = 2u << 20;
static_assert(2 * item_bytes_max < limits::send_bytes_max);

// Queued: to the controller.
inline constexpr method<void(submission)> submit{"holdfast.work.submit(item)"};
inline constexpr method<void(std::vector<item_end>)> ended{"holdfast.work.ended(ends)"};
inline constexpr method<void(item_id, std::uint64_t, std::string)> checkpoint{
    "holdfast.work.checkpoint(item, epoch, content)"};

// Messages: to the controller.
inline constexpr method<void(worker_report)> report{"holdfast.work.report(worker)"};
inline constexpr method<void(std::vector<held_item>)> started{"holdfast.work.started(items)"};
inline constexpr method<void(item_id, std::uint64_t, double, std::string)> progress{
    "holdfast.work.progress(item, epoch, part, text)"};
inline constexpr method<void()> tick{"holdfast.work.tick()"};  ///< to oneself: something is due

// Messages: to a worker.
inline constexpr method<void(desired_items)> desired{"holdfast.worker.desired(items)"};

// Synchronous: to the controller. Changes refuse with one sentence.
inline constexpr method<item_report(item_id)> cancel{"holdfast.work.cancel(item)"};
inline constexpr method<item_report(item_id)> retry{"holdfast.work.retry(item)"};

// Synchronous, of the operator: only from the controller's own node.
inline constexpr method<worker_status(std::string)> drain{"holdfast.work.drain(worker)"};
inline constexpr method<worker_status(std::string)> resume{"holdfast.work.resume(worker)"};
inline constexpr method<void(std::string)> forget{"holdfast.work.forget(worker)"};

// Synchronous, answered from what is on disk, beside the controller's own mailbox.
inline constexpr method<std::vector<item_report>(std::vector<item_id>)> look{
    "holdfast.work_view.look(items)"};  ///< unknown ids are left out
inline constexpr method<item_report(item_id)> show{"holdfast.work_view.show(item)"};
inline constexpr method<item_report(item_id)> why{"holdfast.work_view.why(item)"};
inline constexpr method<std::vector<item_report>(item_filter)> list{
    "holdfast.work_view.list(filter)"};
inline constexpr method<work_counts()> counts{"holdfast.work_view.counts()"};
inline constexpr method<std::vector<worker_status>()> workers{"holdfast.work_view.workers()"};

}  // namespace work

// ---- their members, in order

template <class Archive>
void submission::serialize(Archive& ar, unsigned) {
  ar& BOOST_SERIALIZATION_NVP(demand) & BOOST_SERIALIZATION_NVP(fingerprint)
      & BOOST_SERIALIZATION_NVP(payload_is) & BOOST_SERIALIZATION_NVP(payload)
      & BOOST_SERIALIZATION_NVP(rules) & BOOST_SERIALIZATION_NVP(priority)
      & BOOST_SERIALIZATION_NVP(deadline_ns) & BOOST_SERIALIZATION_NVP(timeout_ns)
      & BOOST_SERIALIZATION_NVP(grace_ns) & BOOST_SERIALIZATION_NVP(stop_alone_ns)
      & BOOST_SERIALIZATION_NVP(keep_ns) & BOOST_SERIALIZATION_NVP(key)
      & BOOST_SERIALIZATION_NVP(after) & BOOST_SERIALIZATION_NVP(title)
      & BOOST_SERIALIZATION_NVP(trace) & BOOST_SERIALIZATION_NVP(origin);
  bool has_completion = completion.has_value();
  ar& BOOST_SERIALIZATION_NVP(has_completion);
  if (!has_completion) {
    completion.reset();
    return;
  }
  if (!completion)
    completion.emplace();
  ar& boost::serialization::make_nvp("completion_method", completion->method)
      & boost::serialization::make_nvp("completion_fingerprint", completion->fingerprint)
      & boost::serialization::make_nvp("completion_bound", completion->bound);
}

template <class Archive>
void item_report::serialize(Archive& ar, unsigned) {
  ar& BOOST_SERIALIZATION_NVP(id) & BOOST_SERIALIZATION_NVP(state) & BOOST_SERIALIZATION_NVP(method)
      & BOOST_SERIALIZATION_NVP(title) & BOOST_SERIALIZATION_NVP(key)
      & BOOST_SERIALIZATION_NVP(labels) & BOOST_SERIALIZATION_NVP(priority)
      & BOOST_SERIALIZATION_NVP(slots) & BOOST_SERIALIZATION_NVP(attempts)
      & BOOST_SERIALIZATION_NVP(failures) & BOOST_SERIALIZATION_NVP(losses)
      & BOOST_SERIALIZATION_NVP(epoch) & BOOST_SERIALIZATION_NVP(worker)
      & BOOST_SERIALIZATION_NVP(progress) & BOOST_SERIALIZATION_NVP(progress_text)
      & BOOST_SERIALIZATION_NVP(submitted_ns) & BOOST_SERIALIZATION_NVP(started_ns)
      & BOOST_SERIALIZATION_NVP(ended_ns) & BOOST_SERIALIZATION_NVP(text)
      & BOOST_SERIALIZATION_NVP(waits_for) & BOOST_SERIALIZATION_NVP(has_result)
      & BOOST_SERIALIZATION_NVP(result) & BOOST_SERIALIZATION_NVP(history);
}

template <class Archive>
void worker_status::serialize(Archive& ar, unsigned) {
  ar& BOOST_SERIALIZATION_NVP(name) & BOOST_SERIALIZATION_NVP(type) & BOOST_SERIALIZATION_NVP(phase)
      & BOOST_SERIALIZATION_NVP(labels) & BOOST_SERIALIZATION_NVP(methods)
      & BOOST_SERIALIZATION_NVP(slots) & BOOST_SERIALIZATION_NVP(slots_used)
      & BOOST_SERIALIZATION_NVP(items_done) & BOOST_SERIALIZATION_NVP(incarnation)
      & BOOST_SERIALIZATION_NVP(address);
}

template <class Archive>
void work_counts::serialize(Archive& ar, unsigned) {
  ar& BOOST_SERIALIZATION_NVP(waiting) & BOOST_SERIALIZATION_NVP(assigned)
      & BOOST_SERIALIZATION_NVP(running) & BOOST_SERIALIZATION_NVP(suspended)
      & BOOST_SERIALIZATION_NVP(done) & BOOST_SERIALIZATION_NVP(failed)
      & BOOST_SERIALIZATION_NVP(cancelled) & BOOST_SERIALIZATION_NVP(expired)
      & BOOST_SERIALIZATION_NVP(moved) & BOOST_SERIALIZATION_NVP(evidence)
      & BOOST_SERIALIZATION_NVP(rolled_back);
}

template <class Archive>
void item_filter::serialize(Archive& ar, unsigned) {
  ar& BOOST_SERIALIZATION_NVP(states) & BOOST_SERIALIZATION_NVP(worker)
      & BOOST_SERIALIZATION_NVP(label) & BOOST_SERIALIZATION_NVP(after)
      & BOOST_SERIALIZATION_NVP(limit);
}

}  // namespace holdfast
