#include <holdfast/actors/controller_books.hpp>

#include <algorithm>
#include <utility>

// What follows from the steps of the machines, besides the indexes.
namespace holdfast::controlling {
namespace {

constexpr std::size_t history_max = 64;
constexpr std::size_t history_head = 16;  ///< how it began is kept
constexpr std::size_t note_bytes_max = 250;

errc ended_as(item_state state) {
  switch (state) {
  case item_state::done: return errc::none;
  case item_state::cancelled: return errc::dropped;
  case item_state::expired: return errc::expired;
  default: return errc::handler_failed;
  }
}

bool has(const std::vector<item_action>& actions, item_action wanted) {
  return std::ranges::find(actions, wanted) != actions.end();
}

const item_owner* owner_of(const item_row& row, const std::string& worker) {
  auto at = std::ranges::find(row.machine.owners, worker, &item_owner::worker);
  return at == row.machine.owners.end() ? nullptr : &*at;
}

/// What an event that ends a worker's life tells of it.
worker_death death_by(const worker_event_any& event) {
  if (std::holds_alternative<worker_event::proven_dead>(event))
    return worker_death::nobody_listens;
  if (std::holds_alternative<worker_event::link_down>(event))
    return worker_death::goodbye;
  if (std::holds_alternative<worker_event::forget>(event))
    return worker_death::forgotten;
  return worker_death::restarted;
}

}  // namespace

void books::note(item_row& row, std::string text) {
  if (text.empty())
    return;
  if (text.size() > note_bytes_max)
    text.resize(note_bytes_max);
  auto& history = row.history;
  if (history.size() >= history_max) {
    history.erase(history.begin() + history_head);
    history[history_head] = {history[history_head].wall_ns, "(notes in between were dropped)"};
  }
  history.push_back({wall_ns(), std::move(text)});
}

// ---- items

item_step books::apply(const item_id& id, const item_event_any& event) {
  shared_.point();
  auto& held = *load_item(id).now;
  auto made = step(held.machine, held.rules, event, now_, random());
  if (made.is_refused)
    return made;
  auto& row = edit_item(id);
  auto before = std::exchange(row.machine, made.next);
  note(row, made.note);
  use_slots(row, before);
  if (has(made.actions, item_action::settle)) {
    row.text = row.machine.state == item_state::done ? "" : made.note;
    settle(id, row);
  }
  place_in_indexes(row);
  return made;
}

void books::place_in_indexes(item_row& row) {
  auto& machine = row.machine;
  row.place = item_place::none;
  if (machine.state == item_state::suspended)
    row.place = item_place::suspended;
  else if (machine.state == item_state::waiting && machine.open_parents == 0)
    row.place = machine.is_ready(now_) ? item_place::ready : item_place::back_off;
  std::erase_if(row.graces, [&](const grace_row& grace) {
    auto* owner = owner_of(row, grace.worker);
    return !owner || !owner->is_lost;
  });
}

void books::use_slots(const item_row& row, const work_item& before) {
  auto was = holdings_of(before);
  auto is = holdings_of(row.machine);
  for (auto& [worker, held] : was)
    if (!is.contains(worker) && find_worker(worker)) {
      auto& used = edit_worker(worker).slots_used;
      used -= std::min(used, row.demand.slots);
    }
  for (auto& [worker, held] : is)
    if (!was.contains(worker) && find_worker(worker))
      edit_worker(worker).slots_used += row.demand.slots;
}

void books::settle(const item_id& id, item_row& row) {
  row.ended = now_;
  row.ended_wall_ns = wall_ns();
  row.is_told = false;
  row.is_settling = row.has_completion || row.has_children || row.has_listeners;
  if (row.is_settling)
    settling_.insert(id);
  if (row.machine.state != item_state::done)
    return;
  erase(payloads, id);  // what is done is never tried again
  if (std::exchange(row.has_checkpoint, false))
    erase(checkpoints, id);
}

/// As for any queued call: the completion hears an outcome.
void books::tell(const listener_row& listener, const item_id& id, const item_row& row) {
  outcome_record outcome;
  outcome.ended = ended_as(row.machine.state);
  outcome.is_revised = row.is_revised;
  outcome.call = call_id::parse(id).value_or(holdfast::call_id{});
  outcome.error = row.text;
  if (row.machine.state == item_state::done)
    outcome.value = get(results, id).value_or("");
  queue_request request;
  request.peer = listener.node;
  request.header.method = listener.method;
  request.header.fingerprint = listener.fingerprint;
  request.header.payload = payload_kind::completion;
  request.payload = encode_outcome(outcome, listener.bound);
  queue(std::move(request));
}

/// Those that come after an item hear of its end, in bounded pieces.
void books::settle_more() {
  auto budget = settled_max;
  while (!settling_.empty() && budget > 0) {
    auto id = *settling_.begin();
    settling_.erase(settling_.begin());
    if (find_item(id) && !settle_one(id, budget))
      go_on();
  }
  if (!settling_.empty())
    go_on();
}

/// Whether all of them know.
bool books::settle_one(const item_id& id, std::size_t& budget) {
  auto& row = edit_item(id);
  if (!row.is_settling)
    return true;
  if (row.has_completion && !std::exchange(row.is_told, true))
    if (auto listener = get(completions, id))
      tell(*listener, id, row);
  bool was_done = row.machine.state == item_state::done;
  if (row.has_listeners) {
    auto rows = pairs(listeners, id, budget + 1);
    for (auto& [key, listener] : rows) {
      if (budget == 0)
        return false;
      --budget;
      tell(listener, id, row);
      erase(listeners, key);
    }
    row.has_listeners = false;
  }
  if (row.has_children) {
    auto rows = pairs(children, id, budget + 1);
    for (auto& [key, unused] : rows) {
      if (budget == 0)
        return false;
      --budget;
      erase(children, key);
      auto& child = std::get<1>(key);
      if (!find_item(child))
        continue;
      auto made = apply(child, item_event::parent_ended{was_done});
      if (has(made.actions, item_action::settle)) {
        auto& failed = edit_item(child);
        failed.text = "it waited for " + id + ", which is "
                      + std::string(to_string(row.machine.state))
                      + (row.text.empty() ? "" : ": " + row.text.substr(0, note_bytes_max));
        failed.history.back() = {wall_ns(), failed.text.substr(0, note_bytes_max)};
      }
    }
    row.has_children = false;
  }
  row.is_settling = false;
  return true;
}

void books::lose(const item_id& id, const std::string& worker) {
  apply(id, item_event::worker_lost{worker});
  auto* owner = owner_of(*find_item(id), worker);
  if (!owner || !owner->is_lost)
    return;
  auto& row = edit_item(id);
  if (row.grace_ns <= 0)
    return bury(id, worker, worker_death::grace_over);
  std::erase_if(row.graces, [&](const grace_row& grace) { return grace.worker == worker; });
  row.graces.push_back({worker, now_ + row.grace_ns});
}

void books::bury(const item_id& id, const std::string& worker, worker_death how) {
  auto made = apply(id, item_event::worker_dead{worker, how});
  if (!made.is_refused && made.next.state == item_state::waiting)
    ++totals().counts.moved;
}

// ---- workers

worker_step books::apply(const std::string& worker, const worker_event_any& event) {
  shared_.point();
  auto made = step(edit_worker(worker).machine, event, now_);
  if (made.is_refused)
    return made;
  auto& row = edit_worker(worker);
  bool had_link = row.machine.phase < worker_phase::lost;
  bool has_link = made.next.phase < worker_phase::lost;
  bool is_new = made.next.incarnation != row.machine.incarnation || !had_link
                || std::holds_alternative<worker_event::link_up>(event);
  row.machine = made.next;
  if (!has_link || is_new)
    row.session = row.version = 0;
  row.life = shared_.env->self.incarnation;
  for (auto action : made.actions)
    act(worker, action, death_by(event));
  return made;
}

void books::act(const std::string& worker, worker_action action, worker_death death) {
  switch (action) {
  case worker_action::items_lost:
    for (auto& [id, held] : held_by(worker))
      lose(id, worker);
    return;
  case worker_action::items_dead:
    for (auto& [id, held] : held_by(worker))
      bury(id, worker, death);
    return;
  case worker_action::has_come: return come(worker);
  case worker_action::erase: return erase_worker(worker);
  case worker_action::reconcile: return;  // by the report's handler, which has the report
  }
}

void books::meet(const std::string& worker) {
  auto* row = find_worker(worker);
  if (row && row->life != shared_.env->self.incarnation)
    apply(worker, worker_event::controller_started{});
  edit_worker(worker).life = shared_.env->self.incarnation;
}

/// Suspended items that it could run wait again, for it or for another one.
void books::come(const std::string& worker) {
  auto* row = find_worker(worker);
  if (!row || !takes_items(row->machine))
    return;
  auto offer = row->offer(worker);
  auto budget = settled_max;
  for (auto& [number, demand] : ctx_.state(demands).all(limits::effects_max)) {
    if (!offer.fits(demand))
      continue;
    auto rows = range(suspended, std::tuple(number, item_id{}), std::tuple(number + 1, item_id{}),
                      budget + 1);
    for (auto& [key, unused] : rows) {
      if (budget == 0)
        return add_due(now_, due_kind::resume, worker);
      --budget;
      if (find_item(std::get<1>(key)))
        apply(std::get<1>(key), item_event::fit_worker_came{});
    }
  }
}

}  // namespace holdfast::controlling
