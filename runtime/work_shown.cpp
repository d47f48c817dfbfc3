#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/runtime/exec_work.hpp>
#include <holdfast/runtime/work_shown.hpp>

#include <algorithm>
#include <chrono>

namespace holdfast {
namespace {

value moment_text(std::int64_t wall_ns) {
  if (wall_ns == 0)
    return {};
  return format_date_time(date_time(
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(wall_ns))));
}

value list_of(const std::vector<std::string>& texts) {
  array all;
  for (auto& text : texts)
    all.push_back(text);
  return all;
}

value show_outcome(const command_outcome& outcome) {
  return dict{{"exit_status", outcome.exit_status}, {"signal", outcome.signal},
              {"output", readable(outcome.output)}, {"output_bytes", outcome.output_bytes},
              {"output_file", outcome.output_file}, {"is_cut", outcome.is_cut},
              {"seconds", outcome.seconds}};
}

/// The report does not say how the result was encoded: a command's outcome, or what a caller by name gets, or the bytes.
value show_result(const item_report& item) {
  if (item.method == exec_run.name())
    try {
      return show_outcome(decode<command_outcome>(item.result, "the result"));
    } catch (const error&) {
      // It was submitted by its name, with values.
    }
  try {
    return decode<value>(item.result, "the result");
  } catch (const error&) {
    binary bytes;
    std::transform(item.result.begin(), item.result.end(), std::back_inserter(bytes),
                   [](char letter) { return static_cast<std::byte>(letter); });
    return bytes;
  }
}

/// How many bytes of valid UTF-8 begin here: 0 if they are none.
std::size_t letter_bytes(std::string_view text) {
  auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto first = at(0);
  std::size_t count = first < 0x80   ? 1
                      : first < 0xC2 ? 0
                      : first < 0xE0 ? 2
                      : first < 0xF0 ? 3
                      : first < 0xF5 ? 4
                                     : 0;
  if (count == 0 || text.size() < count)
    return 0;
  for (std::size_t i = 1; i < count; ++i)
    if ((at(i) & 0xC0) != 0x80)
      return 0;
  bool is_overlong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
  bool is_outside = (first == 0xED && at(1) >= 0xA0) || (first == 0xF4 && at(1) >= 0x90);
  return is_overlong || is_outside ? 0 : count;
}

}  // namespace

std::string readable(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    auto count = letter_bytes(bytes);
    text += count ? bytes.substr(0, count) : "\uFFFD";
    bytes.remove_prefix(std::max<std::size_t>(count, 1));
  }
  return text;
}

value show_item(const item_report& item) {
  dict shown{{"id", item.id},
             {"state", std::string(to_string(item.state))},
             {"method", item.method},
             {"title", readable(item.title)},
             {"key", item.key},
             {"labels", list_of(item.labels)},
             {"priority", item.priority},
             {"slots", item.slots},
             {"runs", item.attempts},
             {"attempts", item.attempts},
             {"failures", item.failures},
             {"losses", item.losses},
             {"epoch", item.epoch},
             {"worker", item.worker},
             {"progress", item.progress},
             {"progress_text", readable(item.progress_text)},
             {"submitted", moment_text(item.submitted_ns)},
             {"started", moment_text(item.started_ns)},
             {"ended", moment_text(item.ended_ns)},
             {"text", readable(item.text)},
             {"waits_for", item.waits_for}};
  if (item.has_result && !item.result.empty())
    shown.add("result", show_result(item));
  if (item.history.empty())
    return shown;
  array notes;
  for (auto& note : item.history)
    notes.push_back(dict{{"at", moment_text(note.wall_ns)}, {"text", readable(note.text)}});
  shown.add("history", std::move(notes));
  return shown;
}

value show_worker(const worker_status& worker) {
  return dict{{"name", worker.name},
              {"type", worker.type},
              {"phase", worker.phase},
              {"labels", list_of(worker.labels)},
              {"methods", list_of(worker.methods)},
              {"slots", worker.slots},
              {"slots_used", worker.slots_used},
              {"items_done", worker.items_done},
              {"incarnation", worker.incarnation},
              {"address", worker.address}};
}

value show_counts(const work_counts& counts) {
  return dict{{"waiting", counts.waiting},
              {"assigned", counts.assigned},
              {"running", counts.running},
              {"suspended", counts.suspended},
              {"done", counts.done},
              {"failed", counts.failed},
              {"cancelled", counts.cancelled},
              {"expired", counts.expired},
              {"moved", counts.moved},
              {"evidence", counts.evidence},
              {"rolled_back", counts.rolled_back}};
}

item_state parse_item_state(std::string_view name) {
  std::string names;
  for (auto state = item_state::waiting; state <= item_state::expired;
       state = static_cast<item_state>(static_cast<int>(state) + 1)) {
    if (to_string(state) == name)
      return state;
    names += (names.empty() ? "" : ", ") + std::string(to_string(state));
  }
  throw error(errc::bad_argument,
              "there is no state '" + std::string(name) + "'; there are " + names);
}

}  // namespace holdfast
