#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/audit_notes.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/ledger_rows.hpp>

#include <array>
#include <map>
#include <ranges>

namespace holdfast {
namespace detail {
namespace {

struct counted_rows {
  std::uint64_t calls = 0;
  std::uint64_t tombstones = 0;
};

counted_rows count_rows(const audited_store& store, lane_number number, const out_lane& lane,
                        audit_notes& notes) {
  counted_rows found;
  auto& name = store.self.name;
  store.rows.scan(table_id::outbox, lane_key(number), lane_key(number + 1), [&](row stored) {
    auto sequence = read_call_key(stored.key).second;
    notes.try_row(name, number, sequence, [&] {
      if (!tombstone_reason(stored.value))
        decode_call(stored.value);
    });
    ++(is_tombstone(stored.value) ? found.tombstones : found.calls);
    if (sequence >= lane.next)
      notes.add(audit_check::open_rows, name, number, sequence,
                name_of_call(sequence, number, lane.peer) + " is in the outbox but only "
                    + std::to_string(lane.next - 1) + " were issued");
    return true;
  });
  return found;
}

/// Calls to oneself have no row in the outbox: they are open in the inbox.
std::uint64_t count_own(const audited_store& store) {
  std::uint64_t calls = 0;
  store.rows.scan(table_id::inbox, lane_key(0), lane_key(1), [&](row stored) {
    auto header = header_if_sound(stored.value);
    calls += header && header->is_revised ? 0 : 1;
    return true;
  });
  return calls;
}

void check_sum(const audited_store& store, lane_number number, const out_lane& lane,
               std::uint64_t rows, audit_notes& notes) {
  auto& n = lane.counters;
  auto& name = store.self.name;
  auto place = "lane " + std::to_string(number) + " to " + lane.peer;
  auto ended = n.executed + n.expired + n.dead + n.dropped + n.damaged + n.orphaned;
  if (n.issued + 1 != lane.next)
    notes.add(audit_check::lane_sum, name, number, 0,
              place + " has counted " + std::to_string(n.issued) + " calls issued but numbered "
                  + std::to_string(lane.next - 1));
  if (ended > n.issued) {
    notes.add(audit_check::lane_sum, name, number, 0,
              place + " has counted " + std::to_string(ended) + " ends of "
                  + std::to_string(n.issued) + " calls");
    return;
  }
  bool fits = lane.is_closed ? n.open() == 0 && rows <= n.orphaned : rows == n.open();
  if (!fits)
    notes.add(audit_check::open_rows, name, number, 0,
              place + " has " + std::to_string(lane.is_closed ? n.orphaned : n.open())
                  + (lane.is_closed ? " calls orphaned" : " calls open") + " by its counters but "
                  + std::to_string(rows) + " in rows");
}

}  // namespace

std::string name_of_call(sequence_number sequence, lane_number lane, const std::string& peer) {
  return "call " + std::to_string(sequence) + " of lane " + std::to_string(lane) + " to " + peer;
}

void audit_outbox(const audited_store& store, audit_notes& notes) {
  auto& name = store.self.name;
  std::uint64_t counted = 0;
  store.rows.scan(table_id::out_lanes, {}, {}, [&](row stored) {
    auto number = read_be32(stored.key);
    notes.try_row(name, number, 0, [&] {
      auto lane = decode_out_lane(stored.value);
      auto found = count_rows(store, number, lane, notes);
      counted += found.calls + found.tombstones;
      auto rows = number == loopback_lane ? count_own(store) : found.calls;
      check_sum(store, number, lane, rows, notes);
      if (found.tombstones != lane.tombstones)
        notes.add(audit_check::tombstone_rows, name, number, 0,
                  "lane " + std::to_string(number) + " to " + lane.peer + " counts "
                      + std::to_string(lane.tombstones) + " tombstones but has "
                      + std::to_string(found.tombstones));
      notes.report().lanes.push_back(
          {name, lane.peer, number, lane.is_closed, lane.counters, rows, false});
    });
    return true;
  });
  if (counted != store.rows.count(table_id::outbox))
    notes.add(audit_check::open_rows, name, 0, 0,
              "the outbox has " + std::to_string(store.rows.count(table_id::outbox) - counted)
                  + " rows of lanes that cannot be read or do not exist");
}

}  // namespace detail

std::string_view to_string(audit_check check) {
  constexpr std::array names{"store_identity", "row_sound",  "lane_sum",  "open_rows",
                             "tombstone_rows", "stored_sum", "one_place", "index_row",
                             "marks_meet",     "ends_meet",  "call_known"};
  auto i = static_cast<std::size_t>(check);
  return i < names.size() ? names[i] : "unknown";
}

audit_report audit(std::span<const journal_reader* const> stores) {
  audit_report report;
  detail::audit_notes notes(report);
  std::vector<detail::audited_store> known;
  for (auto* rows : stores)
    notes.try_row("a store", 0, 0, [&] {
      if (auto self = read_identity(*rows))
        known.push_back({*rows, *self});
      else
        notes.add(audit_check::store_identity, "a store", 0, 0,
                  "a store has no identity: no node was ever started on it");
    });
  for (auto& store : known) {
    detail::audit_outbox(store, notes);
    detail::audit_inbox(store, notes);
  }
  std::multimap<std::string_view, const detail::audited_store*> named;
  for (auto& store : known)
    named.emplace(store.self.name, &store);
  auto stores_of = [&](const std::string& name) {
    auto [first, last] = named.equal_range(name);
    return std::ranges::subrange(first, last) | std::views::values;
  };
  for (auto& listed : report.lanes)
    for (auto* source : stores_of(listed.source))
      for (auto* target : stores_of(listed.target)) {
        if (listed.lane == loopback_lane)
          continue;
        auto lane = find_out_lane(source->rows, listed.lane);  // it was read before
        if (!lane->peer_id.is_nil() && lane->peer_id != target->self.id)
          continue;
        listed.has_target = true;
        detail::compare_ends(*source, *target, listed.lane, *lane, notes);
      }
  return report;
}

}  // namespace holdfast
