#pragma once

#include <holdfast/actors/table.hpp>
#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/actors/worker_state.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

/// Everything that a controller knows: rows of its node's state. `items` and `workers` hold the facts; `ready`, `suspended`,
/// `holding`, `due` and `open` follow from them and are written in one place alone (controller_books.cpp).
namespace holdfast::controlling {

/// Where a waiting item stands. Derived from its machine and the moment of its last change.
enum class item_place : std::uint8_t { none, ready, back_off, suspended };

/// Who hears how an item ended: a method of a submitter's node.
struct listener_row {
  std::string node;
  std::string method;
  std::uint64_t fingerprint = 0;
  std::string bound;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(node) & BOOST_SERIALIZATION_NVP(method)
        & BOOST_SERIALIZATION_NVP(fingerprint) & BOOST_SERIALIZATION_NVP(bound);
  }
};

/// A lost owner counts as dead from then on.
struct grace_row {
  std::string worker;
  node_time until = 0;

  bool operator==(const grace_row&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(worker) & BOOST_SERIALIZATION_NVP(until);
  }
};

struct item_row {
  work_item machine;
  item_rules rules;
  item_demand demand;
  std::uint64_t demand_class = 0;  ///< its row in `demands`
  std::int16_t priority = 0;
  std::uint64_t order = 0;  ///< of arrival

  std::uint64_t fingerprint = 0;
  payload_kind payload_is = payload_kind::arguments;
  std::uint64_t payload_hash = 0;  ///< of method and arguments, for duplicates
  std::int64_t deadline_ns = 0;
  std::int64_t timeout_ns = 0;
  std::int64_t grace_ns = 0;
  std::int64_t stop_alone_ns = -1;
  std::int64_t keep_ns = 0;
  std::string key;
  std::vector<item_id> after;  ///< the first few, for people
  std::string title;
  std::string submitter;
  std::uint64_t trace = 0;
  std::string origin;
  bool has_completion = false;  ///< a row in `completions`
  bool is_told = false;         ///< that one was
  bool is_revised = false;      ///< it has ended before, and was tried again by an operator
  bool has_children = false;    ///< rows in `children`
  bool has_listeners = false;   ///< rows in `listeners`

  item_place place = item_place::none;
  std::vector<grace_row> graces;
  node_time deadline = 0;    ///< the moment; 0: none
  node_time ended = 0;       ///< the moment
  bool is_settling = false;  ///< it has ended, and not all of its children and listeners know

  std::uint32_t runs = 0;
  std::string worker;  ///< that runs it, or ran it last
  double progress = 0;
  std::string progress_text;
  std::int64_t submitted_wall_ns = 0, started_wall_ns = 0, ended_wall_ns = 0;
  std::string text;
  bool has_result = false, has_checkpoint = false;
  std::vector<item_note> history;

  template <class Archive>
  void serialize(Archive& ar, unsigned);
};

struct worker_row {
  worker_state machine;
  std::string type;
  std::vector<std::string> labels;
  std::vector<std::string> methods;
  std::string address;           ///< where it listens
  bool is_address_good = false;  ///< it was found there
  std::uint32_t slots = 0;
  std::uint32_t slots_used = 0;  ///< by what stands in `holding`
  std::uint64_t items_done = 0;
  std::uint64_t session = 0;  ///< 0: none; it is drawn at the first report on a link
  std::uint64_t version = 0;  ///< of what it should hold; the last one that was sent
  std::uint64_t life = 0;     ///< incarnation of the controller that its link belongs to

  bool operator==(const worker_row&) const = default;
  worker_offer offer(const std::string& name) const {
    return {name, methods, labels, slots, slots_used};
  }
  std::uint32_t room() const { return slots > slots_used ? slots - slots_used : 0; }
  bool is_open() const { return takes_items(machine) && session != 0 && room() > 0; }

  template <class Archive>
  void serialize(Archive& ar, unsigned);
};

/// An owner that has not reported its end: what the worker should hold.
struct holding_row {
  std::uint64_t epoch = 0;
  bool is_running = false;
  bool is_lost = false;

  bool operator==(const holding_row&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(epoch) & BOOST_SERIALIZATION_NVP(is_running)
        & BOOST_SERIALIZATION_NVP(is_lost);
  }
};

struct totals_row {
  work_counts counts;  ///< rolled_back stands in `fault_totals`
  std::uint64_t last_order = 0;
  node_time armed = 0;       ///< a tick is on its way for that moment; 0: none
  std::uint64_t life = 0;    ///< incarnation of the controller for which all workers were looked at
  bool is_unplaced = false;  ///< placement stopped at a limit: the next tick goes on

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(counts) & BOOST_SERIALIZATION_NVP(last_order)
        & BOOST_SERIALIZATION_NVP(armed) & BOOST_SERIALIZATION_NVP(life)
        & BOOST_SERIALIZATION_NVP(is_unplaced);
  }
};

/// A message whose transaction failed.
struct fault_row {
  std::int64_t wall_ns = 0;
  std::string where;
  std::string text;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(wall_ns) & BOOST_SERIALIZATION_NVP(where)
        & BOOST_SERIALIZATION_NVP(text);
  }
};

/// What falls due. The last two name a worker, all others an item.
enum class due_kind : std::uint8_t { back_off, deadline, grace, settle, retention, tomb, resume };

using ready_key = std::tuple<std::uint64_t, std::int32_t, std::uint64_t, item_id>;
using due_key = std::tuple<node_time, due_kind, std::string>;
using pair_key = std::tuple<std::string, std::string>;
using left_key = std::tuple<std::string, item_id, std::uint64_t>;

inline constexpr table<item_id, item_row> items{"work.items"};
inline constexpr table<item_id, std::string> payloads{"work.payloads"};
inline constexpr table<item_id, std::string> results{"work.results"};
inline constexpr table<item_id, std::string> checkpoints{"work.checkpoints"};
inline constexpr table<std::string, worker_row> workers{"work.workers"};
inline constexpr table<std::uint64_t, item_demand> demands{"work.demands"};
inline constexpr table<ready_key, bool> ready{"work.ready"};  ///< (class, -priority, order, item)
inline constexpr table<std::tuple<std::uint64_t, item_id>, bool> suspended{"work.suspended"};
inline constexpr table<pair_key, holding_row> holding{"work.holding"};  ///< (worker, item)
inline constexpr table<std::tuple<std::uint32_t, std::string>, bool> open{
    "work.open"};  ///< (used part of the slots in thousandths, worker): those with room
inline constexpr table<due_key, bool> due{"work.due"};
inline constexpr table<std::string, item_id> keys{"work.keys"};
inline constexpr table<item_id, item_id> aliases{"work.aliases"};      ///< duplicate -> first
inline constexpr table<pair_key, bool> aliases_of{"work.aliases_of"};  ///< (first, duplicate)
inline constexpr table<item_id, listener_row> completions{"work.completions"};
inline constexpr table<pair_key, listener_row> listeners{"work.listeners"};  ///< (item, duplicate)
inline constexpr table<pair_key, bool> children{"work.children"};            ///< (parent, child)
inline constexpr table<item_id, item_state> tombs{"work.tombs"};  ///< ended, and no longer kept
inline constexpr table<std::uint8_t, bool> left{"work.left"};     ///< 0: rows in the next two wait
inline constexpr table<left_key, bool> left_drops{"work.left_drops"};  ///< (worker, item, epoch)
inline constexpr table<std::uint64_t, bool> left_demands{"work.left_demands"};
inline constexpr table<std::uint8_t, totals_row> totals{"work.totals"};
inline constexpr table<std::uint8_t, std::uint64_t> fault_totals{"work.fault_totals"};
inline constexpr table<std::uint64_t, fault_row> faults{"work.faults"};

// ---- their members, in order

template <class Archive>
void item_row::serialize(Archive& ar, unsigned) {
  ar& BOOST_SERIALIZATION_NVP(machine) & BOOST_SERIALIZATION_NVP(rules)
      & BOOST_SERIALIZATION_NVP(demand) & BOOST_SERIALIZATION_NVP(demand_class)
      & BOOST_SERIALIZATION_NVP(priority) & BOOST_SERIALIZATION_NVP(order)
      & BOOST_SERIALIZATION_NVP(fingerprint) & BOOST_SERIALIZATION_NVP(payload_is)
      & BOOST_SERIALIZATION_NVP(payload_hash) & BOOST_SERIALIZATION_NVP(deadline_ns)
      & BOOST_SERIALIZATION_NVP(timeout_ns) & BOOST_SERIALIZATION_NVP(grace_ns)
      & BOOST_SERIALIZATION_NVP(stop_alone_ns) & BOOST_SERIALIZATION_NVP(keep_ns)
      & BOOST_SERIALIZATION_NVP(key) & BOOST_SERIALIZATION_NVP(after)
      & BOOST_SERIALIZATION_NVP(title) & BOOST_SERIALIZATION_NVP(submitter)
      & BOOST_SERIALIZATION_NVP(trace) & BOOST_SERIALIZATION_NVP(origin)
      & BOOST_SERIALIZATION_NVP(has_completion) & BOOST_SERIALIZATION_NVP(is_told)
      & BOOST_SERIALIZATION_NVP(is_revised) & BOOST_SERIALIZATION_NVP(has_children)
      & BOOST_SERIALIZATION_NVP(has_listeners) & BOOST_SERIALIZATION_NVP(place)
      & BOOST_SERIALIZATION_NVP(graces) & BOOST_SERIALIZATION_NVP(deadline)
      & BOOST_SERIALIZATION_NVP(ended) & BOOST_SERIALIZATION_NVP(is_settling)
      & BOOST_SERIALIZATION_NVP(runs) & BOOST_SERIALIZATION_NVP(worker)
      & BOOST_SERIALIZATION_NVP(progress) & BOOST_SERIALIZATION_NVP(progress_text)
      & BOOST_SERIALIZATION_NVP(submitted_wall_ns) & BOOST_SERIALIZATION_NVP(started_wall_ns)
      & BOOST_SERIALIZATION_NVP(ended_wall_ns) & BOOST_SERIALIZATION_NVP(text)
      & BOOST_SERIALIZATION_NVP(has_result) & BOOST_SERIALIZATION_NVP(has_checkpoint)
      & BOOST_SERIALIZATION_NVP(history);
}

template <class Archive>
void worker_row::serialize(Archive& ar, unsigned) {
  ar& BOOST_SERIALIZATION_NVP(machine) & BOOST_SERIALIZATION_NVP(type)
      & BOOST_SERIALIZATION_NVP(labels) & BOOST_SERIALIZATION_NVP(methods)
      & BOOST_SERIALIZATION_NVP(address) & BOOST_SERIALIZATION_NVP(is_address_good)
      & BOOST_SERIALIZATION_NVP(slots) & BOOST_SERIALIZATION_NVP(slots_used)
      & BOOST_SERIALIZATION_NVP(items_done) & BOOST_SERIALIZATION_NVP(session)
      & BOOST_SERIALIZATION_NVP(version) & BOOST_SERIALIZATION_NVP(life);
}

}  // namespace holdfast::controlling
