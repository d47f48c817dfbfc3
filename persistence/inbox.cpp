#include <holdfast/core/invariant.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/foreign.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/inbox_places.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>

namespace holdfast::inbox {

using namespace detail;

namespace {

/// The call's fate is decided here, once: counters, the outcome for its source, its completion.
void decide(ledger& books, in_lane& from, sequence_number sequence, const call_header& header,
            errc kind, const std::string& text, const std::string& value) {
  bool is_own = from.lane == loopback_lane && from.source == books.self().id;
  if (!header.is_revised) {
    auto& counter = kind == errc::none      ? from.executed
                    : kind == errc::expired ? from.expired
                    : kind == errc::dropped ? from.dropped
                                            : from.dead;
    ++counter;
    if (is_own) {
      count_end(books.lane_out(loopback_lane).counters, kind);
      outbox::release_user_id(books, books.self().name, header, kind);
    } else if (!foreign::is_source(from.source)) {
      books.note_outcome(from.index, sequence, kind);
    }
  }
  if (kind == errc::damaged && !is_own && !header.is_revised && !foreign::is_source(from.source))
    return;  // its source has a copy that may be sound, and tells the completion
  call_id id{origin_of(from.source), from.lane, sequence};
  outbox::queue_completion(books, from.source_name, header,
                           {kind, false, id, bounded_text(text), value});
}

void store(ledger& books, in_lane& from, sequence_number sequence, call_view call) {
  auto& header = call.header;
  ++from.stored;
  if (header.expires_at != 0 && header.expires_at <= books.now()) {
    remember_end(books, false, from.index, sequence, errc::expired, "its time ran out on the way");
    decide(books, from, sequence, header, errc::expired, "its time ran out on the way", {});
    return;
  }
  header.arrival = books.next_arrival();
  auto key = call_key(from.index, sequence);
  books.rows().append(table_id::inbox, key, encode_call(call));
  if (header.expires_at)
    expire_at(books, header.expires_at, expiry_of::accepted_call, key);
  if (header.not_before > books.now())
    books.rows().put(table_id::due, due_key(header.not_before, header.arrival),
                     encode_index(from.index, sequence));
  else
    place(books, from.index, sequence, header);
}

void note_failure(ledger& books, attempt_record& attempts, std::uint32_t attempt,
                  const std::string& text) {
  attempts.errors.push_back({attempt, books.host().wall_ns, bounded_text(text)});
  if (attempts.errors.size() > limits::attempts_kept_max)
    attempts.errors.erase(attempts.errors.begin());
}

/// What is kept of an admitted call that becomes a dead letter: that this attempt may have run, and how it failed.
void keep_last_attempt(ledger& books, const inbox_entry& entry, errc reason,
                       const std::string& text) {
  auto attempts =
      find_attempts(books.rows(), entry.lane, entry.sequence).value_or(attempt_record{});
  bool is_noted = !attempts.errors.empty() && attempts.errors.back().attempt == entry.attempt;
  attempts.last_attempt = std::max(attempts.last_attempt, entry.attempt);
  attempts.is_started_alone = false;
  attempts.due = 0;
  if (reason == errc::handler_failed && !is_noted)
    note_failure(books, attempts, entry.attempt, text);
  books.rows().put(table_id::attempts, call_key(entry.lane, entry.sequence),
                   encode_attempts(attempts));
}

bool is_dead_reason(errc reason) {
  return reason != errc::expired && reason != errc::dropped;
}

}  // namespace

accept_result accept(ledger& books, const accept_request& request) {
  auto& from = books.lane_from(request.source, request.lane, request.source_name);
  accept_result result;
  result.through = from.mark;
  result.is_gap = request.first > from.mark + 1;
  if (result.is_gap)
    return result;
  auto sequence = request.first;
  for (auto& record : request.records) {
    if (sequence > from.mark) {
      if (!tombstone_reason(record)) {
        auto call = decode_call(record);
        auto& header = call.header;
        for (auto* deadline : {&header.expires_at, &header.not_before})
          *deadline = *deadline == 0 ? 0 : moment_after(books.now(), *deadline);
        store(books, from, sequence, std::move(call));
      }
      from.mark = sequence;
      from.mark_nonce = request.nonce;
    }
    ++sequence;
  }
  result.through = from.mark;
  return result;
}

void accept_own(ledger& books, call_header header, std::string_view payload,
                sequence_number sequence) {
  auto& from = books.lane_from(books.self().id, loopback_lane, books.self().name);
  INVARIANT(sequence == from.mark + 1, C2,
            "a call to oneself is stored in the commit that issues it");
  from.mark = sequence;
  from.mark_nonce = books.self().nonce;
  store(books, from, sequence, {std::move(header), payload, checksum64(payload)});
}

void accept_foreign(ledger& books, const std::string& name, call_header header,
                    std::string_view payload) {
  auto& from = books.lane_from(foreign::source_of(name), foreign::lane, name);
  from.mark_nonce = books.self().nonce;
  for (auto* deadline : {&header.expires_at, &header.not_before})
    *deadline = *deadline == 0 ? 0 : moment_after(books.now(), *deadline);
  store(books, from, ++from.mark, {std::move(header), payload, checksum64(payload)});
}

void park(ledger& books, const inbox_entry& entry) {
  auto record = books.rows().get(table_id::inbox, call_key(entry.lane, entry.sequence));
  if (!record)
    return;
  auto header = decode_call_header(*record);
  books.rows().put(table_id::parked, parked_key(header.method, header.arrival),
                   encode_index(entry.lane, entry.sequence));
  books.leave(entry);
}

void start_alone(ledger& books, const inbox_entry& entry) {
  auto attempts =
      find_attempts(books.rows(), entry.lane, entry.sequence).value_or(attempt_record{});
  attempts.is_started_alone = true;
  books.rows().put(table_id::attempts, call_key(entry.lane, entry.sequence),
                   encode_attempts(attempts));
}

void apply(ledger& books, const handler_effects& effects) {
  write_state(books.rows(), effects.writes);
  for (auto& call : effects.calls)
    if (outbox::queue(books, call).refused == errc::id_conflict)
      throw error(errc::id_conflict, "the handler queued a call of " + call.header.method
                                         + " with id '" + call.header.user_id
                                         + "', which is live with other arguments");
}

bool executed(ledger& books, const inbox_entry& entry, const handler_effects& effects,
              const std::string& value) {
  auto key = call_key(entry.lane, entry.sequence);
  auto record = books.rows().get(table_id::inbox, key);
  if (!record)
    return false;
  auto header = decode_call_header(*record);
  apply(books, effects);
  books.rows().erase(table_id::inbox, key);
  if (header.expires_at)
    forget_expiry(books, header.expires_at, expiry_of::accepted_call, key);
  if (entry.has_attempts || entry.is_suspect)
    books.rows().erase(table_id::attempts, key);
  books.leave(entry);
  decide(books, books.lane_in(entry.lane), entry.sequence, header, errc::none, {}, value);
  return true;
}

void failed(ledger& books, const inbox_entry& entry, const std::string& text, node_time due,
            bool keeps_place) {
  auto attempts =
      find_attempts(books.rows(), entry.lane, entry.sequence).value_or(attempt_record{});
  attempts.last_attempt = entry.attempt;
  attempts.failures = static_cast<std::uint16_t>(entry.failures + 1);
  attempts.is_started_alone = false;
  attempts.due = keeps_place ? 0 : due;
  note_failure(books, attempts, entry.attempt, text);
  books.rows().put(table_id::attempts, call_key(entry.lane, entry.sequence),
                   encode_attempts(attempts));
  if (keeps_place)
    return;
  books.rows().put(table_id::due, due_key(due, entry.arrival),
                   encode_index(entry.lane, entry.sequence));
  books.leave(entry);
}

bool ended(ledger& books, std::uint32_t lane, sequence_number sequence, const inbox_entry* admitted,
           errc reason, const std::string& text) {
  auto key = call_key(lane, sequence);
  auto stored = books.rows().get(table_id::inbox, key);
  if (!stored)
    return false;
  std::string record(*stored);
  auto header = header_if_sound(record).value_or(call_header{});  // the dead letter keeps the bytes
  if (admitted)
    books.leave(*admitted);
  else if (auto place = find_place(books.rows(), lane, sequence, record))
    books.rows().erase(place->table, place->key);
  books.rows().erase(table_id::inbox, key);
  if (header.expires_at)
    forget_expiry(books, header.expires_at, expiry_of::accepted_call, key);
  if (is_dead_reason(reason)) {
    end_record end{reason, books.host().wall_ns, bounded_text(text)};
    books.rows().put(table_id::dead, key, encode_dead(end, record));
    if (admitted)
      keep_last_attempt(books, *admitted, reason, end.text);
  } else {
    books.rows().erase(table_id::attempts, key);
    remember_end(books, false, lane, sequence, reason, text);
  }
  decide(books, books.lane_in(lane), sequence, header, reason, text, {});
  return true;
}

bool retry_dead(ledger& books, std::uint32_t lane, sequence_number sequence) {
  auto key = call_key(lane, sequence);
  auto stored = books.rows().get(table_id::dead, key);
  if (!stored)
    return false;
  std::string record(decode_dead(*stored).record);
  auto call = decode_call(record);
  call.header.is_revised = true;
  call.header.expires_at = 0;  // the operator wants it now, whatever the time
  call.header.not_before = 0;
  books.rows().erase(table_id::dead, key);
  books.rows().put(table_id::inbox, key, encode_call(call));
  if (auto attempts = find_attempts(books.rows(), lane, sequence)) {
    attempts->failures = 0;
    attempts->kills = 0;
    books.rows().put(table_id::attempts, key, encode_attempts(*attempts));
  }
  place(books, lane, sequence, call.header);
  return true;
}

bool drop_dead(ledger& books, std::uint32_t lane, sequence_number sequence) {
  auto key = call_key(lane, sequence);
  if (!books.rows().erase(table_id::dead, key))
    return false;
  books.rows().erase(table_id::attempts, key);
  remember_end(books, false, lane, sequence, errc::dropped,
               "a dead letter, dropped by the operator");
  return true;
}

std::optional<attempt_record> find_attempts(const journal_reader& rows, std::uint32_t lane,
                                            sequence_number sequence) {
  auto record = rows.get(table_id::attempts, call_key(lane, sequence));
  return record ? std::optional(decode_attempts(*record)) : std::nullopt;
}

std::vector<outcome_range> outcomes(const journal_reader& rows, std::uint32_t lane,
                                    std::size_t limit) {
  std::vector<outcome_range> ranges;
  rows.scan(table_id::outcomes, lane_key(lane), lane_key(lane + 1), [&](row stored) {
    auto outcome = decode_stored_outcome(stored.value);
    ranges.push_back({read_call_key(stored.key).second, outcome.last, outcome.kind});
    return ranges.size() < limit;
  });
  return ranges;
}

void forget_outcomes(ledger& books, std::uint32_t lane,
                     std::span<const outcome_range> acknowledged) {
  for (auto& range : acknowledged) {
    std::vector<std::pair<std::string, stored_outcome>> found;
    books.rows().scan(table_id::outcomes, call_key(lane, range.first),
                      call_key(lane, range.last + 1), [&](row stored) {
                        found.emplace_back(stored.key, decode_stored_outcome(stored.value));
                        return true;
                      });
    for (auto& [key, stored] : found) {
      if (stored.kind != range.kind)
        continue;
      books.rows().erase(table_id::outcomes, key);
      if (stored.last > range.last)  // it grew since it was sent
        books.rows().put(table_id::outcomes, call_key(lane, range.last + 1),
                         encode_stored_outcome(stored));
    }
  }
}

}  // namespace holdfast::inbox
