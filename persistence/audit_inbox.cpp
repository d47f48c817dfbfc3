#include <holdfast/persistence/audit_notes.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/inbox_places.hpp>
#include <holdfast/persistence/ledger_rows.hpp>

#include <algorithm>
#include <map>

namespace holdfast::detail {
namespace {

class inbox_audit {
public:
  inbox_audit(const audited_store& store, audit_notes& notes)
      : rows_(store.rows), name_(store.self.name), notes_(notes) {}

  void run() {
    read_lanes();
    read_ranges();
    rows_.scan(table_id::inbox, {}, {}, [&](row stored) {
      look_at_call(stored);
      return true;
    });
    for (auto table : {table_id::ready, table_id::due, table_id::parked})
      look_at_index(table);
    rows_.scan(table_id::dead, {}, {}, [&](row stored) {
      look_at_dead(stored);
      return true;
    });
    for (auto& [index, lane] : lanes_)
      check_sum(lane);
  }

private:
  struct counted_lane {
    in_lane lane;
    std::uint64_t open = 0;     // in the inbox, told to be open
    std::uint64_t revised = 0;  // in the inbox again after they were told to be dead
    std::uint64_t dead = 0;
  };

  void add(audit_check check, std::uint32_t index, sequence_number sequence, std::string text) {
    auto i = lanes_.find(index);
    notes_.add(check, name_, i == lanes_.end() ? 0 : i->second.lane.lane, sequence,
               std::move(text));
  }

  std::string name_of(std::uint32_t index, sequence_number sequence) const {
    auto i = lanes_.find(index);
    auto from = i == lanes_.end() ? "an unknown lane"
                                  : "lane " + std::to_string(i->second.lane.lane) + " from "
                                        + i->second.lane.source_name;
    return "call " + std::to_string(sequence) + " of " + from;
  }

  void read_lanes() {
    rows_.scan(table_id::in_lanes, {}, {}, [&](row stored) {
      notes_.try_row(name_, 0, 0, [&] {
        auto lane = decode_in_lane(stored.value);
        lanes_[lane.index].lane = std::move(lane);
      });
      return true;
    });
  }

  void read_ranges() {
    rows_.scan(table_id::admitted, {}, {}, [&](row stored) {
      notes_.try_row(name_, 0, 0, [&] { ranges_.push_back(read_admitted(stored)); });
      return true;
    });
  }

  bool is_in_memory(std::uint32_t index, sequence_number sequence) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [&](const admitted_range& range) {
      return range.lane == index && range.first <= sequence && sequence <= range.last;
    });
  }

  void look_at_call(const row& stored) {
    auto [index, sequence] = read_call_key(stored.key);
    auto lane = lanes_.find(index);
    if (lane == lanes_.end()) {
      add(audit_check::stored_sum, index, sequence,
          name_of(index, sequence) + " is in the inbox, whose lane has no row");
      return;
    }
    auto header = header_if_sound(stored.value);
    ++(header && header->is_revised ? lane->second.revised : lane->second.open);
    if (sequence > lane->second.lane.mark)
      add(audit_check::stored_sum, index, sequence,
          name_of(index, sequence) + " is in the inbox but the lane's mark is "
              + std::to_string(lane->second.lane.mark));
    if (rows_.get(table_id::dead, stored.key))
      add(audit_check::one_place, index, sequence,
          name_of(index, sequence) + " is in the inbox and a dead letter as well");
    notes_.try_row(name_, lane->second.lane.lane, sequence, [&] { decode_call(stored.value); });
    if (header)
      check_place(index, sequence, *header);
  }

  void check_place(std::uint32_t index, sequence_number sequence, const call_header& header) {
    auto waits = inbox::detail::find_places(rows_, index, sequence, header).size();
    if (waits > 1)
      add(audit_check::one_place, index, sequence,
          name_of(index, sequence) + " waits in " + std::to_string(waits) + " places");
    if (waits == 0 && !is_in_memory(index, sequence))
      add(audit_check::one_place, index, sequence,
          name_of(index, sequence)
              + " is neither in memory nor ready, due or parked: it would never run");
  }

  /// Each row must lead to a call that leads back to it: two rows for one call show here, whatever their keys.
  void look_at_index(table_id table) {
    rows_.scan(table, {}, {}, [&](row stored) {
      notes_.try_row(name_, 0, 0, [&] {
        auto [index, sequence] = decode_index(stored.value);
        auto record = rows_.get(table_id::inbox, call_key(index, sequence));
        auto header = record ? header_if_sound(*record) : std::nullopt;
        if (record && !header)
          return;  // told of already
        auto places = header ? inbox::detail::find_places(rows_, index, sequence, *header)
                             : std::vector<inbox::detail::waiting_place>{};
        if (std::none_of(places.begin(), places.end(), [&](auto& place) {
              return place.table == table && place.key == stored.key;
            }))
          add(audit_check::index_row, index, sequence,
              "a row of the table " + std::string(table_name(table)) + " leads to "
                  + name_of(index, sequence)
                  + (record ? ", which waits elsewhere" : ", which is not in the inbox"));
      });
      return true;
    });
  }

  void look_at_dead(const row& stored) {
    auto [index, sequence] = read_call_key(stored.key);
    notes_.try_row(name_, 0, sequence, [&] { decode_dead(stored.value); });
    if (auto lane = lanes_.find(index); lane != lanes_.end())
      ++lane->second.dead;
  }

  void check_sum(const counted_lane& counted) {
    auto& lane = counted.lane;
    auto place = "lane " + std::to_string(lane.lane) + " from " + lane.source_name;
    auto sum = lane.executed + lane.expired + lane.dead + lane.dropped + counted.open;
    if (sum != lane.stored)
      add(audit_check::stored_sum, lane.index, 0,
          place + " has stored " + std::to_string(lane.stored) + " calls but accounts for "
              + std::to_string(sum));
    if (counted.dead + counted.revised > lane.dead)
      add(audit_check::stored_sum, lane.index, 0,
          place + " has counted " + std::to_string(lane.dead) + " dead letters but "
              + std::to_string(counted.dead + counted.revised) + " are there");
  }

  const journal_reader& rows_;
  const std::string& name_;
  audit_notes& notes_;
  std::map<std::uint32_t, counted_lane> lanes_;
  std::vector<admitted_range> ranges_;
};

}  // namespace

void audit_inbox(const audited_store& store, audit_notes& notes) {
  inbox_audit(store, notes).run();
}

}  // namespace holdfast::detail
