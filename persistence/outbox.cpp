#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/outbox.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>

namespace holdfast::outbox {
namespace {

node_time moment_of(node_time left, node_time now) {
  return left == 0 ? 0 : now + left;
}

/// A deadline as it travels: what is left of it, never 0, which stands for none.
node_time left_of(node_time at, node_time now) {
  return at == 0 ? 0 : at > now ? at - now : -1;
}

/// The answer to a user id that is known already, if it is.
std::optional<queue_result> find_duplicate(ledger& books, const std::string& key,
                                           std::string_view payload) {
  auto record = books.rows().get(table_id::ids, key);
  if (!record)
    return std::nullopt;
  auto known = decode_user_id(*record);
  queue_result result;
  result.id = {origin_of(books.self().id), known.lane, known.sequence};
  if (known.arguments == checksum64(payload))
    result.is_duplicate = true;
  else
    result.refused = errc::id_conflict;
  return result;
}

sequence_number issue(ledger& books, out_lane& lane) {
  auto sequence = lane.next++;
  ++lane.counters.issued;
  if (lane.spans.empty() || lane.spans.back().nonce != books.self().nonce)
    lane.spans.push_back({books.self().nonce, sequence});
  return sequence;
}

const lane_span* span_of(const out_lane& lane, sequence_number sequence) {
  auto above =
      std::upper_bound(lane.spans.begin(), lane.spans.end(), sequence,
                       [](sequence_number s, const lane_span& span) { return s < span.first; });
  return above == lane.spans.begin() ? nullptr : &*std::prev(above);
}

/// The record as it travels, or why it cannot.
errc prepare(std::string_view record, std::size_t bytes_max, node_time now, std::string& out) try {
  if (tombstone_reason(record)) {
    out = record;
    return errc::none;
  }
  auto call = decode_call(record);
  if (call.header.expires_at || call.header.not_before) {
    call.header.expires_at = left_of(call.header.expires_at, now);
    call.header.not_before = call.header.not_before > now ? call.header.not_before - now : 0;
    out = encode_call(call);
  } else {
    out = record;
  }
  return out.size() > bytes_max ? errc::too_large_for_peer : errc::none;
} catch (const error&) {
  return errc::damaged;
}

template <class Visit>
std::size_t visit_orphans(ledger& books, const std::string& peer, std::size_t limit, Visit visit) {
  std::vector<std::pair<lane_number, sequence_number>> found;
  for (auto& [number, lane] : all_out_lanes(books.rows())) {
    if (!lane.is_closed || lane.peer != peer)
      continue;
    books.rows().scan(table_id::outbox, lane_key(number), lane_key(number + 1), [&](row stored) {
      found.push_back(read_call_key(stored.key));
      return found.size() < limit;
    });
    if (found.size() >= limit)
      break;
  }
  std::size_t calls = 0;
  for (auto& [lane, sequence] : found) {
    std::string record(*books.rows().get(table_id::outbox, call_key(lane, sequence)));
    books.rows().erase(table_id::outbox, call_key(lane, sequence));
    if (tombstone_reason(record))
      continue;
    auto call = decode_call(record);
    if (call.header.expires_at)
      forget_expiry(books, call.header.expires_at, expiry_of::queued_call,
                    call_key(lane, sequence));
    release_user_id(books, peer, call.header, errc::orphaned);
    visit(call, call_id{origin_of(books.self().id), lane, sequence});
    ++calls;
  }
  return calls;
}

}  // namespace

queue_result queue(ledger& books, const queue_request& request) {
  auto& asked = request.header;
  auto id_key = asked.user_id.empty() ? std::string()
                                      : user_id_key(request.peer, asked.method, asked.user_id);
  if (!id_key.empty())
    if (auto known = find_duplicate(books, id_key, request.payload))
      return *known;
  auto number = books.lane_to(request.peer);
  auto& lane = books.lane_out(number);
  auto sequence = issue(books, lane);
  if (!id_key.empty())
    books.rows().put(table_id::ids, id_key,
                     encode_user_id({number, sequence, checksum64(request.payload), 0}));
  auto header = asked;
  header.expires_at = moment_of(asked.expires_at, books.now());
  header.not_before = moment_of(asked.not_before, books.now());
  queue_result result;
  result.id = {origin_of(books.self().id), number, sequence};
  if (number == loopback_lane) {
    inbox::accept_own(books, std::move(header), request.payload, sequence);
    return result;
  }
  auto key = call_key(number, sequence);
  books.rows().append(table_id::outbox, key, encode_call(header, request.payload));
  if (header.expires_at)
    expire_at(books, header.expires_at, expiry_of::queued_call, key);
  if (sequence > lane.sent_through && books.host().is_up(request.peer))
    lane.sent_through = sequence + sent_through_stride;
  books.note_grown(number, sequence);
  return result;
}

void raise_sent_through(ledger& books, lane_number number, sequence_number through) {
  auto& lane = books.lane_out(number);
  lane.sent_through = std::max(lane.sent_through, through);
}

void lower_sent_through(ledger& books, lane_number number, sequence_number transmitted) {
  auto& lane = books.lane_out(number);
  lane.sent_through = std::min(lane.sent_through, std::max(transmitted, lane.stored_through));
}

transfer_batch read_batch(const journal_reader& rows, lane_number number, sequence_number first,
                          std::size_t bytes_max, std::size_t calls_max,
                          std::size_t peer_record_bytes_max, node_time now) {
  transfer_batch batch;
  batch.lane = number;
  batch.first = first;
  auto lane = find_out_lane(rows, number);
  auto* span = lane && !lane->is_closed ? span_of(*lane, first) : nullptr;
  if (!span || first > std::min(lane->sent_through, lane->next - 1))
    return batch;
  batch.nonce = span->nonce;
  auto end = std::min(lane->sent_through + 1, lane->next);
  if (span != &lane->spans.back())
    end = std::min(end, (span + 1)->first);
  rows.scan(table_id::outbox, call_key(number, first), call_key(number, end), [&](row stored) {
    auto expected = batch.first + batch.records.size();
    if (read_call_key(stored.key).second != expected) {
      batch.blocked = errc::damaged;  // a row that must be there is gone
      return false;
    }
    std::string record;
    batch.blocked = prepare(stored.value, peer_record_bytes_max, now, record);
    bool fits = batch.records.empty() || batch.bytes + record.size() <= bytes_max;
    if (batch.blocked != errc::none || !fits)
      return false;
    batch.bytes += record.size();
    batch.records.push_back(std::move(record));
    return batch.records.size() < calls_max;
  });
  return batch;
}

void stored(ledger& books, lane_number number, sequence_number through) {
  auto& lane = books.lane_out(number);
  if (through <= lane.stored_through)
    return;
  if (lane.tombstones > 0) {
    std::vector<std::string> done;
    books.rows().scan(table_id::outbox, call_key(number, lane.stored_through + 1),
                      call_key(number, through + 1), [&](row stored) {
                        if (tombstone_reason(stored.value))
                          done.emplace_back(stored.key);
                        return true;
                      });
    for (auto& key : done)
      books.rows().erase(table_id::outbox, key);
    lane.tombstones -= done.size();
  }
  lane.stored_through = through;
  while (lane.spans.size() > 1 && lane.spans[1].first <= through)
    lane.spans.erase(lane.spans.begin());
}

void settle(ledger& books, lane_number number, std::span<const outcome_range> outcomes) {
  auto& lane = books.lane_out(number);
  for (auto& range : outcomes) {
    for (auto sequence = range.first; sequence <= range.last && sequence < lane.next; ++sequence) {
      auto key = call_key(number, sequence);
      auto record = books.rows().get(table_id::outbox, key);
      if (!record || tombstone_reason(*record))
        continue;  // replayed after a reconnect: it was settled before
      if (has_user_id(*record))
        release_user_id(books, lane.peer, decode_call_header(*record), range.kind);
      books.rows().erase(table_id::outbox, key);
      if (!lane.is_closed)
        count_end(lane.counters, range.kind);
      if (range.kind != errc::none)
        remember_end(books, true, number, sequence, range.kind, "as " + lane.peer + " says");
    }
  }
}

void entomb(ledger& books, lane_number number, sequence_number sequence, errc reason,
            const std::string& text) {
  auto& lane = books.lane_out(number);
  auto key = call_key(number, sequence);
  std::optional<call_header> header;
  try {
    if (auto record = books.rows().get(table_id::outbox, key))
      header = decode_call_header(*record);
  } catch (const error&) {
    // Damaged beyond reading: its sequence and its count are all that is left of it.
  }
  books.rows().put(table_id::outbox, key, encode_tombstone(reason));
  ++lane.tombstones;
  count_end(lane.counters, reason);
  remember_end(books, true, number, sequence, reason, text);
  books.note_grown(number, sequence);
  if (!header)
    return;
  if (header->expires_at)
    forget_expiry(books, header->expires_at, expiry_of::queued_call, key);
  release_user_id(books, lane.peer, *header, reason);
  queue_completion(books, books.self().name, *header,
                   {reason, false, {origin_of(books.self().id), number, sequence}, text, {}});
}

bool give_up(ledger& books, lane_number number, sequence_number sequence, errc reason,
             const std::string& text) {
  auto record = books.rows().get(table_id::outbox, call_key(number, sequence));
  if (!record || tombstone_reason(*record) || sequence <= books.lane_out(number).sent_through)
    return false;
  entomb(books, number, sequence, reason, text);
  return true;
}

std::optional<std::string> check_mark(const out_lane& lane, lane_number number,
                                      sequence_number mark, std::uint64_t mark_nonce) {
  auto place = "lane " + std::to_string(number) + " to " + lane.peer + ": ";
  if (mark < lane.stored_through)
    return place + lane.peer + " remembers calls up to " + std::to_string(mark)
           + " but had confirmed " + std::to_string(lane.stored_through)
           + ", so its store is an older copy";
  if (mark >= lane.next)
    return place + lane.peer + " has calls up to " + std::to_string(mark) + " but only "
           + std::to_string(lane.next - 1) + " were issued, so the store here is an older copy";
  auto* span = mark == 0 ? nullptr : span_of(lane, mark);
  if (mark != 0 && (!span || span->nonce != mark_nonce))
    return place + "call " + std::to_string(mark) + " at " + lane.peer
           + " was issued by another life of this node, so two copies of one store have been "
             "running";
  return std::nullopt;
}

std::uint64_t accept_new_history(ledger& books, const std::string& name) {
  auto& peer = books.peer(name);
  std::uint64_t orphaned = 0;
  if (peer.lane) {
    auto& lane = books.lane_out(*peer.lane);
    orphaned = lane.counters.open();
    lane.counters.orphaned += orphaned;
    lane.is_closed = true;
  }
  peer = peer_row{name, {}, 0, 0, {}};
  return orphaned;
}

void queue_completion(ledger& books, const std::string& to, const call_header& call,
                      outcome_record outcome) {
  if (!call.completion)
    return;
  outcome.is_revised = call.is_revised;
  queue_request request;
  request.peer = to;
  request.header.method = call.completion->method;
  request.header.fingerprint = call.completion->fingerprint;
  request.header.payload = payload_kind::completion;
  request.header.priority = call.priority;
  request.header.queued_wall_ns = books.host().wall_ns;
  request.header.trace = call.trace;
  request.header.origin = call.origin;
  request.payload = encode_outcome(outcome, call.completion->bound);
  queue(books, request);
}

void release_user_id(ledger& books, const std::string& peer, const call_header& call, errc kind) {
  if (call.user_id.empty())
    return;
  auto key = user_id_key(peer, call.method, call.user_id);
  auto record = books.rows().get(table_id::ids, key);
  if (!record)
    return;
  if (kind != errc::none) {
    books.rows().erase(table_id::ids, key);
    return;
  }
  auto id = decode_user_id(*record);
  id.until = books.now() + limits::id_retention_ns;
  books.rows().put(table_id::ids, key, encode_user_id(id));
  expire_at(books, id.until, expiry_of::user_id, key);
}

std::size_t requeue_orphans(ledger& books, const std::string& peer, std::size_t limit) {
  return visit_orphans(books, peer, limit, [&](const call_view& call, call_id) {
    queue_request request{peer, call.header, std::string(call.payload)};
    request.header.expires_at = left_of(call.header.expires_at, books.now());
    request.header.not_before = std::max<node_time>(0, call.header.not_before - books.now());
    queue(books, request);
  });
}

std::size_t drop_orphans(ledger& books, const std::string& peer, std::size_t limit) {
  return visit_orphans(books, peer, limit, [&](const call_view& call, call_id id) {
    queue_completion(books, books.self().name, call.header,
                     {errc::dropped, false, id, "dropped by the operator", {}});
  });
}

}  // namespace holdfast::outbox
