#pragma once

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/controller.hpp>
#include <holdfast/actors/controller_tables.hpp>
#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/refused_call.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::controlling {

/// What the handlers of one controller share. Nothing in it changes.
struct core {
  environment* env = nullptr;
  controller_options options;

  void point() const {
    if (options.fault_point)
      options.fault_point();
  }
};

/// A refusal that the caller is told in a sentence: no fault of the controller.
class refusal : public refused_call {
public:
  using refused_call::refused_call;
};

/// The rows that one message reads and changes. A handler edits items and workers here; `finish` writes them with every row
/// that follows from them, places what can be placed, and tells the workers whose sets changed. One run, one thread.
///
/// What is bounded in one message: items placed (`placed_max`), children and listeners told (`settled_max`), due rows looked
/// at (`due_max`), what others left (`left_max`). The rest goes on with a tick.
class books {
public:
  static constexpr std::size_t placed_max = 256;
  static constexpr std::size_t placed_bytes_max = 4u << 20;
  static constexpr std::size_t settled_max = 200;
  static constexpr std::size_t due_max = 200;
  static constexpr std::size_t left_max = 1000;
  static constexpr std::uint32_t worker_slots_max = 1024;

  books(context& ctx, const core& shared);

  // ---- items and workers, as this message leaves them

  const item_row* find_item(const item_id& id);  ///< null if there is none
  item_row& edit_item(const item_id& id);        ///< that is there
  item_row& add_item(const item_id& id, item_row row);
  void erase_item(const item_id& id);
  bool is_edited(const item_id& id) { return load_item(id).is_edited; }
  item_id first_of(const item_id& id);  ///< of a duplicate: the item that it stands for

  const worker_row* find_worker(const std::string& name);
  worker_row& edit_worker(const std::string& name);  ///< made if there is none
  void erase_worker(const std::string& name);

  totals_row& totals();  ///< to be changed

  /// What the worker should hold, with the changes of this message.
  std::map<item_id, holding_row> held_by(const std::string& worker);

  // ---- events

  /// Steps the machine, and does what it says but for the result: whoever brings one handles take_result and keep_evidence.
  item_step apply(const item_id& id, const item_event_any& event);
  worker_step apply(const std::string& worker, const worker_event_any& event);
  void note(item_row& row, std::string text);
  void place_in_indexes(item_row& row);  ///< as of now

  /// The worker's row as this life of the controller sees it: made if there is none, lost if its link is of another life.
  void meet(const std::string& worker);

  /// The item's owner is lost: its grace begins, if the item has one.
  void lose(const item_id& id, const std::string& worker);
  void bury(const item_id& id, const std::string& worker,
            worker_death how);  ///< it does not return

  /// Suspended items that the worker could run wait again, for it or for another one.
  void come(const std::string& worker);

  // ---- what the workers hear

  /// The worker gets the whole set; it said that it holds these.
  void send_all(const std::string& worker, std::vector<held_item> held);
  void send_drop(const std::string& worker, const item_id& id, std::uint64_t epoch);

  // ---- the rest

  void keep_settling(const item_id& id) { settling_.insert(id); }
  void arm_anew() { arms_anew_ = true; }    ///< the tick that was on its way is here
  void go_on() { goes_on_ = true; }         ///< with a tick, at once
  void place_all() { places_all_ = true; }  ///< not only what this message changed

  /// If another message is run right behind this one, placing and telling the workers is left to it: once for many.
  void may_leave() { may_leave_ = true; }
  void finish();

  template <class K, class V>
  std::optional<V> get(const table<K, V>& from, const K& key) {
    return ctx_.state(from).get(key);
  }
  template <class K, class V>
  void put(const table<K, V>& into, const K& key, const V& row) {
    shared_.point();
    ctx_.state(into).put(key, row);
  }
  template <class K, class V>
  void erase(const table<K, V>& from, const K& key) {
    shared_.point();
    ctx_.state(from).erase(key);
  }
  /// Rows from `from` on whose keys are below `to`.
  template <class K, class V>
  auto range(const table<K, V>& of, const K& from, const K& to, std::size_t limit) {
    return ctx_.state(of).range(from, to, limit);
  }
  template <class V>
  auto pairs(const table<pair_key, V>& of, const std::string& first, std::size_t limit) {
    return range(of, pair_key{first, {}}, pair_key{first + '\0', {}}, limit);
  }

  void queue(queue_request request);
  void add_due(node_time at, due_kind kind, const std::string& name);
  std::uint64_t demand_class(const item_demand& demand);

  node_time now() const { return now_; }
  std::int64_t wall_ns() const { return shared_.env->time->wall_ns(); }
  std::uint64_t random() const { return shared_.env->random->next(); }
  context& ctx() { return ctx_; }
  const core& shared() const { return shared_; }

private:
  friend class placer;

  struct item_entry {
    std::optional<item_row> before, now;
    bool is_edited = false;
  };
  struct worker_entry {
    std::optional<worker_row> before, now;
  };
  struct delta {
    std::map<item_id, std::uint64_t> add;
    std::set<std::pair<item_id, std::uint64_t>> drop;
    std::optional<std::vector<held_item>> held;  ///< set: it gets the whole set
  };

  item_entry& load_item(const item_id& id);
  worker_entry& load_worker(const std::string& name);
  void use_slots(const item_row& row, const work_item& before);
  void settle(const item_id& id, item_row& row);
  void tell(const listener_row& listener, const item_id& id, const item_row& row);
  void settle_more();
  bool settle_one(const item_id& id, std::size_t& budget);
  void act(const std::string& worker, worker_action action, worker_death death);

  void write_item(const item_id& id, item_entry& entry);
  void write_places(const item_id& id, const item_row* before, const item_row* now);
  void write_dues(const item_id& id, const item_row* before, const item_row* now);
  void write_holding(const item_id& id, const item_row* before, const item_row* now);
  void count(const item_row* before, const item_row* now);
  void write_worker(const std::string& name, worker_entry& entry);
  std::optional<node_time> next_tick();
  void arm();

  void leave();
  void take_up();
  void send_deltas();
  void send_delta(const std::string& worker, worker_row& row, delta& news);
  void fill_whole(const std::string& worker, delta& news, desired_items& whole);
  assigned_item details(const item_id& id, std::uint64_t epoch);
  void send_parts(const std::string& worker, worker_row& row, desired_items first,
                  const std::map<item_id, std::uint64_t>& add);

  context& ctx_;
  const core& shared_;
  node_time now_;
  std::map<item_id, item_entry> items_;
  std::map<std::string, worker_entry> workers_;
  std::optional<totals_row> totals_;
  bool totals_changed_ = false;
  std::set<item_id> settling_;
  std::map<std::string, delta> deltas_;
  std::map<item_id, std::string> payloads_;  ///< of items that were placed
  std::vector<node_time> new_dues_;
  bool arms_anew_ = false;
  bool goes_on_ = false;  ///< there is more to do at once
  bool places_all_ = false;
  bool may_leave_ = false;
  std::set<std::string> left_workers_;    ///< that earlier messages gave room
  std::set<std::uint64_t> left_demands_;  ///< of items that earlier messages brought
};

/// To oneself: what was left waits.
inline constexpr method<void()> take_up_method{"holdfast.work.take_up"};

/// What the worker should hold of an item, by worker.
std::map<std::string, holding_row> holdings_of(const work_item& item);

/// When an item must be looked at again.
std::set<std::pair<node_time, due_kind>> dues_of(const item_row* row);

}  // namespace holdfast::controlling
