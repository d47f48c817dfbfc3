#include <holdfast/actors/controller_books.hpp>
#include <holdfast/actors/controller_placement.hpp>
#include <holdfast/core/invariant.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>
#include <cstdint>

namespace holdfast::controlling {

books::books(context& ctx, const core& shared) : ctx_(ctx), shared_(shared), now_(ctx.now()) {}

std::map<std::string, holding_row> holdings_of(const work_item& item) {
  std::map<std::string, holding_row> rows;
  for (auto& owner : item.owners)
    if (!owner.has_reported)
      rows[owner.worker] = {owner.epoch, owner.is_running, owner.is_lost};
  return rows;
}

// ---- loading

books::item_entry& books::load_item(const item_id& id) {
  auto [at, is_new] = items_.try_emplace(id);
  if (is_new && !id.empty() && id.size() <= limits::key_bytes_max) {
    at->second.before = get(items, id);
    at->second.now = at->second.before;
  }
  return at->second;
}

const item_row* books::find_item(const item_id& id) {
  auto& entry = load_item(id);
  return entry.now ? &*entry.now : nullptr;
}

item_row& books::edit_item(const item_id& id) {
  auto& entry = load_item(id);
  INVARIANT(entry.now.has_value(), W2, "an item that is changed is there");
  entry.is_edited = true;
  return *entry.now;
}

item_row& books::add_item(const item_id& id, item_row row) {
  auto& entry = load_item(id);
  entry.now = std::move(row);
  entry.is_edited = true;
  place_in_indexes(*entry.now);
  return *entry.now;
}

void books::erase_item(const item_id& id) {
  auto& entry = load_item(id);
  entry.now.reset();
  entry.is_edited = true;
}

item_id books::first_of(const item_id& id) {
  if (id.empty() || id.size() > limits::key_bytes_max)
    return id;
  return get(aliases, id).value_or(id);
}

books::worker_entry& books::load_worker(const std::string& name) {
  auto [at, is_new] = workers_.try_emplace(name);
  if (is_new) {
    at->second.before = get(workers, name);
    at->second.now = at->second.before;
  }
  return at->second;
}

const worker_row* books::find_worker(const std::string& name) {
  auto& entry = load_worker(name);
  return entry.now ? &*entry.now : nullptr;
}

worker_row& books::edit_worker(const std::string& name) {
  auto& entry = load_worker(name);
  if (!entry.now)
    entry.now.emplace().life = shared_.env->self.incarnation;
  return *entry.now;
}

void books::erase_worker(const std::string& name) {
  load_worker(name).now.reset();
}

totals_row& books::totals() {
  if (!totals_)
    totals_ = get(controlling::totals, std::uint8_t{0}).value_or(totals_row{});
  totals_changed_ = true;
  return *totals_;
}

std::map<item_id, holding_row> books::held_by(const std::string& worker) {
  std::map<item_id, holding_row> rows;
  for (auto& [key, row] : pairs(holding, worker, limits::effects_max))
    rows.emplace(std::get<1>(key), row);
  for (auto& [id, entry] : items_) {
    if (!entry.is_edited)
      continue;
    rows.erase(id);
    if (!entry.now)
      continue;
    auto mine = holdings_of(entry.now->machine);
    if (auto at = mine.find(worker); at != mine.end())
      rows.emplace(id, at->second);
  }
  return rows;
}

std::uint64_t books::demand_class(const item_demand& demand) {
  auto number = checksum64(demand.to_key(), 3);
  for (;; ++number) {
    auto row = get(demands, number);
    if (row && *row != demand)
      continue;  // another demand with this hash
    if (!row)
      put(demands, number, demand);
    return number;
  }
}

void books::queue(queue_request request) {
  shared_.point();
  ctx_.run().queue(std::move(request));
}

// ---- writing: every index follows from the row before and after

void books::finish() {
  settle_more();
  bool leaves = may_leave_ && ctx_.run().is_followed();
  if (!leaves) {
    take_up();
    placer(*this).run();
  }
  for (auto& [id, entry] : items_)
    if (entry.is_edited)
      write_item(id, entry);
  if (leaves)
    leave();
  else
    send_deltas();
  for (auto& [name, entry] : workers_)
    write_worker(name, entry);
  arm();
  if (totals_ && totals_changed_)
    put(controlling::totals, std::uint8_t{0}, *totals_);
}

void books::write_item(const item_id& id, item_entry& entry) {
  auto* before = entry.before ? &*entry.before : nullptr;
  auto* now = entry.now ? &*entry.now : nullptr;
  if (now)
    put(items, id, *now);
  else
    erase(items, id);
  write_places(id, before, now);
  write_dues(id, before, now);
  write_holding(id, before, now);
  count(before, now);
}

void books::write_places(const item_id& id, const item_row* before, const item_row* now) {
  auto was = before ? before->place : item_place::none;
  auto is = now ? now->place : item_place::none;
  if (was == is)
    return;
  auto ready_row = [&](const item_row& row) {
    return ready_key{row.demand_class, -row.priority, row.order, id};
  };
  if (was == item_place::ready)
    erase(ready, ready_row(*before));
  if (was == item_place::suspended)
    erase(suspended, std::tuple(before->demand_class, id));
  if ((is == item_place::ready || is == item_place::suspended) && !get(demands, now->demand_class))
    put(demands, now->demand_class, now->demand);  // it goes when nothing of it waits
  if (is == item_place::ready)
    put(ready, ready_row(*now), true);
  if (is == item_place::suspended)
    put(suspended, std::tuple(now->demand_class, id), true);
}

std::set<std::pair<node_time, due_kind>> dues_of(const item_row* row) {
  std::set<std::pair<node_time, due_kind>> dues;
  if (!row)
    return dues;
  bool is_over = is_terminal(row->machine.state);
  if (row->place == item_place::back_off)
    dues.emplace(row->machine.not_before, due_kind::back_off);
  if (!is_over && row->deadline > 0)
    dues.emplace(row->deadline, due_kind::deadline);
  for (auto& grace : row->graces)
    dues.emplace(grace.until, due_kind::grace);
  if (row->is_settling)
    dues.emplace(row->ended, due_kind::settle);
  if (is_over && !row->is_settling)
    dues.emplace(row->ended + row->keep_ns, due_kind::retention);
  return dues;
}

void books::write_dues(const item_id& id, const item_row* before, const item_row* now) {
  auto was = dues_of(before);
  auto is = dues_of(now);
  for (auto& [at, kind] : was)
    if (!is.contains({at, kind}))
      erase(due, due_key{at, kind, id});
  for (auto& [at, kind] : is)
    if (!was.contains({at, kind}))
      add_due(at, kind, id);
}

void books::add_due(node_time at, due_kind kind, const std::string& name) {
  put(due, due_key{at, kind, name}, true);
  new_dues_.push_back(at);
}

void books::write_holding(const item_id& id, const item_row* before, const item_row* now) {
  auto was = before ? holdings_of(before->machine) : std::map<std::string, holding_row>{};
  auto is = now ? holdings_of(now->machine) : std::map<std::string, holding_row>{};
  for (auto& [worker, row] : was)
    if (auto at = is.find(worker); at == is.end()) {
      erase(holding, pair_key{worker, id});
      deltas_[worker].drop.emplace(id, row.epoch);
    }
  for (auto& [worker, row] : is) {
    auto at = was.find(worker);
    if (at != was.end() && at->second == row)
      continue;
    put(holding, pair_key{worker, id}, row);
    if (at != was.end() && at->second.epoch == row.epoch)
      continue;
    if (at != was.end())
      deltas_[worker].drop.emplace(id, at->second.epoch);
    deltas_[worker].add[id] = row.epoch;
  }
}

namespace {

std::uint64_t& counter(work_counts& counts, item_state state) {
  switch (state) {
  case item_state::waiting: return counts.waiting;
  case item_state::assigned: return counts.assigned;
  case item_state::running: return counts.running;
  case item_state::suspended: return counts.suspended;
  case item_state::done: return counts.done;
  case item_state::failed: return counts.failed;
  case item_state::cancelled: return counts.cancelled;
  case item_state::expired: break;
  }
  return counts.expired;
}

std::uint32_t used_part(const worker_row& row) {
  return static_cast<std::uint32_t>(std::uint64_t{row.slots_used} * 1000 / row.slots);
}

}  // namespace

/// Items that are no longer kept stay counted: the sum is what was ever submitted.
void books::count(const item_row* before, const item_row* now) {
  if (!now || (before && before->machine.state == now->machine.state))
    return;
  auto& counts = totals().counts;
  if (before)
    --counter(counts, before->machine.state);
  ++counter(counts, now->machine.state);
}

void books::write_worker(const std::string& name, worker_entry& entry) {
  if (entry.before == entry.now)
    return;
  if (entry.now)
    put(workers, name, *entry.now);
  else
    erase(workers, name);
  auto open_key = [&](const std::optional<worker_row>& row) {
    return row && row->is_open() ? std::optional(std::tuple(used_part(*row), name)) : std::nullopt;
  };
  auto was = open_key(entry.before);
  auto is = open_key(entry.now);
  if (was == is)
    return;
  if (was)
    erase(open, *was);
  if (is)
    put(open, *is, true);
}

/// When the next tick must come; nothing if one that is early enough is on its way.
std::optional<node_time> books::next_tick() {
  if (!arms_anew_ && new_dues_.empty() && !goes_on_)
    return std::nullopt;
  if (!totals_)
    totals_ = get(controlling::totals, std::uint8_t{0}).value_or(totals_row{});
  std::optional<node_time> earliest;
  if (goes_on_)
    earliest = now_;
  else if (!new_dues_.empty())
    earliest = *std::ranges::min_element(new_dues_);
  if (arms_anew_) {
    totals().armed = 0;
    for (auto& [key, row] : range(due, due_key{}, due_key{INT64_MAX, {}, {}}, 1))
      earliest = std::min(earliest.value_or(INT64_MAX), std::get<0>(key));
  }
  bool is_armed = earliest && totals_->armed != 0 && totals_->armed <= *earliest;
  return is_armed ? std::nullopt : earliest;
}

/// Before the earliest due row there is always a tick on its way, and rarely more than one.
void books::arm() {
  auto earliest = next_tick();
  if (!earliest)
    return;
  // At most an hour: the clock that ticks are sent by may stand still while the machine sleeps.
  auto wait = std::clamp<node_time>(*earliest - now_, 0, 3'600'000'000'000);
  totals().armed = now_ + wait;
  shared_.point();
  if (wait == 0)
    ctx_.self().send(work::tick);
  else
    ctx_.later(duration(wait)).send(work::tick);
}

}  // namespace holdfast::controlling
