#include <holdfast/actors/controller_handlers.hpp>
#include <holdfast/actors/controller_probe.hpp>

#include <algorithm>
#include <map>
#include <utility>

// A worker's report, and what differs between what it holds and what it should hold.
namespace holdfast::controlling {
namespace {

/// More than a worker can hold: its slots, and ends that nobody has heard yet.
constexpr std::size_t held_max = 2 * books::worker_slots_max;

void sort_names(std::vector<std::string>& names) {
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
}

bool is_same_offer(const worker_row& row, const worker_report& given) {
  return row.type == given.type && row.labels == given.labels && row.methods == given.methods
         && row.slots == given.slots && row.address == given.address;
}

void take_offer(books& all, const std::string& worker, worker_report& given) {
  sort_names(given.labels);
  sort_names(given.methods);
  given.slots = std::min(given.slots, books::worker_slots_max);
  auto* row = all.find_worker(worker);
  if (is_same_offer(*row, given))
    return;
  bool may_fit_more =
      row->labels != given.labels || row->methods != given.methods || row->slots < given.slots;
  auto& changed = all.edit_worker(worker);
  changed.type = given.type;
  changed.labels = given.labels;
  changed.methods = given.methods;
  changed.slots = given.slots;
  if (std::exchange(changed.address, given.address) != given.address)
    changed.is_address_good = false;
  if (may_fit_more)
    all.come(worker);
}

/// What it says about each item, to the item.
void reconcile(books& all, const std::string& worker, const std::vector<held_item>& said) {
  auto should = all.held_by(worker);
  std::map<item_id, const held_item*> has;
  for (auto& held : said) {
    auto& known = has[held.item];
    if (!known || known->epoch < held.epoch)
      known = &held;
    auto at = should.find(held.item);
    bool runs = held.is_running || held.has_ended;
    bool is_news = at == should.end() || at->second.is_lost
                   || (at->second.epoch == held.epoch && runs && !at->second.is_running);
    if (is_news && all.find_item(held.item))
      all.apply(held.item, item_event::worker_back{worker, held.epoch, runs});
  }
  for (auto& [id, row] : should)
    if (!has.contains(id) && (row.is_running || row.is_lost))
      all.apply(id, item_event::worker_back{worker, 0, false});
}

bool is_same_set(books& all, const std::string& worker, const std::vector<held_item>& said) {
  auto should = all.held_by(worker);
  return should.size() == said.size() && std::ranges::all_of(said, [&](const held_item& held) {
           auto at = should.find(held.item);
           return at != should.end() && at->second.epoch == held.epoch;
         });
}

}  // namespace

void report(books& all, worker_report given) {
  auto& worker = all.ctx().caller();
  if (given.held.size() > held_max)
    given.held.resize(held_max);
  all.meet(worker);
  all.apply(worker, worker_event::reported{given.incarnation, given.is_leaving});
  reconcile(all, worker, given.held);
  take_offer(all, worker, given);
  auto* row = all.find_worker(worker);
  bool is_known =
      row->session != 0 && row->session == given.session && row->version == given.version;
  if (row->session == 0) {
    all.edit_worker(worker).session = all.random() | 1;
    send_probe(all, worker);
  }
  if (!is_known || !is_same_set(all, worker, given.held))
    all.send_all(worker, std::move(given.held));
}

}  // namespace holdfast::controlling
