#pragma once

#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/actors/work_run.hpp>
#include <holdfast/core/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// What a worker holds, and what follows from what it hears. Pure: no clock, no actor, no disk. The picture of one item
/// under one epoch:
///
///     waiting --start--> running --returned, overdue, leave--> ending --stored--> ended --dropped--> heard --swept--> gone
///        |                  |                                    ^
///        +--dropped-> gone  +--dropped--> unwanted --returned----+ (a result after all: evidence)
///
/// - Nothing starts but under the session that the controller drew on this link, and nothing twice.
/// - A handler keeps its slots until it returns, whatever became of its item meanwhile.
/// - A run is named by the epoch that it was started under. Its item may be kept under a newer one (return_policy::adopt):
///   what is said of it from then on is said under that one.
/// - An end is `unstored` until `stored` says that it is durable, and held until the controller drops it.
class worker_desk {
public:
  explicit worker_desk(std::uint32_t slots) : slots_(slots) {}

  /// A row that the last life of the process left: it ended, and nobody has said that it was heard.
  void load_ended(const run_key& key);

  /// A run of a process that outlived this desk: it goes on. Its time counts from here.
  void load_running(assigned_item order, node_time now);

  /// Other slots than before. Of what runs nothing is stopped.
  void offer(std::uint32_t slots) { slots_ = slots; }

  // The link to the controller.
  void controller_found();
  void controller_lost(node_time now);
  bool is_connected() const { return is_connected_; }

  struct applied {
    bool is_taken = false;      ///< otherwise a duplicate, or of a session that is over
    bool must_report = false;   ///< a version is missing, or the details of an item
    std::vector<run_key> stop;  ///< runs to be told to stop, by the epoch they were started under
  };
  applied apply(const desired_items& news, node_time now);

  /// What starts now, in the order in which it came, at most `most`; it counts as running from here on.
  std::vector<assigned_item> start_next(node_time now, std::size_t most = std::size_t(-1));

  /// The handler of a run has returned. The item whose end must be stored, if there is one.
  std::optional<run_key> returned(const run_key& run, run_ending ending, node_time now);

  /// Runs whose time is up, or whose controller has been away for too long: they have ended, and are to be told to stop.
  std::vector<run_key> end_overdue(node_time now);

  /// Items that wait behind handlers that nobody wants any more go back, if they have waited since `before`.
  void hand_back_stuck(node_time before, node_time now);

  /// The next moment at which `end_overdue` has something to do.
  std::optional<node_time> due() const;

  /// The node stops. Runs to be told to stop.
  std::vector<run_key> leave(node_time now);
  bool is_leaving() const { return is_leaving_; }

  // Ends on their way to the disk and back.
  std::vector<run_key> unstored() const;
  const item_end* end_of(const run_key& key) const;  ///< null unless it is unstored
  void stored(const run_key& key);
  std::vector<run_key> heard() const;  ///< stored rows that may go
  void swept(const run_key& key);

  /// Session, version, offered slots (without those of unwanted handlers), what it holds.
  void fill(worker_report& report) const;
  std::optional<run_key> item_of(
      const run_key& run) const;  ///< as it is wanted now; none if it is not
  std::uint32_t slots_offered() const;
  std::size_t count_busy() const;  ///< handlers that have not returned
  std::size_t count_waiting() const;
  std::size_t count_unheard() const;  ///< ending and ended

private:
  enum class phase : std::uint8_t { waiting, running, unwanted, ending, ended, heard, gone };
  struct entry {
    phase at = phase::waiting;
    assigned_item order;  ///< without its bytes once it was started
    std::uint64_t arrival = 0;
    node_time since = 0;
    std::uint64_t started_as = 0;  ///< the epoch of the run
    bool is_busy = false;          ///< its handler has not returned
    bool is_dropped = false;       ///< while it was ending
    item_end end;
  };
  using entries = std::map<run_key, entry>;

  void add(const assigned_item& order, node_time now);
  bool keep(const run_key& key);
  entries::iterator find_run(const run_key& run);
  void drop(entries::iterator at, std::vector<run_key>& stop);
  void end(const run_key& key, entry& what, run_ending ending, node_time now);
  void forget(const run_key& key);
  bool is_wanted(const entry& what) const;
  bool has_busy_sibling(const run_key& key) const;
  std::optional<node_time> moment_of(const entry& what) const;
  std::uint32_t slots_of(bool wanted) const;

  std::uint32_t slots_;
  entries entries_;
  std::uint64_t arrivals_ = 0;
  bool is_connected_ = false;
  bool is_leaving_ = false;
  std::uint64_t session_ = 0;       ///< 0: none on this link yet
  std::uint64_t past_session_ = 0;  ///< of the link before
  std::uint64_t version_ = 0;
  std::optional<node_time> lost_at_;
  std::map<item_id, std::uint64_t> past_;  ///< the newest epoch of items that ran here and are gone
  std::deque<run_key> past_order_;
  std::map<run_key, run_key> adopted_;  ///< run -> item, where they differ
};

}  // namespace holdfast
