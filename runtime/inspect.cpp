#include <holdfast/core/names.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/value_bytes.hpp>
#include <holdfast/runtime/inspect.hpp>

#include <algorithm>
#include <cstdio>
#include <map>

namespace holdfast::inspect {
namespace {

constexpr double ns_per_second = 1e9;

std::string hex(std::uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

void fill_header(call_report& report, const call_view& call, node_time now) {
  auto& header = call.header;
  report.method = header.method;
  report.key = header.key;
  report.user_id = header.user_id;
  report.trace = header.trace ? hex(header.trace) : "";
  report.origin = header.origin;
  report.queued_at = text_of_time(header.queued_wall_ns);
  report.priority = header.priority;
  report.payload_bytes = call.payload.size();
  if (header.expires_at && now)
    report.expires_in = static_cast<double>(header.expires_at - now) / ns_per_second;
  if (header.not_before > now && now)
    report.due_in = static_cast<double>(header.not_before - now) / ns_per_second;
}

/// Fills from a record; one that is damaged says so.
void fill(call_report& report, std::string_view record, node_time now) {
  try {
    fill_header(report, decode_call(record), now);
  } catch (const error& problem) {
    report.reason = to_string(problem.code());
    report.text = problem.what();
  }
}

const char* outbox_state(const out_lane& lane, sequence_number sequence) {
  if (lane.is_closed)
    return "orphaned";
  if (sequence <= lane.stored_through)
    return "stored";
  return sequence <= lane.sent_through ? "in doubt" : "waiting";
}

call_report outbox_report(const node_identity& self, const out_lane& lane, lane_number number,
                          sequence_number sequence, std::string_view record, node_time now) {
  call_report report;
  report.id = call_id{origin_of(self.id), number, sequence}.to_text();
  report.place = "outbox";
  report.peer = lane.peer;
  report.state = outbox_state(lane, sequence);
  fill(report, record, now);
  return report;
}

std::string inbox_state(const journal_reader& rows, std::uint32_t lane, sequence_number sequence,
                        const call_header& header) {
  if (rows.get(table_id::parked, parked_key(header.method, header.arrival)))
    return "parked";
  auto attempts = inbox::find_attempts(rows, lane, sequence);
  if ((attempts && attempts->due)
      || (header.not_before && rows.get(table_id::due, due_key(header.not_before, header.arrival))))
    return "due";
  return inbox::is_admitted(rows, lane, sequence) ? "running or next" : "ready";
}

void fill_attempts(call_report& report, const journal_reader& rows, std::uint32_t lane,
                   sequence_number sequence, node_time now) {
  auto attempts = inbox::find_attempts(rows, lane, sequence);
  if (!attempts)
    return;
  report.failures = attempts->failures;
  if (attempts->due && now)
    report.due_in = static_cast<double>(attempts->due - now) / ns_per_second;
  if (!attempts->errors.empty() && report.text.empty())
    report.text = attempts->errors.back().text;
}

std::string id_text(const in_lane& from, sequence_number sequence) {
  return call_id{origin_of(from.source), from.lane, sequence}.to_text();
}

call_report inbox_report(const journal_reader& rows, const in_lane& from, sequence_number sequence,
                         std::string_view record, node_time now) {
  call_report report;
  report.id = id_text(from, sequence);
  report.place = "inbox";
  report.peer = from.source_name;
  fill(report, record, now);
  report.state = report.method.empty()
                     ? "damaged"
                     : inbox_state(rows, from.index, sequence, decode_call_header(record));
  fill_attempts(report, rows, from.index, sequence, now);
  return report;
}

call_report dead_report(const journal_reader& rows, const in_lane& from, sequence_number sequence,
                        std::string_view stored, node_time now) {
  call_report report;
  report.id = id_text(from, sequence);
  report.place = report.state = "dead";
  report.peer = from.source_name;
  auto letter = decode_dead(stored);
  fill(report, letter.record, now);
  report.expires_in.reset();
  report.due_in.reset();
  report.reason = to_string(letter.end.reason);
  report.text = letter.end.text;
  fill_attempts(report, rows, from.index, sequence, 0);
  if (letter.end.reason == errc::handler_failed)
    ++report.failures;  // the last one made it a dead letter instead of being counted
  return report;
}

/// Lanes by index, looked up once each.
class lane_names {
public:
  explicit lane_names(const journal_reader& rows) : rows_(rows) {}
  const in_lane& at(std::uint32_t index) {
    auto [i, is_new] = known_.try_emplace(index);
    if (is_new)
      i->second = find_in_lane(rows_, index).value_or(in_lane{});
    return i->second;
  }

private:
  const journal_reader& rows_;
  std::map<std::uint32_t, in_lane> known_;
};

std::vector<call_report> list_outbox(const journal_reader& rows, std::size_t limit, node_time now) {
  std::vector<call_report> found;
  auto self = read_identity(rows).value_or(node_identity{});
  std::map<lane_number, out_lane> lanes;
  for (auto& [number, lane] : all_out_lanes(rows))
    lanes.emplace(number, lane);
  rows.scan(table_id::outbox, {}, {}, [&](row stored) {
    if (found.size() >= limit)
      return false;
    auto [lane, sequence] = read_call_key(stored.key);
    if (!tombstone_reason(stored.value))
      found.push_back(outbox_report(self, lanes[lane], lane, sequence, stored.value, now));
    return true;
  });
  return found;
}

std::vector<call_report> list_parked(const journal_reader& rows, std::size_t limit, node_time now) {
  std::vector<call_report> found;
  lane_names lanes(rows);
  rows.scan(table_id::parked, {}, {}, [&](row stored) {
    if (found.size() >= limit)
      return false;
    auto [lane, sequence] = decode_index(stored.value);
    if (auto record = rows.get(table_id::inbox, call_key(lane, sequence)))
      found.push_back(inbox_report(rows, lanes.at(lane), sequence, *record, now));
    return true;
  });
  return found;
}

/// What a record tells of the call's begin: when it was queued and, where they are dynamic values, its arguments.
void add_record_facts(call_history& history, std::string_view record) {
  try {
    auto call = decode_call(record);
    history.steps.front().at = text_of_time(call.header.queued_wall_ns);
    if (call.header.payload != payload_kind::values)
      return;
    auto given = decode_values(call.payload);
    history.arguments = given.named.empty() ? value(given.positional) : value(given.named);
  } catch (const error&) {
    // The copy in the listing says that it is damaged.
  }
}

void add_source_steps(call_history& history, const journal_reader& rows, const node_identity& self,
                      const out_lane& lane, call_id id, node_time now) {
  auto record = rows.get(table_id::outbox, call_key(id.lane, id.sequence));
  if (record && !tombstone_reason(*record)) {
    history.copies.push_back(outbox_report(self, lane, id.lane, id.sequence, *record, now));
    history.steps.push_back({"queued for " + lane.peer, "", ""});
    if (id.sequence <= lane.stored_through)
      history.steps.push_back({"stored at " + lane.peer, "", ""});
    add_record_facts(history, *record);
    return;
  }
  history.steps.push_back({"queued for " + lane.peer, "", ""});
  if (auto end = rows.get(table_id::ended, ended_key(true, id.lane, id.sequence))) {
    auto decoded = decode_end(*end);
    history.steps.push_back({"ended: " + std::string(to_string(decoded.reason)),
                             text_of_time(decoded.wall_ns), decoded.text});
  } else if (id.lane != loopback_lane)
    history.steps.push_back({"executed at " + lane.peer, "", ""});
}

void add_target_steps(call_history& history, const journal_reader& rows, const in_lane& from,
                      call_id id, node_time now) {
  auto key = call_key(from.index, id.sequence);
  bool is_own = id.lane == loopback_lane;
  auto record = rows.get(table_id::inbox, key);
  auto dead = rows.get(table_id::dead, key);
  if (history.steps.empty())
    history.steps.push_back({"queued at " + from.source_name, "", ""});
  if (record) {
    history.copies.push_back(inbox_report(rows, from, id.sequence, *record, now));
    add_record_facts(history, *record);
  }
  if (dead) {
    history.copies.push_back(dead_report(rows, from, id.sequence, *dead, now));
    add_record_facts(history, decode_dead(*dead).record);
  }
  if (!is_own)
    history.steps.push_back({"stored, from " + from.source_name, "", ""});
  if (auto attempts = inbox::find_attempts(rows, from.index, id.sequence))
    for (auto& failure : attempts->errors)
      history.steps.push_back({"attempt " + std::to_string(failure.attempt) + " failed",
                               text_of_time(failure.wall_ns), failure.text});
  if (dead) {
    auto letter = decode_dead(*dead);
    history.steps.push_back({"dead: " + std::string(to_string(letter.end.reason)),
                             text_of_time(letter.end.wall_ns), letter.end.text});
  } else if (auto end = rows.get(table_id::ended, ended_key(false, from.index, id.sequence))) {
    auto decoded = decode_end(*end);
    history.steps.push_back({"ended: " + std::string(to_string(decoded.reason)),
                             text_of_time(decoded.wall_ns), decoded.text});
  } else if (!record)
    history.steps.push_back({"executed", "", ""});
}

}  // namespace

std::string text_of_time(std::int64_t wall_ns) {
  if (wall_ns == 0)
    return {};
  auto since =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(wall_ns));
  return format_date_time(date_time(since));
}

std::vector<call_report> list_calls(const journal_reader& rows, calls_in where, std::size_t limit,
                                    node_time now) {
  if (where == calls_in::outbox)
    return list_outbox(rows, limit, now);
  if (where == calls_in::parked)
    return list_parked(rows, limit, now);
  std::vector<call_report> found;
  lane_names lanes(rows);
  auto table = where == calls_in::dead ? table_id::dead : table_id::inbox;
  rows.scan(table, {}, {}, [&](row stored) {
    if (found.size() >= limit)
      return false;
    auto [lane, sequence] = read_call_key(stored.key);
    auto& from = lanes.at(lane);
    found.push_back(where == calls_in::dead
                        ? dead_report(rows, from, sequence, stored.value, now)
                        : inbox_report(rows, from, sequence, stored.value, now));
    return true;
  });
  return found;
}

std::optional<inbox_place> find_inbox_place(const journal_reader& rows, call_id id) {
  for (auto& from : all_in_lanes(rows))
    if (origin_of(from.source) == id.origin && from.lane == id.lane)
      return inbox_place{from.index, id.sequence};
  return std::nullopt;
}

std::optional<call_history> show_call(const journal_reader& rows, const node_identity& self,
                                      call_id id, node_time now) {
  call_history history;
  history.id = id.to_text();
  bool is_known = false;
  if (id.origin == origin_of(self.id))
    if (auto lane = find_out_lane(rows, id.lane); lane && id.sequence < lane->next) {
      add_source_steps(history, rows, self, *lane, id, now);
      is_known = true;
    }
  if (auto place = find_inbox_place(rows, id))
    if (auto from = find_in_lane(rows, place->lane); from && id.sequence <= from->mark) {
      add_target_steps(history, rows, *from, id, now);
      is_known = true;
    }
  return is_known ? std::optional(std::move(history)) : std::nullopt;
}

std::vector<peer_report> list_peers(const journal_reader& rows) {
  std::map<std::string, peer_report> found;
  auto self = read_identity(rows).value_or(node_identity{});
  for (auto& peer : all_peers(rows)) {
    if (peer.name == self.name)
      continue;
    auto& report = found[peer.name];
    report.id = peer.id.is_nil() ? "" : peer.id.to_text();
    report.incarnation = peer.incarnation;
  }
  for (auto& [number, lane] : all_out_lanes(rows)) {
    if (number == loopback_lane)
      continue;
    auto& report = found[lane.peer];
    if (lane.is_closed) {
      rows.scan(table_id::outbox, lane_key(number), lane_key(number + 1), [&](row stored) {
        report.orphaned += tombstone_reason(stored.value) ? 0 : 1;
        return true;
      });
      continue;
    }
    report.open += lane.counters.open();
    // A dropped call keeps its sequence until the lane has passed it.
    report.waiting += std::min(lane.next - 1 - lane.stored_through, lane.counters.open());
  }
  std::vector<peer_report> peers;
  for (auto& [name, report] : found) {
    report.name = name;
    report.state = "unknown";
    peers.push_back(std::move(report));
  }
  return peers;
}

void count_calls(const journal_reader& rows, node_report& report) {
  report.outbox = rows.count(table_id::outbox);
  report.inbox = rows.count(table_id::inbox);
  report.ready = rows.count(table_id::ready);
  report.due = rows.count(table_id::due);
  report.parked = rows.count(table_id::parked);
  report.dead = rows.count(table_id::dead);
}

}  // namespace holdfast::inspect
