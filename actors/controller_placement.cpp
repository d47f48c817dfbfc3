#include <holdfast/actors/controller_placement.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace holdfast::controlling {
namespace {

/// Most items go to the first worker: pages begin small.
constexpr std::size_t workers_page_min = 4;
constexpr std::size_t workers_page_max = 64;

/// Up to so many, the rows of demands that nothing waits for stay: it is cheaper to look than to write them again.
constexpr std::size_t idle_demands_max = 4;

std::uint32_t room_of(const std::optional<worker_row>& row) {
  return row && row->is_open() ? row->room() : 0;
}

/// What a worker could take has changed, other than by having less room.
bool has_grown(const std::optional<worker_row>& before, const std::optional<worker_row>& now) {
  if (room_of(now) == 0)
    return false;
  return room_of(now) > room_of(before) || before->labels != now->labels
         || before->methods != now->methods || before->slots != now->slots;
}

}  // namespace

void placer::run() {
  auto grown = grown_workers();
  if (books_.places_all_)
    page_workers(all_demands(), {});
  else if (!grown.empty())
    place({grown.begin(), grown.end()}, all_demands());
  if (auto fresh = fresh_demands(); !fresh.empty() && !is_used_up())
    page_workers(fresh, grown);
  if (is_used_up() || books_.places_all_)
    books_.totals().is_unplaced = is_used_up();
  if (is_used_up())
    books_.go_on();
}

bool placer::is_used_up() const {
  return placed_ >= books::placed_max || bytes_ >= books::placed_bytes_max;
}

placer::demand_map placer::all_demands() {
  auto all = fresh_demands();  // a row may have gone while nothing waited
  for (auto& row : books_.ctx().state(demands).all(limits::effects_max))
    all.insert(std::move(row));
  return all;
}

placer::demand_map placer::fresh_demands() {
  demand_map fresh;
  for (auto& [id, entry] : books_.items_)
    if (entry.is_edited && entry.now && entry.now->place == item_place::ready)
      fresh.emplace(entry.now->demand_class, entry.now->demand);
  for (auto number : books_.left_demands_)
    if (auto row = books_.get(demands, number))
      fresh.emplace(number, *row);
  return fresh;
}

std::set<std::string> placer::grown_workers() {
  std::set<std::string> grown;
  for (auto& [name, entry] : books_.workers_)
    if (has_grown(entry.before, entry.now))
      grown.insert(name);
  for (auto& name : books_.left_workers_)
    if (auto* row = books_.find_worker(name); row && row->is_open())
      grown.insert(name);
  return grown;
}

/// Those with room, the largest free part first, until none of the demands has items left.
void placer::page_workers(const demand_map& wanted, const std::set<std::string>& but) {
  auto left = wanted;
  std::tuple<std::uint32_t, std::string> next{};
  auto length = workers_page_min;
  for (bool is_last = false; !is_last && !left.empty() && !is_used_up();) {
    auto page = books_.range(open, next, {std::numeric_limits<std::uint32_t>::max(), {}}, length);
    is_last = page.size() < std::exchange(length, std::min(length * 4, workers_page_max));
    std::vector<std::string> names;
    for (auto& [key, unused] : page) {
      next = {std::get<0>(key), std::get<1>(key) + '\0'};
      auto* row = books_.find_worker(std::get<1>(key));
      if (row && row->is_open() && !but.contains(std::get<1>(key)))
        names.push_back(std::get<1>(key));
    }
    place(names, left);
    if (!is_last)
      std::erase_if(left, [&](auto& demand) { return heads(demand.first, 1).empty(); });
  }
}

/// Heads of the queue in their order: rows, without those that this message took and with those that it brought.
std::vector<ready_key> placer::heads(std::uint64_t demand, std::size_t limit) {
  std::vector<ready_key> found;
  std::size_t taken = 0;
  for (auto& [id, entry] : books_.items_) {
    if (!entry.is_edited)
      continue;
    taken += entry.before && entry.before->place == item_place::ready ? 1 : 0;
    auto& now = entry.now;
    if (now && now->place == item_place::ready && now->demand_class == demand)
      found.emplace_back(demand, -now->priority, now->order, id);
  }
  constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
  auto rows = books_.range(ready, ready_key{demand, lowest, 0, {}},
                           ready_key{demand + 1, lowest, 0, {}}, limit + taken);
  for (auto& [key, unused] : rows) {
    auto at = books_.items_.find(std::get<3>(key));
    if (at == books_.items_.end() || !at->second.is_edited)
      found.push_back(key);
  }
  std::ranges::sort(found);
  if (found.size() > limit)
    found.resize(limit);
  return found;
}

void placer::place(const std::vector<std::string>& names, const demand_map& wanted) {
  placement_view view;
  for (auto& name : names)
    view.workers.push_back(books_.find_worker(name)->offer(name));
  for (auto& [number, demand] : wanted) {
    std::size_t room = 0;
    for (auto& worker : view.workers)
      if (worker.fits(demand) && worker.has_room(demand))
        room += (worker.slots - worker.slots_used) / demand.slots;
    if (room == 0 || is_used_up())
      continue;
    auto first = heads(number, std::min(room, books::placed_max - placed_));
    if (first.empty() && wanted.size() > idle_demands_max)
      forget(number);
    for (auto& [unused, priority, order, id] : first)
      view.items.push_back({id, static_cast<std::uint32_t>(view.demands.size()),
                            static_cast<std::int16_t>(-priority), order});
    view.demands.push_back(demand);
  }
  if (view.items.empty())
    return;
  for (auto& made : plan(std::move(view))) {
    if (is_used_up())
      return;
    assign(made);
  }
}

/// A demand for which nothing waits costs nothing; its row comes back with the next item.
void placer::forget(std::uint64_t demand) {
  for (auto& [id, entry] : books_.items_)
    if (entry.is_edited && entry.now && entry.now->demand_class == demand)
      return;
  if (books_.range(suspended, {demand, {}}, {demand + 1, {}}, 1).empty())
    books_.erase(demands, demand);
}

void placer::assign(const assignment& made) {
  if (!books_.find_item(made.item)
      || books_.apply(made.item, item_event::assigned{made.worker}).is_refused)
    return;
  auto& row = books_.edit_item(made.item);
  row.runs += 1;
  row.worker = made.worker;
  row.started_wall_ns = 0;
  row.progress = 0;
  row.progress_text.clear();
  auto& payload = books_.payloads_[made.item];
  payload = books_.get(payloads, made.item).value_or("");
  bytes_ += payload.size();
  ++placed_;
}

}  // namespace holdfast::controlling
