#include <holdfast/persistence/audit_notes.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger_rows.hpp>

#include <algorithm>
#include <iterator>
#include <limits>

namespace holdfast::detail {
namespace {

/// Ends that the target decided and the source has not heard of, per counter.
lane_counters unsettled(const audited_store& source, lane_number number,
                        const std::vector<outcome_range>& decided) {
  lane_counters counters;
  for (auto& range : decided)
    source.rows.scan(table_id::outbox, call_key(number, range.first),
                     call_key(number, range.last + 1), [&](row stored) {
                       if (!is_tombstone(stored.value))
                         count_end(counters, range.kind);
                       return true;
                     });
  return counters;
}

bool is_decided(const std::vector<outcome_range>& decided, sequence_number sequence) {
  auto above = std::upper_bound(
      decided.begin(), decided.end(), sequence,
      [](sequence_number s, const outcome_range& range) { return s < range.first; });
  return above != decided.begin() && sequence <= std::prev(above)->last;
}

void compare_marks(const std::string& node, lane_number number, const out_lane& lane,
                   sequence_number mark, audit_notes& notes) {
  auto place = "lane " + std::to_string(number) + " to " + lane.peer + ": ";
  if (mark < lane.stored_through)
    notes.add(audit_check::marks_meet, node, number, 0,
              place + "the source was told that calls up to " + std::to_string(lane.stored_through)
                  + " are stored, the target's mark is " + std::to_string(mark));
  if (mark > lane.sent_through)
    notes.add(audit_check::marks_meet, node, number, 0,
              place + "the target's mark is " + std::to_string(mark) + " but nothing above "
                  + std::to_string(lane.sent_through) + " was sent");
}

void compare_counters(const std::string& node, lane_number number, const out_lane& lane,
                      const in_lane& end, const lane_counters& on_the_way, audit_notes& notes) {
  auto& n = lane.counters;
  auto compare = [&](const char* what, std::uint64_t at_source, std::uint64_t at_target,
                     bool is_decided_there_alone) {
    if (is_decided_there_alone ? at_source != at_target : at_source < at_target)
      notes.add(audit_check::ends_meet, node, number, 0,
                "lane " + std::to_string(number) + " to " + lane.peer + ": the source counts "
                    + std::to_string(at_source) + " calls " + what + ", those on their way to it"
                    + " included, and the target " + std::to_string(at_target));
  };
  compare("executed", n.executed + on_the_way.executed, end.executed, true);
  // The source decides some of these itself.
  compare("expired", n.expired + on_the_way.expired, end.expired, false);
  compare("dropped", n.dropped + on_the_way.dropped, end.dropped, false);
  compare("dead", n.dead + n.damaged + on_the_way.dead + on_the_way.damaged, end.dead, false);
}

/// Calls that left the source's hands are at the target.
void follow_sent(const audited_store& source, const audited_store& target, lane_number number,
                 const out_lane& lane, const in_lane& end,
                 const std::vector<outcome_range>& decided, audit_notes& notes) {
  source.rows.scan(
      table_id::outbox, lane_key(number), call_key(number, end.mark + 1), [&](row stored) {
        auto sequence = read_call_key(stored.key).second;
        if (!is_tombstone(stored.value)
            && !target.rows.get(table_id::inbox, call_key(end.index, sequence))
            && !is_decided(decided, sequence))
          notes.add(audit_check::call_known, source.self.name, number, sequence,
                    name_of_call(sequence, number, lane.peer)
                        + " waits for its outcome, but the target neither has it nor knows how it "
                          "ended");
        return true;
      });
}

/// Calls at the target are still the source's to know.
void follow_stored(const audited_store& source, const audited_store& target, lane_number number,
                   const out_lane& lane, const in_lane& end, audit_notes& notes) {
  target.rows.scan(table_id::inbox, lane_key(end.index), lane_key(end.index + 1), [&](row stored) {
    auto sequence = read_call_key(stored.key).second;
    auto header = header_if_sound(stored.value);
    if (header && header->is_revised)
      return true;
    auto record = source.rows.get(table_id::outbox, call_key(number, sequence));
    if (!record || is_tombstone(*record))
      notes.add(audit_check::call_known, target.self.name, number, sequence,
                name_of_call(sequence, number, lane.peer)
                    + " is about to run there, but its source has counted it as ended");
    return true;
  });
}

}  // namespace

void compare_ends(const audited_store& source, const audited_store& target, lane_number number,
                  const out_lane& lane, audit_notes& notes) {
  if (lane.is_closed)
    return;  // given up as diverged: there is nothing that could fit
  auto& name = source.self.name;
  bool is_read = false;
  std::optional<in_lane> end;
  std::vector<outcome_range> decided;
  notes.try_row(target.self.name, number, 0, [&] {
    end = find_in_lane(target.rows, source.self.id, number);
    if (end)
      decided = inbox::outcomes(target.rows, end->index, std::numeric_limits<std::size_t>::max());
    is_read = true;
  });
  if (!is_read)
    return;  // a damaged row of the target says nothing about the source
  notes.try_row(name, number, 0, [&] {
    compare_marks(name, number, lane, end ? end->mark : 0, notes);
    if (!end)
      return;
    compare_counters(name, number, lane, *end, unsettled(source, number, decided), notes);
    follow_sent(source, target, number, lane, *end, decided, notes);
    follow_stored(source, target, number, lane, *end, notes);
  });
}

}  // namespace holdfast::detail
