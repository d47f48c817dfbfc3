#include <holdfast/actors/controller_books.hpp>
#include <holdfast/actors/controller_views.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <utility>

namespace holdfast::controlling {
namespace {

constexpr std::size_t page_rows = 500;
constexpr std::uint32_t listed_max = 10'000;
constexpr std::size_t looked_max = 10'000;

std::string seconds(node_time time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s",
                static_cast<double>(std::max<node_time>(time, 0)) / 1e9);
  return text;
}

std::optional<std::pair<item_id, item_row>> find(context& ctx, const item_id& id) {
  if (id.empty() || id.size() > limits::key_bytes_max)
    return std::nullopt;
  auto first = ctx.state(aliases).get(id).value_or(id);
  auto row = ctx.state(items).get(first);
  if (!row)
    return std::nullopt;
  return std::pair(first, std::move(*row));
}

std::pair<item_id, item_row> known(context& ctx, const item_id& id) {
  if (auto found = find(ctx, id))
    return std::move(*found);
  throw refusal(
      "no item '" + id.substr(0, 100)
      + "' is known here: it was never submitted to this controller, or is no longer kept");
}

/// A row's parents that have not ended, at most `limit`.
std::vector<std::string> open_parents(context& ctx, const item_row& row, std::size_t limit) {
  std::vector<std::string> open;
  for (auto& named : row.after) {
    auto parent = find(ctx, named);
    if (!parent && named.size() <= limits::key_bytes_max)
      if (auto by_key = ctx.state(keys).get(named))
        parent = find(ctx, *by_key);
    if (parent && !is_terminal(parent->second.machine.state) && open.size() < limit)
      open.push_back(named);
  }
  return open;
}

std::string waits_for_parents(context& ctx, const item_row& row) {
  auto count = row.machine.open_parents;
  std::string text =
      "it waits for " + std::to_string(count) + (count == 1 ? " item" : " items") + " to end";
  auto named = open_parents(ctx, row, 3);
  for (auto& parent : named)
    text += (&parent == &named.front() ? ": " : ", ") + parent;
  return text + (count > named.size() && !named.empty() ? ", ..." : "");
}

std::string waits_for_worker(context& ctx, const item_row& row) {
  std::vector<worker_offer> offers;
  for (auto& [name, worker] : ctx.state(workers).all(limits::effects_max))
    if (takes_items(worker.machine))
      offers.push_back(worker.offer(name));
  auto reason = why_not(row.demand, offers);
  if (!reason.empty())
    return "it waits for a worker: " + reason;
  return "it waits for room: the workers that could run it are busy";
}

std::string waits_for_owner(context& ctx, const item_row& row) {
  for (auto& owner : row.machine.owners)
    if (owner.is_lost) {
      auto text = "its worker " + owner.worker + " is lost";
      for (auto& grace : row.graces)
        if (grace.worker == owner.worker)
          text += "; unless it returns, its grace ends in " + seconds(grace.until - ctx.now());
      return text;
    }
  if (row.machine.state == item_state::assigned)
    return "it was given to " + row.worker + ", which has not said that it runs";
  return {};
}

std::string waits_for(context& ctx, const item_row& row) {
  auto& machine = row.machine;
  if (is_terminal(machine.state))
    return {};
  if (machine.state == item_state::suspended)
    return "it is suspended, because its worker " + row.worker
           + " was lost; it waits for a worker that fits to come, or for a retry";
  if (machine.state != item_state::waiting)
    return waits_for_owner(ctx, row);
  if (machine.open_parents > 0)
    return waits_for_parents(ctx, row);
  if (machine.not_before > ctx.now())
    return "it waits for its back-off to end, in " + seconds(machine.not_before - ctx.now());
  return waits_for_worker(ctx, row);
}

/// That runs it, or ran it last. What waits has none: who had it before is lost, or gave it back.
std::string worker_of(const item_row& row) {
  auto state = row.machine.state;
  return state == item_state::waiting || state == item_state::suspended ? "" : row.worker;
}

bool matches(const item_row& row, const item_filter& filter) {
  if (!filter.states.empty()
      && std::ranges::find(filter.states, row.machine.state) == filter.states.end())
    return false;
  if (!filter.worker.empty() && worker_of(row) != filter.worker)
    return false;
  auto& labels = row.demand.labels;
  return filter.label.empty() || std::ranges::find(labels, filter.label) != labels.end();
}

}  // namespace

assigned_item order_of(const journal_reader& store, const item_id& id, std::uint64_t epoch) {
  assigned_item order;
  order.item = id;
  order.epoch = epoch;
  order.payload_is = payload_kind::values;
  auto bytes = read_state(store, state_key(items.name(), encode_key(id)));
  if (!bytes)
    return order;
  auto row = decode<item_row>(*bytes, "table " + std::string(items.name()));
  order.method = row.demand.method;
  order.slots = row.demand.slots;
  order.fingerprint = row.fingerprint;
  order.payload_is = row.payload_is;
  order.timeout_ns = row.timeout_ns;
  order.trace = row.trace;
  order.origin = row.origin;
  return order;
}

item_report report_of(const item_id& id, const item_row& row) {
  item_report report;
  report.id = id;
  report.state = row.machine.state;
  report.method = row.demand.method;
  report.title = row.title;
  report.key = row.key;
  report.labels = row.demand.labels;
  report.priority = row.priority;
  report.slots = row.demand.slots;
  report.attempts = row.runs;
  report.failures = row.machine.failures;
  report.losses = row.machine.losses;
  report.epoch = row.machine.epoch;
  report.worker = worker_of(row);
  bool is_done = row.machine.state == item_state::done;
  report.progress = is_done ? 1 : row.progress;
  if (!is_done)
    report.progress_text = row.progress_text;
  report.submitted_ns = row.submitted_wall_ns;
  report.started_ns = row.started_wall_ns;
  report.ended_ns = row.ended_wall_ns;
  report.text = row.text;
  report.has_result = row.has_result;
  return report;
}

worker_status status_of(const std::string& name, const worker_row& row) {
  worker_status status;
  status.name = name;
  status.type = row.type;
  status.phase = std::string(to_string(row.machine.phase));
  status.labels = row.labels;
  status.methods = row.methods;
  status.slots = row.slots;
  status.slots_used = row.slots_used;
  status.items_done = row.items_done;
  status.incarnation = row.machine.incarnation;
  status.address = row.address;
  return status;
}

std::vector<item_report> look(context& ctx, const std::vector<item_id>& wanted) {
  if (wanted.size() > looked_max)
    throw refusal("look takes at most " + std::to_string(looked_max) + " items at a time");
  std::vector<item_report> found;
  for (auto& id : wanted)
    if (auto row = find(ctx, id)) {
      found.push_back(report_of(row->first, row->second));
      found.back().id = id;  // also of a duplicate: whoever asks knows this name
    }
  return found;
}

item_report show(context& ctx, const item_id& id) {
  auto [first, row] = known(ctx, id);
  auto report = report_of(first, row);
  report.waits_for = waits_for(ctx, row);
  if (row.has_result)
    report.result = ctx.state(results).get(first).value_or("");
  return report;
}

item_report why(context& ctx, const item_id& id) {
  auto [first, row] = known(ctx, id);
  auto report = report_of(first, row);
  report.waits_for = waits_for(ctx, row);
  report.history = std::move(row.history);
  return report;
}

std::vector<item_report> list(context& ctx, const item_filter& filter) {
  std::vector<item_report> found;
  auto limit = std::clamp<std::uint32_t>(filter.limit, 1, listed_max);
  if (filter.after.size() > limits::key_bytes_max)
    throw refusal("a page begins behind the id of an item; that is none");
  for (auto next = filter.after.empty() ? item_id() : filter.after + '\0';;) {
    auto page = ctx.state(items).from(next, page_rows);
    for (auto& [id, row] : page) {
      if (matches(row, filter))
        found.push_back(report_of(id, row));
      if (found.size() == limit)
        return found;
    }
    if (page.size() < page_rows)
      return found;
    next = page.back().first + '\0';
  }
}

work_counts counts(context& ctx) {
  auto counts = ctx.state(totals).get(0).value_or(totals_row{}).counts;
  counts.rolled_back = ctx.state(fault_totals).get(0).value_or(0);
  return counts;
}

std::vector<worker_status> list_workers(context& ctx) {
  std::vector<worker_status> found;
  for (auto& [name, row] : ctx.state(workers).all(limits::effects_max))
    found.push_back(status_of(name, row));
  return found;
}

}  // namespace holdfast::controlling
