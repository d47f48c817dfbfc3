#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/runtime/audit.hpp>

#include <map>

namespace holdfast {
namespace {

std::string lane_id(const uuid& source, lane_number lane) {
  return source.to_text() + "-" + std::to_string(lane);
}

/// Records of a lane that are calls whose fate is not decided: no tombstones, no dead letters that are tried again.
std::uint64_t count_open(const journal_reader& rows, table_id table, std::uint32_t lane) {
  std::uint64_t found = 0;
  rows.scan(table, lane_key(lane), lane_key(lane + 1), [&](row stored) {
    if (tombstone_reason(stored.value))
      return true;
    bool is_decided = false;
    try {
      is_decided = table == table_id::inbox && decode_call_header(stored.value).is_revised;
    } catch (const error&) {
      // A damaged record is still there, and counted as open.
    }
    found += is_decided ? 0 : 1;
    return true;
  });
  return found;
}

std::string counts(std::uint64_t by_counters, std::uint64_t by_rows) {
  return "the counters say that " + std::to_string(by_counters) + " are open, the store has "
         + std::to_string(by_rows);
}

lane_audit source_end(const journal_reader& rows, const node_identity& self, lane_number number,
                      const out_lane& lane) {
  lane_audit line;
  line.node = self.name;
  line.peer = lane.peer;
  line.id = lane_id(self.id, number);
  line.end = "source";
  auto& has = lane.counters;
  line.issued = has.issued;
  line.executed = has.executed;
  line.expired = has.expired;
  line.dead = has.dead;
  line.dropped = has.dropped;
  line.damaged = has.damaged;
  line.orphaned = has.orphaned;
  line.open = has.open();
  line.found = number == loopback_lane ? count_open(rows, table_id::inbox, 0)
                                       : count_open(rows, table_id::outbox, number);
  auto ended = has.executed + has.expired + has.dead + has.dropped + has.damaged + has.orphaned;
  if (ended > has.issued)
    line.problem = "more calls ended than were issued";
  else if (lane.is_closed ? line.found > has.orphaned : line.found != line.open)
    line.problem = counts(lane.is_closed ? has.orphaned : line.open, line.found);
  return line;
}

lane_audit target_end(const journal_reader& rows, const node_identity& self, const in_lane& lane) {
  lane_audit line;
  line.node = self.name;
  line.peer = lane.source_name;
  line.id = lane_id(lane.source, lane.lane);
  line.end = "target";
  line.issued = lane.stored;
  line.executed = lane.executed;
  line.expired = lane.expired;
  line.dead = lane.dead;
  line.dropped = lane.dropped;
  auto ended = lane.executed + lane.expired + lane.dead + lane.dropped;
  line.open = lane.stored - ended;
  line.found = count_open(rows, table_id::inbox, lane.index);
  if (ended > lane.stored)
    line.problem = "more calls ended than were stored";
  else if (line.found != line.open)
    line.problem = counts(line.open, line.found);
  return line;
}

}  // namespace

std::vector<lane_audit> audit_store(const journal_reader& rows) {
  std::vector<lane_audit> lines;
  auto self = read_identity(rows).value_or(node_identity{});
  for (auto& [number, lane] : all_out_lanes(rows))
    lines.push_back(source_end(rows, self, number, lane));
  for (auto& lane : all_in_lanes(rows))
    if (lane.source != self.id)
      lines.push_back(target_end(rows, self, lane));
  return lines;
}

void compare_ends(std::vector<lane_audit>& lines) {
  std::map<std::string, lane_audit*> targets;
  for (auto& line : lines)
    if (line.end == "target")
      targets[line.id] = &line;
  for (auto& line : lines) {
    auto other = line.end == "source" ? targets.find(line.id) : targets.end();
    if (other == targets.end() || !line.problem.empty() || line.orphaned > 0)
      continue;
    auto& at = *other->second;
    if (line.executed > at.executed)
      line.problem = std::to_string(line.executed) + " are counted as executed, but " + at.node
                     + " executed " + std::to_string(at.executed);
    else if (at.issued > line.issued)
      line.problem = at.node + " stored " + std::to_string(at.issued) + ", but only "
                     + std::to_string(line.issued) + " were issued";
  }
}

}  // namespace holdfast
