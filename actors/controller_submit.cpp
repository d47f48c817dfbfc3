#include <holdfast/actors/controller_handlers.hpp>
#include <holdfast/actors/queue_options.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace holdfast::controlling {
namespace {

constexpr std::size_t labels_max = 64;
constexpr std::size_t parents_max = 2000;

/// What stands in the row of an item is written with each of its steps, and with those of all others of its worker.
constexpr std::size_t parents_shown_max = 16;

std::string in_quotes(std::string_view text) {
  return "'" + std::string(text.substr(0, 80)) + (text.size() > 80 ? "...'" : "'");
}

std::optional<std::string> wrong_number(const char* what, std::int64_t given, std::int64_t low,
                                        std::int64_t high) {
  if (given >= low && given <= high)
    return std::nullopt;
  return std::string(what) + " is " + std::to_string(given) + "; it goes from "
         + std::to_string(low) + " to " + std::to_string(high);
}

std::optional<std::string> wrong_names(const submission& given) {
  auto& method = given.demand.method;
  if (!is_dotted_name(method) || method.size() > limits::name_bytes_max)
    return in_quotes(method) + " is no name of a method";
  if (given.demand.labels.size() > labels_max)
    return "it demands " + std::to_string(given.demand.labels.size()) + " labels; at most "
           + std::to_string(labels_max) + " are allowed";
  for (auto& label : given.demand.labels)
    if (label.empty() || label.size() > limits::name_bytes_max)
      return "the label " + in_quotes(label) + " has " + std::to_string(label.size())
             + " bytes; a label has 1 to " + std::to_string(limits::name_bytes_max);
  if (given.key.size() > limits::key_bytes_max)
    return "its key " + in_quotes(given.key) + " has " + std::to_string(given.key.size())
           + " bytes; at most " + std::to_string(limits::key_bytes_max) + " are allowed";
  if (given.title.size() > limits::error_text_bytes_max)
    return "its title has " + std::to_string(given.title.size()) + " bytes; at most "
           + std::to_string(limits::error_text_bytes_max) + " are allowed";
  return std::nullopt;
}

/// What is wrong with a submission by itself, in one sentence.
std::optional<std::string> what_is_wrong(const submission& given) {
  if (auto wrong = wrong_names(given))
    return wrong;
  auto bytes = given.payload.size() + (given.completion ? given.completion->bound.size() : 0);
  if (bytes > work::item_bytes_max)
    return "its arguments take " + std::to_string(bytes) + " bytes; an item carries at most "
           + std::to_string(work::item_bytes_max) + ": pass a path or a reference instead";
  constexpr auto longest = std::numeric_limits<std::int64_t>::max() / 4;
  auto& rules = given.rules;
  for (auto& wrong : {wrong_number("slots", given.demand.slots, 1, books::worker_slots_max),
                      wrong_number("attempts", rules.attempts, 1, attempts_max),
                      wrong_number("losses", rules.losses_max, 1, 65'535),
                      wrong_number("priority", given.priority, -100, 100),
                      wrong_number("back_off", rules.back_off_ns, 0, longest),
                      wrong_number("back_off_max", rules.back_off_max_ns, 0, longest),
                      wrong_number("deadline", given.deadline_ns, 0, longest),
                      wrong_number("timeout", given.timeout_ns, 0, longest),
                      wrong_number("grace", given.grace_ns, 0, longest),
                      wrong_number("stop_alone", given.stop_alone_ns, -1, longest),
                      wrong_number("keep", given.keep_ns, 0, longest),
                      wrong_number("the number of items to wait for",
                                   static_cast<std::int64_t>(given.after.size()), 0, parents_max)})
    if (wrong)
      return "the option " + *wrong;
  return std::nullopt;
}

item_row row_of(books& all, submission& given) {
  item_row row;
  row.rules = given.rules;
  row.demand = std::move(given.demand);
  std::ranges::sort(row.demand.labels);
  row.demand.labels.erase(std::ranges::unique(row.demand.labels).begin(), row.demand.labels.end());
  row.priority = given.priority;
  row.order = ++all.totals().last_order;
  row.fingerprint = given.fingerprint;
  row.payload_is = given.payload_is;
  row.payload_hash = checksum64(given.payload, checksum64(row.demand.method, given.fingerprint));
  row.deadline_ns = given.deadline_ns;
  row.timeout_ns = given.timeout_ns;
  row.grace_ns = given.grace_ns;
  row.stop_alone_ns = given.stop_alone_ns;
  row.keep_ns = given.keep_ns > 0 ? given.keep_ns : all.shared().options.keep_default.count();
  row.key = std::move(given.key);
  row.after.assign(given.after.begin(),
                   given.after.begin() + std::min(given.after.size(), parents_shown_max));
  row.title = std::move(given.title);
  row.trace = given.trace;
  row.origin = std::move(given.origin);
  row.submitter = all.ctx().caller();
  row.has_completion = given.completion.has_value();
  row.submitted_wall_ns = all.wall_ns();
  if (row.deadline_ns > 0)
    row.deadline = all.now() + row.deadline_ns;
  return row;
}

/// It is there, it has ended, and it says why.
void add_failed(books& all, const item_id& id, item_row row, const std::string& sentence) {
  row.machine.state = item_state::failed;
  row.text = sentence.substr(0, limits::error_text_bytes_max);
  row.ended = all.now();
  row.ended_wall_ns = all.wall_ns();
  row.is_settling = row.has_completion;
  row.title.resize(std::min(row.title.size(), limits::error_text_bytes_max));
  row.key.resize(std::min(row.key.size(), limits::key_bytes_max));
  row.demand.method.resize(std::min(row.demand.method.size(), limits::name_bytes_max));
  if (row.demand.labels.size() > labels_max)
    row.demand.labels.resize(labels_max);
  for (auto& label : row.demand.labels)
    label.resize(std::min(label.size(), limits::name_bytes_max));
  all.note(row, "refused: " + row.text);
  all.add_item(id, std::move(row));
  all.keep_settling(id);
}

/// The same call under the same key is the first one.
void add_alias(books& all, const item_id& id, const item_id& first, const item_row& row,
               const std::optional<listener_row>& listener) {
  all.put(aliases, id, first);
  all.put(aliases_of, pair_key{first, id}, true);
  auto& existing = all.edit_item(first);
  all.note(existing, "submitted again under its key by " + row.submitter + " as " + id);
  if (!listener)
    return;
  all.put(listeners, pair_key{first, id}, *listener);
  existing.has_listeners = true;
  if (!is_terminal(existing.machine.state))
    return;
  existing.is_settling = true;
  all.keep_settling(first);
}

struct parents {
  std::vector<item_id> open;
  std::vector<std::pair<item_id, bool>> ended;  ///< whether it was done
  std::string wrong;
};

void find_parent(books& all, const std::string& named, const std::string& own_key, parents& found) {
  if (!own_key.empty() && named == own_key) {
    found.wrong = "it names itself among the items to wait for; an item waits only for items that "
                  "were submitted "
                  "before it, so that none can wait for itself";
    return;
  }
  auto id = all.first_of(named);
  auto* row = all.find_item(id);
  if (!row && !named.empty() && named.size() <= limits::key_bytes_max)
    if (auto by_key = all.get(keys, named)) {
      id = *by_key;
      row = all.find_item(id);
    }
  if (row && !is_terminal(row->machine.state)) {
    if (std::ranges::find(found.open, id) == found.open.end())
      found.open.push_back(id);
    return;
  }
  if (row) {
    found.ended.emplace_back(id, row->machine.state == item_state::done);
    return;
  }
  auto tomb = id.empty() || id.size() > limits::key_bytes_max ? std::nullopt : all.get(tombs, id);
  if (tomb)
    found.ended.emplace_back(id, *tomb == item_state::done);
  else
    found.wrong = "it waits for " + in_quotes(named)
                  + ", and no item of that id or key is known here: submit it first";
}

void wait_for(books& all, const item_id& id, const parents& found) {
  for (auto& parent : found.open) {
    all.put(children, pair_key{parent, id}, true);
    all.edit_item(parent).has_children = true;
  }
  for (auto& [parent, was_done] : found.ended) {
    auto made = all.apply(id, item_event::parent_ended{was_done});
    if (is_terminal(made.next.state) && !made.is_refused) {
      auto& row = all.edit_item(id);
      row.text = "it waited for " + parent + ", which had not ended well";
      all.note(row, row.text);
    }
  }
}

}  // namespace

void submit(books& all, submission given) {
  all.may_leave();
  auto id = all.ctx().call_id().to_text();
  auto wrong = what_is_wrong(given);
  std::optional<listener_row> listener;
  if (given.completion)
    listener = {all.ctx().caller(), given.completion->method, given.completion->fingerprint,
                given.completion->bound};
  auto row = row_of(all, given);
  auto fail = [&](const std::string& sentence) {
    if (listener)
      all.put(completions, id, *listener);
    add_failed(all, id, std::move(row), sentence);
  };
  if (wrong)
    return fail(*wrong);
  if (auto first = row.key.empty() ? std::nullopt : all.get(keys, row.key)) {
    auto* known = all.find_item(*first);
    if (known && known->payload_hash == row.payload_hash)
      return add_alias(all, id, *first, row, listener);
    return fail("its key " + in_quotes(row.key) + " belongs to " + *first
                + ", which was submitted with another method or other arguments");
  }
  parents found;
  for (auto& parent : given.after)
    if (found.wrong.empty())
      find_parent(all, parent, row.key, found);
  if (!found.wrong.empty())
    return fail(found.wrong);
  if (listener)
    all.put(completions, id, *listener);
  if (!row.key.empty())
    all.put(keys, row.key, id);
  row.machine.open_parents = static_cast<std::uint32_t>(found.open.size() + found.ended.size());
  row.demand_class = all.demand_class(row.demand);
  all.put(payloads, id, given.payload);
  all.note(row, "submitted by " + row.submitter);
  all.add_item(id, std::move(row));
  wait_for(all, id, found);
}

}  // namespace holdfast::controlling
