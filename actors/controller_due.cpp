#include <holdfast/actors/controller_handlers.hpp>
#include <holdfast/actors/controller_probe.hpp>

#include <cstdint>
#include <tuple>

// What falls due. A row of `due` goes when what it stands for has changed: each kind changes it, whatever comes of it.
namespace holdfast::controlling {
namespace {

/// Rows about one item that are erased at a time.
constexpr std::size_t erased_max = 500;

/// A tick that is early by less than this is the one that was armed.
constexpr node_time early_max = 10'000'000;

void grace_over(books& all, const item_id& id) {
  auto graces = all.find_item(id)->graces;
  for (auto& grace : graces) {
    if (grace.until > all.now())
      continue;
    std::erase_if(all.edit_item(id).graces,
                  [&](const grace_row& row) { return row.worker == grace.worker; });
    all.bury(id, grace.worker, worker_death::grace_over);
  }
}

void deadline_over(books& all, const item_id& id) {
  all.apply(id, item_event::expire{});
  all.edit_item(id).deadline = 0;
}

/// Nobody can ask for it any more, but for those that come after it.
void retention_over(books& all, const item_id& id) {
  auto duplicates = all.pairs(aliases_of, id, erased_max);
  for (auto& [key, unused] : duplicates) {
    all.erase(aliases, std::get<1>(key));
    all.erase(aliases_of, key);
  }
  if (duplicates.size() == erased_max)
    return all.go_on();
  auto& row = *all.find_item(id);
  if (!row.key.empty() && all.get(keys, row.key) == id)
    all.erase(keys, row.key);
  if (row.machine.state != item_state::done)
    all.erase(payloads, id);
  if (row.has_result)
    all.erase(results, id);
  if (row.has_checkpoint)
    all.erase(checkpoints, id);
  if (row.has_completion)
    all.erase(completions, id);
  all.put(tombs, id, row.machine.state);
  all.add_due(all.now() + limits::ended_retention_ns, due_kind::tomb, id);
  all.erase_item(id);
}

void item_due(books& all, due_kind kind, const item_id& id) {
  switch (kind) {
  case due_kind::back_off: {
    auto& row = all.edit_item(id);
    all.place_in_indexes(row);
    return;
  }
  case due_kind::deadline: return deadline_over(all, id);
  case due_kind::grace: return grace_over(all, id);
  case due_kind::settle: return all.keep_settling(id);
  case due_kind::retention: return retention_over(all, id);
  case due_kind::tomb:
  case due_kind::resume: return;
  }
}

void take_due(books& all, const due_key& key) {
  auto& [at, kind, name] = key;
  if (kind == due_kind::tomb) {
    all.erase(tombs, name);
    all.erase(due, key);
  } else if (kind == due_kind::resume) {
    all.erase(due, key);
    all.come(name);
  } else if (dues_of(all.find_item(name)).contains({at, kind})) {
    item_due(all, kind, name);
  } else if (!all.is_edited(name)) {
    all.erase(due, key);  // it stands for nothing
  }
}

/// The controller has started: every link of the life before is gone. A worker that is back already was met.
void begin_life(books& all) {
  auto life = all.shared().env->self.incarnation;
  if (all.totals().life == life)
    return;
  auto budget = books::settled_max;
  for (auto& [name, row] : all.ctx().state(workers).all(limits::effects_max)) {
    if (row.life == life)
      continue;
    if (budget == 0)
      return all.go_on();
    auto count = all.held_by(name).size() + 1;
    budget -= std::min<std::size_t>(budget, count);
    all.meet(name);
    send_probe(all, name);
  }
  all.totals().life = life;
}

}  // namespace

void tick(books& all) {
  auto& totals = all.totals();
  bool is_begun = totals.life != all.shared().env->self.incarnation;
  if (is_begun || totals.armed == 0 || totals.armed <= all.now() + early_max)
    all.arm_anew();
  begin_life(all);
  if (totals.is_unplaced)
    all.place_all();
  auto rows = all.range(due, due_key{}, due_key{all.now() + 1, {}, {}}, books::due_max);
  for (auto& [key, unused] : rows)
    take_due(all, key);
  if (rows.size() == books::due_max)
    all.go_on();
}

}  // namespace holdfast::controlling
