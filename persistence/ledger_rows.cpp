#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>

namespace holdfast {
namespace {

template <class Write>
std::string sealed(record_kind kind, Write write) {
  std::string record;
  seal_to(record, kind, write);
  return record;
}

void write_uuid(byte_writer& out, const uuid& id) {
  out.raw(id.view());
}

uuid read_uuid(byte_reader& in) {
  uuid id;
  auto bytes = in.raw(id.bytes.size());
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

}  // namespace

std::string encode_out_lane(const out_lane& lane) {
  return sealed(record_kind::out_lane, [&](byte_writer& out) {
    out.str(lane.peer);
    write_uuid(out, lane.peer_id);
    out.boolean(lane.is_closed)
        .u64(lane.next)
        .u64(lane.sent_through)
        .u64(lane.stored_through)
        .u64(lane.tombstones);
    auto& n = lane.counters;
    out.u64(n.issued)
        .u64(n.executed)
        .u64(n.expired)
        .u64(n.dead)
        .u64(n.dropped)
        .u64(n.damaged)
        .u64(n.orphaned);
    out.u32(static_cast<std::uint32_t>(lane.spans.size()));
    for (auto& span : lane.spans)
      out.u64(span.nonce).u64(span.first);
  });
}

out_lane decode_out_lane(std::string_view record) {
  byte_reader in(unseal(record_kind::out_lane, record), "outgoing lane");
  out_lane lane;
  lane.peer = in.str();
  lane.peer_id = read_uuid(in);
  lane.is_closed = in.boolean();
  lane.next = in.u64();
  lane.sent_through = in.u64();
  lane.stored_through = in.u64();
  lane.tombstones = in.u64();
  auto& n = lane.counters;
  for (auto* counter :
       {&n.issued, &n.executed, &n.expired, &n.dead, &n.dropped, &n.damaged, &n.orphaned})
    *counter = in.u64();
  for (auto left = in.u32(); left > 0; --left) {
    lane_span span;
    span.nonce = in.u64();
    span.first = in.u64();
    lane.spans.push_back(span);
  }
  in.done();
  return lane;
}

std::string encode_in_lane(const in_lane& lane) {
  return sealed(record_kind::in_lane, [&](byte_writer& out) {
    out.u32(lane.index);
    write_uuid(out, lane.source);
    out.u32(lane.lane).str(lane.source_name).u64(lane.mark).u64(lane.mark_nonce);
    out.u64(lane.stored).u64(lane.executed).u64(lane.expired).u64(lane.dead).u64(lane.dropped);
  });
}

in_lane decode_in_lane(std::string_view record) {
  byte_reader in(unseal(record_kind::in_lane, record), "incoming lane");
  in_lane lane;
  lane.index = in.u32();
  lane.source = read_uuid(in);
  lane.lane = in.u32();
  lane.source_name = in.str();
  lane.mark = in.u64();
  lane.mark_nonce = in.u64();
  for (auto* counter : {&lane.stored, &lane.executed, &lane.expired, &lane.dead, &lane.dropped})
    *counter = in.u64();
  in.done();
  return lane;
}

std::string in_lane_key(const uuid& source, lane_number lane) {
  std::string key(source.view());
  append_be32(key, lane);
  return key;
}

std::string in_lane_index_key(std::uint32_t index) {
  std::string key = "in_lane/";
  append_be32(key, index);
  return key;
}

std::string encode_peer(const peer_row& peer) {
  return sealed(record_kind::meta, [&](byte_writer& out) {
    out.str(peer.name);
    write_uuid(out, peer.id);
    out.u64(peer.incarnation)
        .u64(peer.nonce)
        .boolean(peer.lane.has_value())
        .u32(peer.lane.value_or(0));
    if (peer.is_foreign)
      out.boolean(true);
  });
}

peer_row decode_peer(std::string_view record) {
  byte_reader in(unseal(record_kind::meta, record), "peer");
  peer_row peer;
  peer.name = in.str();
  peer.id = read_uuid(in);
  peer.incarnation = in.u64();
  peer.nonce = in.u64();
  bool has_lane = in.boolean();
  auto lane = in.u32();
  if (has_lane)
    peer.lane = lane;
  peer.is_foreign = !in.at_end() && in.boolean();
  in.done();
  return peer;
}

std::string peer_key(std::string_view name) {
  return "peer/" + std::string(name);
}

std::string encode_attempts(const attempt_record& attempts) {
  return sealed(record_kind::attempt, [&](byte_writer& out) {
    out.u32(attempts.last_attempt)
        .u16(attempts.failures)
        .u32(attempts.kills)
        .boolean(attempts.is_started_alone);
    out.i64(attempts.due).u32(static_cast<std::uint32_t>(attempts.errors.size()));
    for (auto& failure : attempts.errors)
      out.u32(failure.attempt).i64(failure.wall_ns).str(failure.text);
  });
}

attempt_record decode_attempts(std::string_view record) {
  byte_reader in(unseal(record_kind::attempt, record), "attempts");
  attempt_record attempts;
  attempts.last_attempt = in.u32();
  attempts.failures = in.u16();
  attempts.kills = in.u32();
  attempts.is_started_alone = in.boolean();
  attempts.due = in.i64();
  for (auto left = in.u32(); left > 0; --left) {
    attempt_record::failure failure;
    failure.attempt = in.u32();
    failure.wall_ns = in.i64();
    failure.text = in.str();
    attempts.errors.push_back(std::move(failure));
  }
  in.done();
  return attempts;
}

std::string encode_end(const end_record& end) {
  return sealed(record_kind::ended_call, [&](byte_writer& out) {
    out.u8(static_cast<std::uint8_t>(end.reason)).i64(end.wall_ns).str(end.text);
  });
}

end_record decode_end(std::string_view record) {
  byte_reader in(unseal(record_kind::ended_call, record), "ended call");
  end_record end;
  end.reason = static_cast<errc>(in.u8());
  end.wall_ns = in.i64();
  end.text = in.str();
  in.done();
  return end;
}

std::string encode_index(std::uint32_t lane, sequence_number sequence) {
  return sealed(record_kind::index, [&](byte_writer& out) { out.u32(lane).u64(sequence); });
}

std::pair<std::uint32_t, sequence_number> decode_index(std::string_view record) {
  byte_reader in(unseal(record_kind::index, record), "index");
  auto lane = in.u32();
  auto sequence = in.u64();
  in.done();
  return {lane, sequence};
}

std::string ready_key(std::uint64_t mailbox, std::int8_t priority, std::uint64_t arrival) {
  std::string key;
  append_be64(key, mailbox);
  key += static_cast<char>(127 - priority);  // higher first
  append_be64(key, arrival);
  return key;
}

std::string due_key(node_time due, std::uint64_t arrival) {
  std::string key;
  append_be64(key, static_cast<std::uint64_t>(due));
  append_be64(key, arrival);
  return key;
}

std::string parked_key(std::string_view method, std::uint64_t arrival) {
  std::string key(method);
  key += '\0';
  append_be64(key, arrival);
  return key;
}

std::string encode_user_id(const user_id_row& id) {
  return sealed(record_kind::user_id, [&](byte_writer& out) {
    out.u32(id.lane).u64(id.sequence).u64(id.arguments).i64(id.until);
  });
}

user_id_row decode_user_id(std::string_view record) {
  byte_reader in(unseal(record_kind::user_id, record), "user id");
  user_id_row id;
  id.lane = in.u32();
  id.sequence = in.u64();
  id.arguments = in.u64();
  id.until = in.i64();
  in.done();
  return id;
}

std::string user_id_key(std::string_view peer, std::string_view method, std::string_view id) {
  return std::string(peer).append(1, '\0').append(method).append(1, '\0').append(id);
}

std::string ended_key(bool is_ours, std::uint32_t lane, sequence_number sequence) {
  return (is_ours ? 'o' : 'i') + call_key(lane, sequence);
}

void remember_end(ledger& books, bool is_ours, std::uint32_t lane, sequence_number sequence,
                  errc reason, const std::string& text) {
  end_record end{reason, books.host().wall_ns, bounded_text(text)};
  books.rows().put(table_id::ended, ended_key(is_ours, lane, sequence), encode_end(end));
  expire_at(books, books.now() + limits::ended_retention_ns,
            is_ours ? expiry_of::queued_end : expiry_of::accepted_end, call_key(lane, sequence));
}

std::string encode_dead(const end_record& end, std::string_view record) {
  auto stored = sealed(record_kind::dead_letter, [&](byte_writer& out) {
    out.u8(static_cast<std::uint8_t>(end.reason)).i64(end.wall_ns).str(end.text);
  });
  return stored.append(record);
}

dead_letter decode_dead(std::string_view stored) {
  auto [body, record] = unseal_prefix(record_kind::dead_letter, stored);
  byte_reader in(body, "dead letter");
  dead_letter letter;
  letter.end.reason = static_cast<errc>(in.u8());
  letter.end.wall_ns = in.i64();
  letter.end.text = in.str();
  in.done();
  letter.record = record;
  return letter;
}

void count_end(lane_counters& counters, errc kind) {
  switch (kind) {
  case errc::none: ++counters.executed; break;
  case errc::expired: ++counters.expired; break;
  case errc::dropped: ++counters.dropped; break;
  case errc::damaged:
  case errc::too_large_for_peer: ++counters.damaged; break;
  default: ++counters.dead; break;
  }
}

std::string bounded_text(std::string_view text) {
  auto size = std::min(text.size(), limits::error_text_bytes_max);
  if (size < text.size())
    while (size > 0 && (text[size] & 0xc0) == 0x80)  // inside of a UTF-8 character
      --size;
  return std::string(text.substr(0, size));
}

}  // namespace holdfast
