#include <holdfast/actors/worker_desk.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace holdfast {
namespace {

/// Items remembered after they are gone, so that a message that comes again starts none of them again. More than a
/// controller sends to one worker before it hears a report.
constexpr std::size_t past_max = 4096;

}  // namespace

void worker_desk::load_ended(const run_key& key) {
  auto& what = entries_[key];
  what.at = phase::ended;
  what.arrival = ++arrivals_;
  what.order.item = key.item;
  what.order.epoch = key.epoch;
}

void worker_desk::load_running(assigned_item order, node_time now) {
  run_key key{order.item, order.epoch};
  auto [at, is_new] = entries_.try_emplace(key);
  if (!is_new)
    return;
  auto& what = at->second;
  what.at = phase::running;
  what.order = std::move(order);
  what.order.payload = {};
  what.order.checkpoint = {};
  what.arrival = ++arrivals_;
  what.since = now;
  what.started_as = key.epoch;
  what.is_busy = true;
}

void worker_desk::controller_found() {
  is_connected_ = true;
  lost_at_.reset();
}

void worker_desk::controller_lost(node_time now) {
  if (!is_connected_)
    return;
  if (session_ != 0)
    past_session_ = session_;
  session_ = 0;
  version_ = 0;
  is_connected_ = false;
  lost_at_ = now;
}

worker_desk::applied worker_desk::apply(const desired_items& news, node_time now) {
  applied result;
  if (!is_connected_ || news.session == 0 || news.session == past_session_)
    return result;
  bool is_whole = news.base == 0;
  bool is_known = news.session == session_;
  if (is_known && news.version <= version_)
    return result;
  if (!is_whole && (!is_known || news.base != version_)) {
    result.must_report = true;
    return result;
  }
  if (!is_known && session_ != 0)
    past_session_ = session_;
  session_ = news.session;
  version_ = news.version;
  result.is_taken = true;
  std::set<run_key> wanted;
  for (auto& order : news.add) {
    wanted.insert({order.item, order.epoch});
    add(order, now);
  }
  for (auto& item : news.keep) {
    run_key key{item.item, item.epoch};
    wanted.insert(key);
    result.must_report |= !keep(key);
  }
  for (auto& item : news.drop)
    if (auto known = entries_.find({item.item, item.epoch}); known != entries_.end())
      drop(known, result.stop);
  if (!is_whole)
    return result;
  for (auto next = entries_.begin(); next != entries_.end();) {
    auto here = next++;
    if (!wanted.contains(here->first))
      drop(here, result.stop);
  }
  return result;
}

void worker_desk::add(const assigned_item& order, node_time now) {
  run_key key{order.item, order.epoch};
  if (is_leaving_ || entries_.contains(key))
    return;
  if (auto past = past_.find(order.item); past != past_.end() && order.epoch <= past->second)
    return;
  auto& what = entries_[key];
  what.order = order;
  what.arrival = ++arrivals_;
  what.since = now;
  if (order.slots > slots_)
    end(key, what,
        {run_end::refused,
         {},
         "it takes " + std::to_string(order.slots) + " slots, and this worker has "
             + std::to_string(slots_),
         {}},
        now);
}

/// False when the details are needed.
bool worker_desk::keep(const run_key& key) {
  if (auto known = entries_.find(key); known != entries_.end())
    return is_wanted(known->second);
  for (auto i = entries_.lower_bound({key.item, 0}); i != entries_.end() && i->first < key; ++i) {
    if (i->second.at != phase::waiting && i->second.at != phase::running)
      continue;
    auto adopted = entries_.extract(i);
    if (adopted.mapped().is_busy)
      adopted_[{key.item, adopted.mapped().started_as}] = key;
    adopted.key() = key;
    adopted.mapped().order.epoch = key.epoch;
    entries_.insert(std::move(adopted));
    return true;
  }
  return false;
}

worker_desk::entries::iterator worker_desk::find_run(const run_key& run) {
  auto adopted = adopted_.find(run);
  return entries_.find(adopted == adopted_.end() ? run : adopted->second);
}

void worker_desk::drop(entries::iterator at, std::vector<run_key>& stop) {
  auto& what = at->second;
  switch (what.at) {
  case phase::waiting: entries_.erase(at); return;
  case phase::running:
    what.at = phase::unwanted;
    stop.push_back({at->first.item, what.started_as});
    return;
  case phase::ending: what.is_dropped = true; return;
  case phase::ended: what.at = phase::heard; return;
  case phase::unwanted:
  case phase::heard:
  case phase::gone: return;
  }
}

std::vector<assigned_item> worker_desk::start_next(node_time now, std::size_t most) {
  std::vector<assigned_item> started;
  if (session_ == 0 || is_leaving_)
    return started;
  std::vector<std::pair<std::uint64_t, entry*>> waiting;
  for (auto& [key, what] : entries_)
    if (what.at == phase::waiting)
      waiting.emplace_back(what.arrival, &what);
  std::sort(waiting.begin(), waiting.end());
  auto used = slots_of(true) + slots_of(false);
  for (auto& [arrival, what] : waiting) {
    if (started.size() >= most || used + what->order.slots > slots_)
      break;  // nobody overtakes it: an item that takes many slots must get them some time
    if (has_busy_sibling({what->order.item, what->order.epoch}))
      continue;
    used += what->order.slots;
    what->at = phase::running;
    what->is_busy = true;
    what->started_as = what->order.epoch;
    what->since = now;
    started.push_back(what->order);
    what->order.payload = {};
    what->order.checkpoint = {};
  }
  return started;
}

std::optional<run_key> worker_desk::returned(const run_key& run, run_ending ending, node_time now) {
  auto i = find_run(run);
  adopted_.erase(run);
  if (i == entries_.end() || i->second.started_as != run.epoch
      || !std::exchange(i->second.is_busy, false))
    return std::nullopt;
  auto key = i->first;
  auto& what = i->second;
  if (what.at == phase::running) {
    if (ending.saw_cancel && ending.how == run_end::done)
      ending = {run_end::cancelled, {}, "it was told to stop, and did", {}};
    end(key, what, std::move(ending), now);
    return key;
  }
  if (what.at == phase::gone)
    forget(key);
  else if (what.at == phase::unwanted && (ending.how != run_end::done || ending.saw_cancel))
    forget(key);
  else if (what.at == phase::unwanted) {
    end(key, what, std::move(ending), now);  // it came too late, and is kept as evidence
    what.is_dropped = true;
    return key;
  }
  return std::nullopt;
}

void worker_desk::end(const run_key& key, entry& what, run_ending ending, node_time now) {
  what.end = {key.item,
              key.epoch,
              ending.how,
              std::move(ending.value),
              std::move(ending.text),
              what.at == phase::waiting ? 0 : now - what.since};
  what.at = phase::ending;
}

std::vector<run_key> worker_desk::end_overdue(node_time now) {
  std::vector<run_key> stop;
  for (auto& [key, what] : entries_) {
    auto moment = moment_of(what);
    if (!moment || *moment > now)
      continue;
    bool is_alone =
        lost_at_ && what.order.stop_alone_ns >= 0 && *lost_at_ + what.order.stop_alone_ns <= now;
    if (what.is_busy)
      stop.push_back({key.item, what.started_as});
    run_ending ending;
    ending.how = is_alone ? run_end::handed_back : run_end::timed_out;
    ending.text = is_alone ? "its worker was without its controller for longer than stop_alone"
                           : "the attempt's time was up";
    end(key, what, std::move(ending), now);
  }
  return stop;
}

void worker_desk::hand_back_stuck(node_time before, node_time now) {
  auto unwanted = slots_of(false);
  if (unwanted == 0)
    return;
  auto room = slots_ - std::min(slots_, slots_of(true));
  for (auto& [key, what] : entries_) {
    if (what.at != phase::waiting || what.since > before || what.order.slots > room)
      continue;
    room -= what.order.slots;  // it would run if all handlers had returned that should have
    end(key, what,
        {run_end::handed_back,
         {},
         "its worker waits for a handler that was told to stop and does not return",
         {}},
        now);
  }
}

std::optional<node_time> worker_desk::moment_of(const entry& what) const {
  if (what.at != phase::running && what.at != phase::waiting)
    return std::nullopt;
  std::optional<node_time> moment;
  if (what.at == phase::running && what.order.timeout_ns > 0)
    moment = what.since + what.order.timeout_ns;
  if (lost_at_ && what.order.stop_alone_ns >= 0) {
    auto alone = *lost_at_ + what.order.stop_alone_ns;
    moment = moment ? std::min(*moment, alone) : alone;
  }
  return moment;
}

std::optional<node_time> worker_desk::due() const {
  std::optional<node_time> earliest;
  for (auto& [key, what] : entries_)
    if (auto moment = moment_of(what))
      earliest = earliest ? std::min(*earliest, *moment) : *moment;
  return earliest;
}

std::vector<run_key> worker_desk::leave(node_time now) {
  std::vector<run_key> stop;
  is_leaving_ = true;
  for (auto& [key, what] : entries_) {
    if (what.at == phase::unwanted)
      stop.push_back({key.item, what.started_as});
    if (what.at != phase::waiting && what.at != phase::running)
      continue;
    if (what.is_busy)
      stop.push_back({key.item, what.started_as});
    end(key, what, {run_end::handed_back, {}, "its worker stops", {}}, now);
  }
  return stop;
}

std::vector<run_key> worker_desk::unstored() const {
  std::vector<run_key> keys;
  for (auto& [key, what] : entries_)
    if (what.at == phase::ending)
      keys.push_back(key);
  return keys;
}

const item_end* worker_desk::end_of(const run_key& key) const {
  auto i = entries_.find(key);
  return i == entries_.end() || i->second.at != phase::ending ? nullptr : &i->second.end;
}

void worker_desk::stored(const run_key& key) {
  auto i = entries_.find(key);
  if (i == entries_.end() || i->second.at != phase::ending)
    return;
  i->second.at = i->second.is_dropped ? phase::heard : phase::ended;
  i->second.end = {};
}

std::vector<run_key> worker_desk::heard() const {
  std::vector<run_key> keys;
  for (auto& [key, what] : entries_)
    if (what.at == phase::heard)
      keys.push_back(key);
  return keys;
}

void worker_desk::swept(const run_key& key) {
  auto i = entries_.find(key);
  if (i == entries_.end() || i->second.at != phase::heard)
    return;
  if (i->second.is_busy)
    i->second.at = phase::gone;
  else
    forget(key);
}

void worker_desk::forget(const run_key& key) {
  entries_.erase(key);
  auto& newest = past_[key.item];
  newest = std::max(newest, key.epoch);
  past_order_.push_back(key);
  if (past_order_.size() <= past_max)
    return;
  auto oldest = past_.find(past_order_.front().item);
  if (oldest != past_.end() && oldest->second == past_order_.front().epoch)
    past_.erase(oldest);
  past_order_.pop_front();
}

bool worker_desk::is_wanted(const entry& what) const {
  switch (what.at) {
  case phase::waiting:
  case phase::running:
  case phase::ended: return true;
  case phase::ending: return !what.is_dropped;
  case phase::unwanted:
  case phase::heard:
  case phase::gone: return false;
  }
  return false;
}

bool worker_desk::has_busy_sibling(const run_key& key) const {
  for (auto i = entries_.lower_bound({key.item, 0});
       i != entries_.end() && i->first.item == key.item; ++i)
    if (i->second.is_busy && i->first != key)
      return true;
  return false;
}

/// Of handlers that run what is wanted, or of the others.
std::uint32_t worker_desk::slots_of(bool wanted) const {
  std::uint32_t slots = 0;
  for (auto& [key, what] : entries_)
    if (what.is_busy && (what.at == phase::running) == wanted)
      slots += what.order.slots;
  return slots;
}

std::uint32_t worker_desk::slots_offered() const {
  return slots_ - std::min(slots_, slots_of(false));
}

void worker_desk::fill(worker_report& report) const {
  report.slots = slots_offered();
  report.session = session_;
  report.version = version_;
  report.is_leaving = is_leaving_;
  report.held.clear();
  for (auto& [key, what] : entries_)
    if (is_wanted(what))
      report.held.push_back({key.item, key.epoch, what.at == phase::ended,
                             what.at == phase::running || what.at == phase::ending});
}

std::optional<run_key> worker_desk::item_of(const run_key& run) const {
  auto adopted = adopted_.find(run);
  auto i = entries_.find(adopted == adopted_.end() ? run : adopted->second);
  if (i == entries_.end() || i->second.at != phase::running)
    return std::nullopt;
  return i->first;
}

std::size_t worker_desk::count_busy() const {
  return std::count_if(entries_.begin(), entries_.end(),
                       [](auto& each) { return each.second.is_busy; });
}

std::size_t worker_desk::count_waiting() const {
  return std::count_if(entries_.begin(), entries_.end(),
                       [](auto& each) { return each.second.at == phase::waiting; });
}

std::size_t worker_desk::count_unheard() const {
  return std::count_if(entries_.begin(), entries_.end(), [](auto& each) {
    return each.second.at == phase::ending || each.second.at == phase::ended;
  });
}

}  // namespace holdfast
