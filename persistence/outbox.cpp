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
  return left == 0 ? 0 : moment_after(now, left);
}

/// A deadline as it travels: what is left of it, never 0, which stands for none.
node_time left_of(node_time at, node_time now) {
  return at == 0 ? 0 : at > now ? at - now : -1;
}

/// Whether a user id still stands for its call. One whose call was damaged beyond reading could not be released.
bool is_live(ledger& books, const user_id_row& id) {
  if (id.until != 0)
    return id.until > books.now();
  if (id.lane == loopback_lane)  // as an incoming lane it has the index 0
    return books.rows().get(table_id::inbox, call_key(0, id.sequence)).has_value();
  auto record = books.rows().get(table_id::outbox, call_key(id.lane, id.sequence));
  return record && !is_tombstone(*record);
}

/// The answer to a user id that is known already, if it is.
std::optional<queue_result> find_duplicate(ledger& books, const std::string& key,
                                           std::string_view payload) {
  auto record = books.rows().get(table_id::ids, key);
  if (!record)
    return std::nullopt;
  auto known = decode_user_id(*record);
  if (!is_live(books, known))
    return std::nullopt;
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
  auto call = decode_call(record);  // its checksums too: damage does not travel (J3)
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

/// The orphaned calls to `peer`, in order, at most `limit`; tombstones on the way are of no use any more.
std::vector<call_id> take_orphans(ledger& books, const std::string& peer, std::size_t limit) {
  std::vector<call_id> calls;
  for (auto number : books.lanes_of(peer)) {
    auto& lane = books.lane_out(number);
    if (!lane.is_closed || calls.size() >= limit)
      continue;
    std::vector<std::string> useless;
    books.rows().scan(table_id::outbox, lane_key(number), lane_key(number + 1), [&](row stored) {
      if (is_tombstone(stored.value))
        useless.emplace_back(stored.key);
      else
        calls.push_back({origin_of(books.self().id), number, read_call_key(stored.key).second});
      return calls.size() < limit;
    });
    for (auto& key : useless)
      books.rows().erase(table_id::outbox, key);
    lane.tombstones -= useless.size();
  }
  return calls;
}

/// Takes orphans out of the outbox and shows each to `visit`, which says what became of it.
template <class Visit>
std::size_t visit_orphans(ledger& books, const std::string& peer, std::size_t limit, Visit visit) {
  auto calls = take_orphans(books, peer, limit);
  for (auto& id : calls) {
    auto key = call_key(id.lane, id.sequence);
    std::string record(*books.rows().get(table_id::outbox, key));
    books.rows().erase(table_id::outbox, key);
    auto header = header_if_sound(record);
    if (header && header->expires_at)
      forget_expiry(books, header->expires_at, expiry_of::queued_call, key);
    if (header)
      release_user_id(books, peer, *header, errc::orphaned);
    try {
      visit(decode_call(record), id);
    } catch (const error& problem) {
      if (problem.code() != errc::damaged)
        throw;
      remember_end(books, true, id.lane, id.sequence, errc::damaged, problem.what());
      if (header)
        queue_completion(books, books.self().name, *header,
                         {errc::damaged, false, id, problem.what(), {}});
    }
  }
  return calls.size();
}

/// The rows beside a call that goes with its outcome.
void settle_header(ledger& books, const out_lane& lane, const call_id& id,
                   const call_header& header, errc kind) {
  if (header.expires_at)
    forget_expiry(books, header.expires_at, expiry_of::queued_call, call_key(id.lane, id.sequence));
  release_user_id(books, lane.peer, header, kind);
  if (kind == errc::damaged)
    queue_completion(books, books.self().name, header,
                     {kind, false, id, "its record was damaged at " + lane.peer, {}});
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
  auto lowered = std::min(lane.sent_through, std::max(transmitted, lane.stored_through));
  if (lowered == lane.sent_through)
    return;
  std::vector<std::pair<node_time, std::string>> deadlines;
  auto end = std::min(lane.sent_through + 1, lane.next);
  books.rows().scan(table_id::outbox, call_key(number, lowered + 1), call_key(number, end),
                    [&](row stored) {
                      if (auto header = header_if_sound(stored.value); header && header->expires_at)
                        deadlines.emplace_back(header->expires_at, stored.key);
                      return true;
                    });
  for (auto& [at, key] : deadlines)
    expire_at(books, at, expiry_of::queued_call, key);
  lane.sent_through = lowered;
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
  if (batch.records.empty() && batch.blocked == errc::none)
    batch.blocked = errc::damaged;  // likewise, and nothing behind it
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
                        if (is_tombstone(stored.value))
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
    auto last = std::min({range.last, lane.sent_through, lane.next - 1});
    if (range.first > last)
      continue;
    // What is not there was settled before: outcomes are replayed after a reconnect.
    std::vector<std::pair<sequence_number, std::optional<call_header>>> calls;
    books.rows().scan(table_id::outbox, call_key(number, range.first), call_key(number, last + 1),
                      [&](row stored) {
                        if (is_tombstone(stored.value))
                          return true;
                        bool is_asked =
                            has_id_or_deadline(stored.value) || range.kind == errc::damaged;
                        calls.emplace_back(read_call_key(stored.key).second,
                                           is_asked ? header_if_sound(stored.value) : std::nullopt);
                        return true;
                      });
    for (auto& [sequence, header] : calls) {
      books.rows().erase(table_id::outbox, call_key(number, sequence));
      if (!lane.is_closed)
        count_end(lane.counters, range.kind);
      if (range.kind != errc::none)
        remember_end(books, true, number, sequence, range.kind, "as " + lane.peer + " says");
      if (header)
        settle_header(books, lane, {origin_of(books.self().id), number, sequence}, *header,
                      range.kind);
    }
  }
}

bool settle_here(ledger& books, lane_number number, sequence_number sequence,
                 const outcome_record& outcome) {
  auto& lane = books.lane_out(number);
  auto key = call_key(number, sequence);
  auto record = books.rows().get(table_id::outbox, key);
  if (!record || is_tombstone(*record) || sequence > lane.sent_through)
    return false;
  auto header = header_if_sound(*record);
  books.rows().erase(table_id::outbox, key);
  if (!lane.is_closed)
    count_end(lane.counters, outcome.ended);
  if (outcome.ended != errc::none)
    remember_end(books, true, number, sequence, outcome.ended, outcome.error);
  if (header) {
    if (header->expires_at)
      forget_expiry(books, header->expires_at, expiry_of::queued_call, key);
    release_user_id(books, lane.peer, *header, outcome.ended);
    queue_completion(books, books.self().name, *header, outcome);
  }
  auto through = std::min(lane.sent_through, lane.next - 1);
  books.rows().scan(table_id::outbox, call_key(number, lane.stored_through + 1),
                    call_key(number, through + 1), [&](row open) {
                      if (is_tombstone(open.value))
                        return true;
                      through = read_call_key(open.key).second - 1;
                      return false;
                    });
  stored(books, number, through);
  return true;
}

void entomb(ledger& books, lane_number number, sequence_number sequence, errc reason,
            const std::string& text) {
  auto& lane = books.lane_out(number);
  auto key = call_key(number, sequence);
  auto record = books.rows().get(table_id::outbox, key);
  bool was_tombstone = record && is_tombstone(*record);
  auto header = record && !was_tombstone ? header_if_sound(*record) : std::nullopt;
  books.rows().put(table_id::outbox, key, encode_tombstone(reason));
  if (was_tombstone)
    return;
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
  if (!record || is_tombstone(*record))
    return false;
  if (auto& lane = books.lane_out(number); lane.is_closed || sequence <= lane.sent_through)
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
  if (mark > lane.sent_through)
    return place + lane.peer + " has calls up to " + std::to_string(mark) + " but none above "
           + std::to_string(lane.sent_through) + " was sent, so the store here is an older copy";
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
  return visit_orphans(books, peer, limit, [&](const call_view& call, const call_id& id) {
    queue_request request{peer, call.header, std::string(call.payload)};
    request.header.expires_at = left_of(call.header.expires_at, books.now());
    request.header.not_before = std::max<node_time>(0, call.header.not_before - books.now());
    auto again = queue(books, request);
    remember_end(books, true, id.lane, id.sequence, errc::orphaned,
                 "queued again as " + again.id.to_text());
  });
}

std::size_t drop_orphans(ledger& books, const std::string& peer, std::size_t limit) {
  return visit_orphans(books, peer, limit, [&](const call_view& call, const call_id& id) {
    remember_end(books, true, id.lane, id.sequence, errc::dropped, "dropped by the operator");
    queue_completion(books, books.self().name, call.header,
                     {errc::dropped, false, id, "dropped by the operator", {}});
  });
}

}  // namespace holdfast::outbox
