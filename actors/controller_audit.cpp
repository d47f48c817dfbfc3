#include <holdfast/actors/controller_audit.hpp>
#include <holdfast/actors/controller_books.hpp>

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <tuple>

namespace holdfast::controlling {
namespace {

constexpr std::size_t all_rows = std::numeric_limits<std::size_t>::max();

class tables_audit {
public:
  explicit tables_audit(const journal_reader& rows) : rows_(rows) {
    for (auto& [zero, row] : rows_of(rows, controlling::totals, 1))
      is_controller_ = true, totals_ = row;
    for (auto& [id, row] : rows_of(rows, controlling::items, all_rows))
      items_.emplace(id, std::move(row));
    for (auto& [name, row] : rows_of(rows, controlling::workers, all_rows))
      workers_.emplace(name, std::move(row));
  }

  std::vector<std::string> run() {
    if (!is_controller_)
      return {};
    check_places();
    check_dues();
    check_holding();
    check_workers();
    check_counts();
    check_nobody_is_idle();
    return std::move(wrong_);
  }

private:
  void find(const std::string& text) { wrong_.push_back("W4 " + text); }

  template <class K, class V>
  std::set<K> keys_of(const table<K, V>& of) {
    std::set<K> keys;
    for (auto& [key, row] : rows_of(rows_, of, all_rows))
      keys.insert(key);
    return keys;
  }
  template <class T>
  void same(const T& found, const T& expected, const char* what) {
    if (found != expected)
      find(std::string(what) + " has " + std::to_string(found.size()) + " rows, and not the "
           + std::to_string(expected.size()) + " that follow from the items and workers");
  }

  void check_places() {
    std::map<std::uint64_t, item_demand> demands;
    for (auto& [number, demand] : rows_of(rows_, controlling::demands, all_rows))
      demands.emplace(number, demand);
    std::set<ready_key> ready;
    std::set<std::tuple<std::uint64_t, item_id>> suspended;
    for (auto& [id, row] : items_) {
      auto& machine = row.machine;
      if (row.place == item_place::ready)
        ready.emplace(row.demand_class, -row.priority, row.order, id);
      if (row.place == item_place::suspended)
        suspended.emplace(row.demand_class, id);
      bool waits = machine.state == item_state::waiting && machine.open_parents == 0;
      if (waits != (row.place == item_place::ready || row.place == item_place::back_off))
        find("the item " + id + " does not stand where it waits");
      bool is_looked_for = row.place == item_place::ready || row.place == item_place::suspended;
      auto demand = demands.find(row.demand_class);
      if (is_looked_for && (demand == demands.end() || demand->second != row.demand))
        find("the demand of the item " + id + " has no row");
    }
    same(keys_of(controlling::ready), ready, "ready");
    same(keys_of(controlling::suspended), suspended, "suspended");
  }

  void check_dues() {
    std::set<due_key> expected;
    for (auto& [id, row] : items_)
      for (auto& [at, kind] : dues_of(&row))
        expected.emplace(at, kind, id);
    auto found = keys_of(controlling::due);
    if (!found.empty() && (totals_.armed == 0 || totals_.armed > std::get<0>(*found.begin())))
      find("no tick is on its way for the first row of due");
    std::erase_if(found, [](auto& key) {
      return std::get<1>(key) == due_kind::tomb || std::get<1>(key) == due_kind::resume;
    });
    same(found, expected, "due");
  }

  void check_holding() {
    std::map<pair_key, holding_row> found, expected;
    for (auto& [key, row] : rows_of(rows_, controlling::holding, all_rows))
      found.emplace(key, row);
    for (auto& [id, row] : items_)
      for (auto& [worker, held] : holdings_of(row.machine)) {
        expected.emplace(pair_key{worker, id}, held);
        used_[worker] += row.demand.slots;
      }
    same(found, expected, "holding");
  }

  void check_workers() {
    std::set<std::string> open, expected;
    for (auto& key : keys_of(controlling::open))
      open.insert(std::get<1>(key));
    for (auto& [name, row] : workers_) {
      if (row.is_open())
        expected.insert(name);
      if (row.slots_used != used_[name])
        find("the worker " + name + " has " + std::to_string(row.slots_used)
             + " slots in use, and its items take " + std::to_string(used_[name]));
    }
    same(open, expected, "open");
  }

  void check_counts() {
    std::map<item_state, std::uint64_t> count;
    for (auto& [id, row] : items_)
      ++count[row.machine.state];
    auto same_count = [&](item_state state, std::uint64_t counted) {
      if (count[state] != counted)
        find(std::to_string(counted) + " items are counted as " + std::string(to_string(state))
             + ", and " + std::to_string(count[state]) + " are");
    };
    same_count(item_state::waiting, totals_.counts.waiting);
    same_count(item_state::assigned, totals_.counts.assigned);
    same_count(item_state::running, totals_.counts.running);
    same_count(item_state::suspended, totals_.counts.suspended);
  }

  /// But for what a message leaves to the next tick.
  void check_nobody_is_idle() {
    if (totals_.is_unplaced)
      return;
    for (auto& [name, worker] : workers_) {
      if (!worker.is_open())
        continue;
      auto offer = worker.offer(name);
      for (auto& [id, row] : items_)
        if (row.place == item_place::ready && offer.fits(row.demand) && offer.has_room(row.demand))
          wrong_.push_back("W3 the worker " + name + " has room for the item " + id
                           + ", which waits");
    }
  }

  const journal_reader& rows_;
  bool is_controller_ = false;
  totals_row totals_;
  std::map<item_id, item_row> items_;
  std::map<std::string, worker_row> workers_;
  std::map<std::string, std::uint32_t> used_;
  std::vector<std::string> wrong_;
};

}  // namespace

std::vector<std::string> audit_controller(const journal_reader& rows) {
  return tables_audit(rows).run();
}

}  // namespace holdfast::controlling
