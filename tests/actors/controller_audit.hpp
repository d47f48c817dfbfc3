#pragma once

#include "tests/actors/controller_fixture.hpp"

#include <holdfast/actors/controller_books.hpp>

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace holdfast::testing {

/// Whether all indexes of a controller follow from its items and workers, and whether what it promises between two messages
/// holds. Returns what does not, in sentences.
class controller_audit {
public:
  explicit controller_audit(context& ctx) : ctx_(ctx) {}

  std::vector<std::string> run() {
    for (auto& [id, row] : ctx_.state(controlling::items).all(10'000))
      items_.emplace(id, row);
    for (auto& [name, row] : ctx_.state(controlling::workers).all(10'000))
      workers_.emplace(name, row);
    check_places();
    check_dues();
    check_holding();
    check_workers();
    check_counts();
    check_nobody_is_idle();
    return std::move(wrong_);
  }

private:
  template <class K, class V>
  std::set<K> keys_of(const table<K, V>& of) {
    std::set<K> keys;
    for (auto& [key, row] : ctx_.state(of).all(10'000))
      keys.insert(key);
    return keys;
  }
  template <class T>
  void same(const T& found, const T& expected, const char* what) {
    if (found != expected)
      wrong_.push_back(std::string(what) + ": " + std::to_string(found.size()) + " rows, and "
                       + std::to_string(expected.size()) + " follow from the items");
  }

  void check_places() {
    std::set<controlling::ready_key> ready;
    std::set<std::tuple<std::uint64_t, item_id>> suspended;
    for (auto& [id, row] : items_) {
      auto& machine = row.machine;
      if (row.place == controlling::item_place::ready)
        ready.emplace(row.demand_class, -row.priority, row.order, id);
      if (row.place == controlling::item_place::suspended)
        suspended.emplace(row.demand_class, id);
      bool waits = machine.state == item_state::waiting && machine.open_parents == 0;
      if (waits
          != (row.place == controlling::item_place::ready
              || row.place == controlling::item_place::back_off))
        wrong_.push_back(id + " does not stand where it waits");
      auto demand = ctx_.state(controlling::demands).get(row.demand_class);
      bool is_looked_for = row.place == controlling::item_place::ready
                           || row.place == controlling::item_place::suspended;
      if (is_looked_for && (!demand || *demand != row.demand))
        wrong_.push_back("the demand of " + id + " has no row");
    }
    same(keys_of(controlling::ready), ready, "ready");
    same(keys_of(controlling::suspended), suspended, "suspended");
  }

  void check_dues() {
    std::set<controlling::due_key> expected;
    for (auto& [id, row] : items_)
      for (auto& [at, kind] : controlling::dues_of(&row))
        expected.emplace(at, kind, id);
    auto found = keys_of(controlling::due);
    auto totals = ctx_.state(controlling::totals).get(0).value_or(controlling::totals_row{});
    if (!found.empty() && (totals.armed == 0 || totals.armed > std::get<0>(*found.begin())))
      wrong_.push_back("no tick is on its way for the first due row");
    std::erase_if(found, [](auto& key) {
      return std::get<1>(key) == controlling::due_kind::tomb
             || std::get<1>(key) == controlling::due_kind::resume;
    });
    same(found, expected, "due");
  }

  void check_holding() {
    std::map<controlling::pair_key, controlling::holding_row> found, expected;
    for (auto& [key, row] : ctx_.state(controlling::holding).all(10'000))
      found.emplace(key, row);
    for (auto& [id, row] : items_)
      for (auto& [worker, held] : controlling::holdings_of(row.machine)) {
        expected.emplace(controlling::pair_key{worker, id}, held);
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
        wrong_.push_back(name + " has " + std::to_string(row.slots_used)
                         + " slots in use, and its items take " + std::to_string(used_[name]));
    }
    same(open, expected, "open");
  }

  void check_counts() {
    auto totals = ctx_.state(controlling::totals).get(0).value_or(controlling::totals_row{}).counts;
    work_counts counts;
    for (auto& [id, row] : items_) {
      counts.waiting += row.machine.state == item_state::waiting ? 1 : 0;
      counts.assigned += row.machine.state == item_state::assigned ? 1 : 0;
      counts.running += row.machine.state == item_state::running ? 1 : 0;
      counts.suspended += row.machine.state == item_state::suspended ? 1 : 0;
    }
    if (totals.waiting != counts.waiting || totals.assigned != counts.assigned
        || totals.running != counts.running || totals.suspended != counts.suspended)
      wrong_.push_back("the counts are not those of the items");
  }

  /// W3.
  void check_nobody_is_idle() {
    if (ctx_.state(controlling::totals).get(0).value_or(controlling::totals_row{}).is_unplaced)
      return;
    for (auto& [name, worker] : workers_) {
      if (!worker.is_open())
        continue;
      auto offer = worker.offer(name);
      for (auto& [id, row] : items_)
        if (row.place == controlling::item_place::ready && offer.fits(row.demand)
            && offer.has_room(row.demand))
          wrong_.push_back(name + " has room for " + id + ", which waits");
    }
  }

  context& ctx_;
  std::map<item_id, controlling::item_row> items_;
  std::map<std::string, controlling::worker_row> workers_;
  std::map<std::string, std::uint32_t> used_;
  std::vector<std::string> wrong_;
};

inline std::vector<std::string> audit(controller_bench& bench) {
  std::vector<std::string> wrong;
  bench.node().serve("audit.run", [&wrong](handler_run& run, std::string_view) {
    context ctx(run);
    wrong = controller_audit(ctx).run();
    return std::string();
  });
  if (auto answer = bench.node().call("audit.run"); !answer || answer->status != errc::none)
    wrong.push_back("the audit did not run: " + (answer ? answer->text : std::string()));
  return wrong;
}

}  // namespace holdfast::testing
