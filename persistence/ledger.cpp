#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/record.hpp>

#include <set>

namespace holdfast {
namespace {

constexpr std::string_view arrivals_key = "arrivals";

std::uint32_t next_number(const journal_reader& rows, table_id table) {
  auto last = rows.last(table);
  return last ? read_be32(last->key) + 1 : 0;
}

}  // namespace

ledger::ledger(journal_writer& rows, const ledger_host& host) : rows_(rows), host_(host) {}

out_lane& ledger::lane_out(lane_number lane) {
  if (auto i = out_lanes_.find(lane); i != out_lanes_.end())
    return i->second.row;
  auto record = rows_.get(table_id::out_lanes, lane_key(lane));
  if (!record)
    throw error(errc::journal_damaged,
                "lane " + std::to_string(lane)
                    + " has calls but no row; restore the store from a backup");
  loaded<out_lane> known{decode_out_lane(*record), std::string(*record)};
  return out_lanes_.emplace(lane, std::move(known)).first->second.row;
}

peer_row& ledger::peer(const std::string& name) {
  if (auto i = peers_.find(name); i != peers_.end())
    return i->second.row;
  loaded<peer_row> known;
  if (auto record = rows_.get(table_id::meta, peer_key(name)))
    known = {decode_peer(*record), std::string(*record)};
  else
    known.row.name = name;
  return peers_.emplace(name, std::move(known)).first->second.row;
}

lane_number ledger::lane_to(const std::string& name) {
  auto& target = peer(name);
  if (target.lane)
    return *target.lane;
  auto number = next_number(rows_, table_id::out_lanes);
  while (out_lanes_.contains(number))
    ++number;
  out_lane lane;
  lane.peer = name;
  lane.peer_id = target.id;
  out_lanes_.emplace(number, loaded<out_lane>{std::move(lane), {}});
  target.lane = number;
  return number;
}

in_lane& ledger::lane_in(std::uint32_t index) {
  if (auto i = in_lanes_.find(index); i != in_lanes_.end())
    return i->second.row;
  auto known = find_in_lane(rows_, index);
  if (!known)
    throw error(errc::journal_damaged,
                "incoming lane " + std::to_string(index)
                    + " has calls but no row; restore the store from a backup");
  auto stored = encode_in_lane(*known);
  return in_lanes_.emplace(index, loaded<in_lane>{std::move(*known), std::move(stored)})
      .first->second.row;
}

in_lane& ledger::lane_from(const uuid& source, lane_number lane, const std::string& source_name) {
  for (auto& [index, known] : in_lanes_)
    if (known.row.source == source && known.row.lane == lane)
      return known.row;
  if (auto known = find_in_lane(rows_, source, lane)) {
    auto index = known->index;
    auto stored = encode_in_lane(*known);
    return in_lanes_.emplace(index, loaded<in_lane>{std::move(*known), std::move(stored)})
        .first->second.row;
  }
  in_lane fresh;
  fresh.index = static_cast<std::uint32_t>(rows_.count(table_id::in_lanes));
  while (in_lanes_.contains(fresh.index))
    ++fresh.index;
  fresh.source = source;
  fresh.lane = lane;
  fresh.source_name = source_name;
  rows_.put(table_id::meta, in_lane_index_key(fresh.index),
            seal(record_kind::meta, in_lane_key(source, lane)));
  auto index = fresh.index;
  return in_lanes_.emplace(index, loaded<in_lane>{std::move(fresh), {}}).first->second.row;
}

std::vector<lane_number> ledger::lanes_of(const std::string& name) {
  std::set<lane_number> known;
  for (auto& [number, lane] : all_out_lanes(rows_))
    if (lane.peer == name)
      known.insert(number);
  for (auto& [number, lane] : out_lanes_)
    if (lane.row.peer == name)
      known.insert(number);
  return {known.begin(), known.end()};
}

std::uint64_t ledger::next_arrival() {
  if (!arrivals_) {
    auto record = rows_.get(table_id::meta, arrivals_key);
    arrivals_ = record ? byte_reader(unseal(record_kind::counters, *record)).u64() : 1;
  }
  return (*arrivals_)++;
}

bool ledger::try_admit(inbox_entry entry) {
  auto& planned = planned_[entry.mailbox];
  if (host_.window.room_of(entry.mailbox, planned, admitted_.size()) == 0)
    return false;
  ++planned;
  auto extends = !admitted_.empty() && admitted_.back().lane == entry.lane
                 && admitted_.back().sequence + 1 == entry.sequence;
  entry.ticket = extends ? admitted_.back().ticket : next_arrival();
  admitted_.push_back(entry);
  return true;
}

void ledger::leave(const inbox_entry& entry) {
  left_.push_back(entry);
}

void ledger::write_admitted() {
  for (std::size_t i = 0; i < admitted_.size();) {
    auto end = i;
    while (end < admitted_.size() && admitted_[end].ticket == admitted_[i].ticket)
      ++end;
    std::string record;
    seal_to(record, record_kind::admitted, [&](byte_writer& out) {
      out.u32(admitted_[i].lane).u64(admitted_[i].sequence).u64(admitted_[end - 1].sequence);
    });
    rows_.append(table_id::admitted, admitted_key(admitted_[i].ticket), record);
    i = end;
  }
  std::map<std::uint64_t, std::size_t> gone;
  for (auto& entry : left_)
    ++gone[entry.ticket];
  for (auto& [ticket, count] : gone)
    if (host_.window.open_of(ticket) <= count)
      rows_.erase(table_id::admitted, admitted_key(ticket));
}

void ledger::write_outcomes() {
  for (auto& [lane, decided] : outcomes_) {
    for (auto i = decided.begin(); i != decided.end();) {
      auto first = i->first;
      auto last = first;
      auto kind = i->second;
      for (++i; i != decided.end() && i->first == last + 1 && i->second == kind; ++i)
        ++last;
      auto below = rows_.before(table_id::outcomes, call_key(lane, first));
      if (below && read_call_key(below->key).first == lane) {
        auto stored = decode_stored_outcome(below->value);
        if (stored.kind == kind && stored.last + 1 == first)
          first = read_call_key(below->key).second;
      }
      rows_.put(table_id::outcomes, call_key(lane, first), encode_stored_outcome({last, kind}));
    }
  }
}

void ledger::close() {
  write_admitted();
  write_outcomes();
  auto write = [&](table_id table, const std::string& key, const std::string& stored,
                   const std::string& record) {
    if (record != stored)
      rows_.put(table, key, record);
  };
  for (auto& [number, lane] : out_lanes_)
    write(table_id::out_lanes, lane_key(number), lane.stored, encode_out_lane(lane.row));
  for (auto& [index, lane] : in_lanes_)
    write(table_id::in_lanes, in_lane_key(lane.row.source, lane.row.lane), lane.stored,
          encode_in_lane(lane.row));
  for (auto& [name, peer] : peers_)
    write(table_id::meta, peer_key(name), peer.stored, encode_peer(peer.row));
  if (arrivals_) {
    std::string record;
    seal_to(record, record_kind::counters, [&](byte_writer& out) { out.u64(*arrivals_); });
    rows_.put(table_id::meta, arrivals_key, record);
  }
}

std::optional<peer_row> find_peer(const journal_reader& rows, std::string_view name) {
  auto record = rows.get(table_id::meta, peer_key(name));
  return record ? std::optional(decode_peer(*record)) : std::nullopt;
}

std::optional<out_lane> find_out_lane(const journal_reader& rows, lane_number lane) {
  auto record = rows.get(table_id::out_lanes, lane_key(lane));
  return record ? std::optional(decode_out_lane(*record)) : std::nullopt;
}

std::optional<in_lane> find_in_lane(const journal_reader& rows, const uuid& source,
                                    lane_number lane) {
  auto record = rows.get(table_id::in_lanes, in_lane_key(source, lane));
  return record ? std::optional(decode_in_lane(*record)) : std::nullopt;
}

std::optional<in_lane> find_in_lane(const journal_reader& rows, std::uint32_t index) {
  auto key = rows.get(table_id::meta, in_lane_index_key(index));
  auto record = key ? rows.get(table_id::in_lanes, unseal(record_kind::meta, *key)) : std::nullopt;
  return record ? std::optional(decode_in_lane(*record)) : std::nullopt;
}

std::vector<peer_row> all_peers(const journal_reader& rows) {
  std::vector<peer_row> peers;
  rows.scan(table_id::meta, peer_key(""), "peer0", [&](row stored) {  // '0' follows '/'
    peers.push_back(decode_peer(stored.value));
    return true;
  });
  return peers;
}

std::vector<std::pair<lane_number, out_lane>> all_out_lanes(const journal_reader& rows) {
  std::vector<std::pair<lane_number, out_lane>> lanes;
  rows.scan(table_id::out_lanes, {}, {}, [&](row stored) {
    lanes.emplace_back(read_be32(stored.key), decode_out_lane(stored.value));
    return true;
  });
  return lanes;
}

std::vector<in_lane> all_in_lanes(const journal_reader& rows) {
  std::vector<in_lane> lanes;
  rows.scan(table_id::in_lanes, {}, {}, [&](row stored) {
    lanes.push_back(decode_in_lane(stored.value));
    return true;
  });
  return lanes;
}

std::string lane_key(std::uint32_t lane) {
  std::string key;
  append_be32(key, lane);
  return key;
}

std::string call_key(std::uint32_t lane, sequence_number sequence) {
  std::string key;
  append_be32(key, lane);
  append_be64(key, sequence);
  return key;
}

std::pair<std::uint32_t, sequence_number> read_call_key(std::string_view key) {
  return {read_be32(key), read_be64(key, 4)};
}

std::string admitted_key(std::uint64_t ticket) {
  std::string key;
  append_be64(key, ticket);
  return key;
}

admitted_range read_admitted(const row& stored) {
  byte_reader in(unseal(record_kind::admitted, stored.value), "admitted range");
  admitted_range range;
  range.ticket = read_be64(stored.key);
  range.lane = in.u32();
  range.first = in.u64();
  range.last = in.u64();
  in.done();
  return range;
}

std::string encode_stored_outcome(const stored_outcome& outcome) {
  std::string record;
  seal_to(record, record_kind::outcome, [&](byte_writer& out) {
    out.u64(outcome.last).u8(static_cast<std::uint8_t>(outcome.kind));
  });
  return record;
}

stored_outcome decode_stored_outcome(std::string_view record) {
  byte_reader in(unseal(record_kind::outcome, record), "outcome");
  stored_outcome outcome;
  outcome.last = in.u64();
  outcome.kind = static_cast<errc>(in.u8());
  in.done();
  return outcome;
}

}  // namespace holdfast
