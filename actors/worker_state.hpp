#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The state machine of one worker, as its controller sees it. Pure, like the item's (work_item.hpp).
namespace holdfast {

enum class worker_phase : std::uint8_t {
  joining,   ///< its link is up, it has not reported yet
  ready,     ///< gets items
  draining,  ///< finishes what it has, gets nothing new
  suspect,   ///< silent; gets nothing new until it speaks
  lost,      ///< its link is down; it may return, and its items wait out their grace
  gone,      ///< said goodbye, or its death is proven, or the operator forgot it
};
std::string_view to_string(worker_phase phase);

struct worker_state {
  worker_phase phase = worker_phase::joining;
  std::uint64_t incarnation = 0;  ///< of the process that reported last
  bool is_drain_wanted = false;   ///< by the operator; survives restarts of the worker
  bool is_leaving = false;        ///< it said so in its last report
  node_time since = 0;            ///< of the phase

  bool operator==(const worker_state&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(phase) & BOOST_SERIALIZATION_NVP(incarnation)
        & BOOST_SERIALIZATION_NVP(is_drain_wanted) & BOOST_SERIALIZATION_NVP(is_leaving)
        & BOOST_SERIALIZATION_NVP(since);
  }
};

namespace worker_event {
struct link_up {
  std::uint64_t incarnation = 0;
};  ///< a higher one than known proves the death of the process before
struct link_suspect {};
struct link_down {
  bool is_goodbye = false;
};
struct reported {
  std::uint64_t incarnation = 0;
  bool is_leaving = false;
};                             ///< leaving: it hands everything back
struct proven_dead {};         ///< nobody listens where it listened
struct controller_started {};  ///< every link of the life before is gone; grace counts from here
struct drain {};
struct resume {};  ///< ends a drain
struct forget {};  ///< operator: only of a worker that is lost or gone
}  // namespace worker_event

using worker_event_any =
    std::variant<worker_event::link_up, worker_event::link_suspect, worker_event::link_down,
                 worker_event::reported, worker_event::proven_dead,
                 worker_event::controller_started, worker_event::drain, worker_event::resume,
                 worker_event::forget>;

enum class worker_action : std::uint8_t {
  items_lost,  ///< item_event::worker_lost for all that it owns; their graces begin
  items_dead,  ///< item_event::worker_dead for all that it owns
  reconcile,   ///< compare what it reported with what it should hold
  has_come,    ///< it can take items that it could not take before: suspended ones look again
  erase,       ///< its row goes
};

struct worker_step {
  worker_state next;
  std::vector<worker_action> actions;
  std::string note;
  bool is_refused = false;
};

worker_step step(const worker_state& worker, const worker_event_any& event, node_time now);

/// Whether placement may give it items.
constexpr bool takes_items(const worker_state& worker) {
  return worker.phase == worker_phase::ready && !worker.is_drain_wanted;
}

}  // namespace holdfast
