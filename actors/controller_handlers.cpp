#include <holdfast/actors/controller_handlers.hpp>
#include <holdfast/actors/controller_probe.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace holdfast::controlling {
namespace {

constexpr std::size_t shown_text_max = 200;

const item_owner* owner_of(const item_row* row, const std::string& worker, std::uint64_t epoch) {
  if (!row)
    return nullptr;
  for (auto& owner : row->machine.owners)
    if (owner.worker == worker && owner.epoch == epoch && !owner.has_reported)
      return &owner;
  return nullptr;
}

bool has(const item_step& made, item_action wanted) {
  return std::ranges::find(made.actions, wanted) != made.actions.end();
}

void keep_result(books& all, const std::string& worker, const item_end& end) {
  auto& row = all.edit_item(end.item);
  all.put(results, end.item, end.value);
  row.has_result = true;
  row.worker = worker;
  if (all.find_worker(row.worker))
    ++all.edit_worker(row.worker).items_done;
}

/// What a failed attempt left, if it says so: for people, until a later one ends.
void keep_what_is_left(books& all, const item_end& end) {
  if (end.how != run_end::failed || end.value.empty() || end.value.size() > work::item_bytes_max)
    return;
  if (all.find_item(end.item)->machine.state == item_state::done)
    return;  // by another run: its result stands
  all.put(results, end.item, end.value);
  all.edit_item(end.item).has_result = true;
}

/// A refused step leaves no note of its own in the row.
void keep_evidence(books& all, const std::string& worker, const item_end& end,
                   const item_step& made) {
  ++all.totals().counts.evidence;
  auto& row = all.edit_item(end.item);
  if (made.is_refused)
    all.note(row, made.note.empty()
                      ? "a late result of " + worker + " under epoch " + std::to_string(end.epoch)
                            + " (" + std::string(to_string(end.how))
                            + ") was refused and is kept as evidence"
                      : made.note);
}

/// The text belongs to the attempt that just ended. A run that was handed back or stopped is none: it goes on elsewhere.
void keep_text(books& all, const std::string& worker, const item_end& end) {
  if (end.text.empty())
    return;
  auto& row = all.edit_item(end.item);
  if (end.how != run_end::handed_back && end.how != run_end::cancelled)
    row.text = end.text.substr(0, limits::error_text_bytes_max);
  all.note(row, worker + " said: " + end.text.substr(0, shown_text_max));
}

void end_run(books& all, const std::string& worker, const item_end& end) {
  if (end.how == run_end::done && end.value.size() > work::item_bytes_max) {
    auto text = "its result takes " + std::to_string(end.value.size())
                + " bytes; an item carries at most " + std::to_string(work::item_bytes_max)
                + ": write it to a file and return its path";
    return end_run(all, worker,
                   {end.item, end.epoch, run_end::never_fits, {}, std::move(text), end.ran_ns});
  }
  if (!all.find_item(end.item))
    return all.send_drop(worker, end.item, end.epoch);
  bool was_held = owner_of(all.find_item(end.item), worker, end.epoch) != nullptr;
  auto made = all.apply(end.item, item_event::ended{worker, end.epoch, end.how});
  if (has(made, item_action::take_result))
    keep_result(all, worker, end);
  if (has(made, item_action::keep_evidence))
    keep_evidence(all, worker, end, made);
  else if (!made.is_refused) {
    keep_text(all, worker, end);
    keep_what_is_left(all, end);
  }
  if (!was_held)
    all.send_drop(worker, end.item, end.epoch);  // its end was heard
}

item_id known_item(books& all, const item_id& id) {
  auto first = all.first_of(id);
  if (!all.find_item(first))
    throw refusal(
        "no item '" + id.substr(0, 100)
        + "' is known here: it was never submitted to this controller, or is no longer kept");
  return first;
}

void known_worker(books& all, const std::string& name) {
  if (all.ctx().caller() != all.ctx().node())
    throw refusal("only the operator of " + all.ctx().node()
                  + " changes its workers: ask on that node");
  if (name.empty() || name.size() > limits::name_bytes_max || !all.find_worker(name))
    throw refusal("no worker '" + name.substr(0, 100) + "' has ever reported here");
  all.meet(name);
}

void link_lost(books& all, const std::string& worker, bool is_goodbye) {
  all.apply(worker, worker_event::link_down{is_goodbye});
  send_probe(all, worker);
}

void change(books& all, const std::string& worker, const worker_event_any& event) {
  auto made = all.apply(worker, event);
  if (made.is_refused)
    throw refusal("the worker " + worker + " cannot be changed so: " + made.note);
}

}  // namespace

void heard_from(books& all, const std::string& worker) {
  auto* row = all.find_worker(worker);
  if (row && row->machine.phase == worker_phase::suspect && row->session != 0)
    all.apply(worker, worker_event::reported{row->machine.incarnation, row->machine.is_leaving});
}

// ---- queued

void ended(books& all, const std::string& worker, const std::vector<item_end>& ends) {
  all.may_leave();
  if (worker == all.ctx().caller())
    heard_from(all, worker);
  for (auto& end : ends)
    end_run(all, worker, end);
}

void checkpoint(books& all, const item_id& id, std::uint64_t epoch, const std::string& content) {
  all.may_leave();
  heard_from(all, all.ctx().caller());
  if (!owner_of(all.find_item(id), all.ctx().caller(), epoch)
      || content.size() > work::item_bytes_max)
    return;
  all.put(checkpoints, id, content);
  if (!all.find_item(id)->has_checkpoint)
    all.edit_item(id).has_checkpoint = true;
}

// ---- messages

void started(books& all, const std::vector<held_item>& given) {
  all.may_leave();
  auto& worker = all.ctx().caller();
  heard_from(all, worker);
  auto count = std::min<std::size_t>(given.size(), books::worker_slots_max);
  for (auto& held : std::span(given).first(count)) {
    if (!owner_of(all.find_item(held.item), worker, held.epoch)) {
      all.send_drop(worker, held.item, held.epoch);
      continue;
    }
    if (!all.apply(held.item, item_event::started{worker, held.epoch}).is_refused)
      all.edit_item(held.item).started_wall_ns = all.wall_ns();
  }
}

void progress(books& all, const item_id& id, std::uint64_t epoch, double part,
              const std::string& text) {
  all.may_leave();
  auto* row = all.find_item(id);
  if (!owner_of(row, all.ctx().caller(), epoch) || !std::isfinite(part))
    return;
  auto shown = text.substr(0, shown_text_max);
  part = std::clamp(part, 0.0, 1.0);
  if (row->progress == part && row->progress_text == shown)
    return;
  auto& changed = all.edit_item(id);
  changed.progress = part;
  changed.progress_text = std::move(shown);
}

void peer_changed(books& all, const peer_event& event) {
  auto& name = all.ctx().caller();
  if (!all.find_worker(name))
    return;  // no worker, or none that has reported yet
  all.meet(name);
  if (auto* up = std::get_if<peer_up>(&event))
    all.apply(name, worker_event::link_up{up->incarnation});
  else if (auto* down = std::get_if<peer_down>(&event))
    link_lost(all, name, down->reason == errc::link_goodbye);
  else
    all.apply(name, worker_event::link_suspect{});
}

void check_links(books& all) {
  auto& env = *all.shared().env;
  for (auto& [name, row] : all.ctx().state(workers).all(limits::effects_max)) {
    auto entry = env.peers.find(name);
    bool is_linked = name == all.ctx().node() || (entry && entry->is_up);
    if (row.machine.phase < worker_phase::lost && !is_linked)
      link_lost(all, name, false);
  }
  tick(all);  // if it was a tick that failed, nobody else sends the next
}

// ---- synchronous

void cancel(books& all, const item_id& id) {
  auto first = known_item(all, id);
  auto made = all.apply(first, item_event::cancel{});
  if (made.is_refused)
    throw refusal("the item " + first + " cannot be cancelled: " + made.note);
}

void retry(books& all, const item_id& id) {
  auto first = known_item(all, id);
  if (all.find_item(first)->demand_class == 0)
    throw refusal("the item " + first + " was refused when it was submitted: submit a better one");
  auto made = all.apply(first, item_event::retry{});
  if (made.is_refused)
    throw refusal("the item " + first + " cannot be retried: " + made.note);
  auto& row = all.edit_item(first);
  row.is_revised |= row.ended != 0;
  row.ended = row.ended_wall_ns = 0;
  row.is_settling = false;
  row.text.clear();
  if (row.deadline_ns > 0)
    row.deadline = all.now() + row.deadline_ns;
}

void drain(books& all, const std::string& worker) {
  known_worker(all, worker);
  change(all, worker, worker_event::drain{});
}

void resume(books& all, const std::string& worker) {
  known_worker(all, worker);
  change(all, worker, worker_event::resume{});
}

void forget(books& all, const std::string& worker) {
  known_worker(all, worker);
  change(all, worker, worker_event::forget{});
}

}  // namespace holdfast::controlling
