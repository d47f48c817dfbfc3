#include <holdfast/actors/controller_tables.hpp>
#include <holdfast/runtime/story_nodes.hpp>

#include <limits>
#include <map>
#include <tuple>

namespace holdfast::story_nodes {
namespace {

constexpr std::size_t all_rows = std::numeric_limits<std::size_t>::max();

/// A lane, by the journal that it begins at.
using lane_key = std::tuple<std::uint64_t, lane_number>;

constexpr table<std::int64_t, std::int64_t> counted{"sim.counted"};
constexpr table<lane_key, sequence_number> last_started{"sim.last_started"};
constexpr table<std::tuple<std::string, lane_number, sequence_number>, sequence_number>
    started_late{"sim.started_late"};

/// In the transaction, so that a run that is discarded has not been.
void note_start(context& ctx) {
  auto id = ctx.call_id();
  auto rows = ctx.state(last_started);
  auto last = rows.get({id.origin, id.lane}).value_or(0);
  if (id.sequence < last)
    ctx.state(started_late).put({ctx.caller(), id.lane, id.sequence}, last);
  else if (id)
    rows.put({id.origin, id.lane}, id.sequence);
}

void count_here(context& ctx, std::int64_t number) {
  note_start(ctx);
  auto rows = ctx.state(counted);
  rows.put(number, rows.get(number).value_or(0) + 1);
}

template <class K, class V>
std::optional<V> row_of(const journal_reader& rows, const table<K, V>& of, const K& key) {
  auto found = read_state(rows, detail::whole_table(of.name()).first + encode_key(key));
  return found ? std::optional<V>(decode<V>(*found, "table " + std::string(of.name())))
               : std::nullopt;
}

}  // namespace

void serve_numbers(node& host) {
  host.serve(count, [](context& ctx, std::int64_t number) { count_here(ctx, number); });
  host.serve(relay, [](context& ctx, std::int64_t number, const std::string& to) {
    count_here(ctx, number);
    ctx.to(to).queue(count, number + 1);
  });
}

std::int64_t times_counted(const journal_reader& rows, std::int64_t number) {
  return row_of(rows, counted, number).value_or(0);
}

std::vector<std::string> overtaken(const journal_reader& rows) {
  std::vector<std::string> found;
  for (auto& [call, before] : rows_of(rows, started_late, all_rows)) {
    auto& [source, lane, sequence] = call;
    found.push_back("the call " + std::to_string(sequence) + " of lane " + std::to_string(lane)
                    + " from " + source + " started behind the call " + std::to_string(before));
  }
  return found;
}

item_facts facts_of_item(const journal_reader& rows, const std::string& id) {
  item_facts facts;
  auto row = row_of(rows, controlling::items, id);
  if (!row) {
    // A clock that was set forward over a reboot ends the time for which results are kept.
    if (auto tomb = row_of(rows, controlling::tombs, id))
      facts.state = to_string(*tomb);
    return facts;
  }
  facts.state = to_string(row->machine.state);
  constexpr std::string_view given = "given to ";
  for (auto& note : row->history) {
    auto& text = note.text;
    if (text.starts_with(given))
      facts.given_to = text.substr(given.size(), text.find(' ', given.size()) - given.size());
    facts.history.push_back(text);
  }
  if (auto result = row_of(rows, controlling::results, id);
      result && row->machine.state == item_state::done)
    facts.ran_under = decode<std::uint64_t>(*result, "the result of " + id);
  return facts;
}

std::vector<std::string> left_out(
    const journal_reader& rows, const std::vector<std::pair<std::string, std::uint32_t>>& workers) {
  std::vector<std::string> found;
  for (auto& [name, slots] : workers) {
    auto row = row_of(rows, controlling::workers, name);
    if (!row)
      found.push_back("the worker " + name + " is not known");
    else if (!row->is_open())
      found.push_back("the worker " + name + " is " + std::string(to_string(row->machine.phase))
                      + " and gets no items");
    else if (row->slots != slots || row->slots_used != 0)
      found.push_back("the worker " + name + " has " + std::to_string(slots)
                      + " free slots, and is held to have " + std::to_string(row->room()));
  }
  return found;
}

std::uint64_t count_moved(const journal_reader& rows) {
  auto totals = row_of(rows, controlling::totals, std::uint8_t{0});
  return totals ? totals->counts.moved : 0;
}

}  // namespace holdfast::story_nodes
