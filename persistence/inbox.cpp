#include <holdfast/core/invariant.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>

namespace holdfast::inbox {
namespace {

inbox_entry entry_of(std::uint32_t lane, sequence_number sequence, const call_header& header) {
  inbox_entry entry;
  entry.lane = lane;
  entry.sequence = sequence;
  entry.mailbox = mailbox_of(service_of(header.method), header.key);
  entry.arrival = header.arrival;
  entry.expires_at = header.expires_at;
  entry.priority = header.priority;
  return entry;
}

/// Whether nothing of the same mailbox that waits on disk comes before `entry`.
bool is_next(const journal_reader& rows, const inbox_entry& entry) {
  std::string mailbox;
  append_be64(mailbox, entry.mailbox);
  auto first = rows.at_or_after(table_id::ready, mailbox);
  return !first || !first->key.starts_with(mailbox)
         || ready_key(entry.mailbox, entry.priority, entry.arrival) <= first->key;
}

/// Into memory if there is room and nothing is overtaken, otherwise among the ready ones on disk.
void make_ready(ledger& books, const inbox_entry& entry) {
  if (is_next(books.rows(), entry) && books.try_admit(entry))
    return;
  books.rows().put(table_id::ready, ready_key(entry.mailbox, entry.priority, entry.arrival),
                   encode_index(entry.lane, entry.sequence));
}

/// A call that waited with an attempt record comes back: the record says so when it is admitted.
void load_attempts(ledger& books, inbox_entry& entry) {
  auto attempts = find_attempts(books.rows(), entry.lane, entry.sequence);
  if (!attempts)
    return;
  entry.has_attempts = true;
  entry.attempt = attempts->last_attempt + 1;
  entry.failures = attempts->failures;
  entry.kills = attempts->kills;
}

void set_waiting(ledger& books, const inbox_entry& entry, bool is_waiting, node_time due = 0) {
  auto attempts =
      find_attempts(books.rows(), entry.lane, entry.sequence).value_or(attempt_record{});
  attempts.is_waiting = is_waiting;
  attempts.due = due;
  books.rows().put(table_id::attempts, call_key(entry.lane, entry.sequence),
                   encode_attempts(attempts));
}

/// Puts a stored call where it belongs now that it waits for nothing else: parked, in memory or ready.
void place(ledger& books, std::uint32_t lane, sequence_number sequence, const call_header& header) {
  auto entry = entry_of(lane, sequence, header);
  load_attempts(books, entry);
  if (!books.host().is_served(header.method)) {
    books.rows().put(table_id::parked, parked_key(header.method, header.arrival),
                     encode_index(lane, sequence));
    return;
  }
  auto before = books.admitted().size();
  make_ready(books, entry);
  if (entry.has_attempts)
    set_waiting(books, entry, books.admitted().size() == before);
}

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
    } else {
      books.note_outcome(from.index, sequence, kind);
    }
  }
  call_id id{origin_of(from.source), from.lane, sequence};
  outbox::queue_completion(books, from.source_name, header,
                           {kind, false, id, bounded_text(text), value});
}

void store(ledger& books, in_lane& from, sequence_number sequence, call_view call) {
  auto& header = call.header;
  if (header.expires_at != 0 && header.expires_at <= books.now()) {
    remember_end(books, false, from.index, sequence, errc::expired, "its time ran out on the way");
    decide(books, from, sequence, header, errc::expired, "its time ran out on the way", {});
    return;
  }
  header.arrival = books.next_arrival();
  auto key = call_key(from.index, sequence);
  books.rows().append(table_id::inbox, key, encode_call(call));
  ++from.stored;
  if (header.expires_at)
    expire_at(books, header.expires_at, expiry_of::accepted_call, key);
  if (header.not_before > books.now())
    books.rows().put(table_id::due, due_key(header.not_before, header.arrival),
                     encode_index(from.index, sequence));
  else
    place(books, from.index, sequence, header);
}

/// Takes a call that is not in memory out of whichever index has it.
void forget_place(ledger& books, const inbox_entry& entry, const call_header& header) {
  auto& rows = books.rows();
  rows.erase(table_id::ready, ready_key(entry.mailbox, entry.priority, entry.arrival));
  rows.erase(table_id::parked, parked_key(header.method, header.arrival));
  if (header.not_before)
    rows.erase(table_id::due, due_key(header.not_before, header.arrival));
  if (auto attempts = find_attempts(rows, entry.lane, entry.sequence); attempts && attempts->due)
    rows.erase(table_id::due, due_key(attempts->due, header.arrival));
}

/// A call that was in memory when the process ended. False if another index has it.
bool recover_call(ledger& books, std::uint32_t lane, sequence_number sequence,
                  const call_header& header, bool was_clean, bool is_suspicious) {
  auto entry = entry_of(lane, sequence, header);
  auto attempts = find_attempts(books.rows(), lane, sequence);
  if (attempts && attempts->is_waiting)
    return false;
  if (!was_clean) {
    auto raised = attempts.value_or(attempt_record{});
    ++raised.last_attempt;
    raised.kills += raised.is_started_alone ? 1 : 0;
    raised.is_started_alone = false;
    books.rows().put(table_id::attempts, call_key(lane, sequence), encode_attempts(raised));
    attempts = raised;
  }
  load_attempts(books, entry);
  entry.is_suspect = is_suspicious;
  if (!books.try_admit(entry)) {
    set_waiting(books, entry, true);
    books.rows().put(table_id::ready, ready_key(entry.mailbox, entry.priority, entry.arrival),
                     encode_index(lane, sequence));
  }
  return true;
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
        header.expires_at = header.expires_at == 0 ? 0 : books.now() + header.expires_at;
        header.not_before = header.not_before == 0 ? 0 : books.now() + header.not_before;
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

std::size_t admit(ledger& books, std::uint64_t& cursor, std::size_t per_mailbox,
                  std::size_t limit) {
  struct waiting {
    std::string key;
    std::uint32_t lane;
    sequence_number sequence;
  };
  std::size_t admitted = 0;
  while (admitted < limit) {
    std::string from;
    append_be64(from, cursor);
    auto first = books.rows().at_or_after(table_id::ready, from);
    if (!first) {
      cursor = 0;
      break;
    }
    auto mailbox = read_be64(first->key);
    std::vector<waiting> found;
    auto wanted = std::min(per_mailbox, limit - admitted);
    books.rows().scan(table_id::ready, first->key, {}, [&](row stored) {
      if (read_be64(stored.key) != mailbox)
        return false;
      auto [lane, sequence] = decode_index(stored.value);
      found.push_back({std::string(stored.key), lane, sequence});
      return found.size() < wanted;
    });
    for (auto& call : found) {
      auto record = books.rows().get(table_id::inbox, call_key(call.lane, call.sequence));
      INVARIANT(record.has_value(), C1, "a ready call has its record in the inbox");
      auto entry = entry_of(call.lane, call.sequence, decode_call_header(*record));
      load_attempts(books, entry);
      if (!books.try_admit(entry))
        break;
      books.rows().erase(table_id::ready, call.key);
      if (entry.has_attempts)
        set_waiting(books, entry, false);
      ++admitted;
    }
    cursor = mailbox + 1;
    if (cursor == 0)
      break;
  }
  return admitted;
}

std::size_t recover(ledger& books, bool was_clean, bool is_suspicious) {
  std::vector<admitted_range> ranges;
  books.rows().scan(table_id::admitted, {}, {}, [&](row stored) {
    ranges.push_back(read_admitted(stored));
    return true;
  });
  std::size_t recovered = 0;
  for (auto& range : ranges) {
    books.rows().erase(table_id::admitted, admitted_key(range.ticket));
    std::vector<std::pair<sequence_number, call_header>> calls;
    books.rows().scan(table_id::inbox, call_key(range.lane, range.first),
                      call_key(range.lane, range.last + 1), [&](row stored) {
                        calls.emplace_back(read_call_key(stored.key).second,
                                           decode_call_header(stored.value));
                        return true;
                      });
    for (auto& [sequence, header] : calls)
      recovered +=
          recover_call(books, range.lane, sequence, header, was_clean, is_suspicious) ? 1 : 0;
  }
  return recovered;
}

void park(ledger& books, const inbox_entry& entry) {
  auto record = books.rows().get(table_id::inbox, call_key(entry.lane, entry.sequence));
  if (!record)
    return;
  auto header = decode_call_header(*record);
  books.rows().put(table_id::parked, parked_key(header.method, header.arrival),
                   encode_index(entry.lane, entry.sequence));
  set_waiting(books, entry, true);
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
    outbox::queue(books, call);
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
  attempts.is_waiting = !keeps_place;
  attempts.due = keeps_place ? 0 : due;
  attempts.errors.push_back({entry.attempt, books.host().wall_ns, bounded_text(text)});
  if (attempts.errors.size() > limits::attempts_kept_max)
    attempts.errors.erase(attempts.errors.begin());
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
  call_header header;
  try {
    header = decode_call_header(record);
  } catch (const error&) {
    header.method =
        "(unreadable)";  // damaged here: the dead letter keeps the bytes, the source its copy's count
  }
  if (admitted)
    books.leave(*admitted);
  else
    forget_place(books, entry_of(lane, sequence, header), header);
  books.rows().erase(table_id::inbox, key);
  if (header.expires_at)
    forget_expiry(books, header.expires_at, expiry_of::accepted_call, key);
  if (is_dead_reason(reason)) {
    end_record end{reason, books.host().wall_ns, bounded_text(text)};
    books.rows().put(table_id::dead, key, encode_dead(end, record));
  } else {
    books.rows().erase(table_id::attempts, key);
    remember_end(books, false, lane, sequence, reason, text);
  }
  decide(books, books.lane_in(lane), sequence, header, reason, text, {});
  return true;
}

std::size_t promote_due(ledger& books, std::size_t limit) {
  std::string past;
  append_be64(past, static_cast<std::uint64_t>(books.now() + 1));
  std::vector<std::pair<std::string, std::pair<std::uint32_t, sequence_number>>> found;
  books.rows().scan(table_id::due, {}, past, [&](row stored) {
    found.emplace_back(stored.key, decode_index(stored.value));
    return found.size() < limit;
  });
  for (auto& [key, call] : found) {
    books.rows().erase(table_id::due, key);
    auto record = books.rows().get(table_id::inbox, call_key(call.first, call.second));
    INVARIANT(record.has_value(), C1, "a due call has its record in the inbox");
    place(books, call.first, call.second, decode_call_header(*record));
  }
  return found.size();
}

std::size_t unpark(ledger& books, const std::string& method, std::size_t limit) {
  std::vector<std::pair<std::string, std::pair<std::uint32_t, sequence_number>>> found;
  auto prefix = method + '\0';
  books.rows().scan(table_id::parked, prefix, method + '\1', [&](row stored) {
    found.emplace_back(stored.key, decode_index(stored.value));
    return found.size() < limit;
  });
  for (auto& [key, call] : found) {
    books.rows().erase(table_id::parked, key);
    auto record = books.rows().get(table_id::inbox, call_key(call.first, call.second));
    INVARIANT(record.has_value(), C1, "a parked call has its record in the inbox");
    place(books, call.first, call.second, decode_call_header(*record));
  }
  return found.size();
}

bool is_admitted(const journal_reader& rows, std::uint32_t lane, sequence_number sequence) {
  auto record = rows.get(table_id::inbox, call_key(lane, sequence));
  if (!record)
    return false;
  auto header = decode_call_header(*record);
  auto entry = entry_of(lane, sequence, header);
  auto attempts = find_attempts(rows, lane, sequence);
  bool waits =
      (attempts && attempts->is_waiting)
      || rows.get(table_id::ready, ready_key(entry.mailbox, entry.priority, entry.arrival))
      || rows.get(table_id::parked, parked_key(header.method, header.arrival))
      || (header.not_before && rows.get(table_id::due, due_key(header.not_before, header.arrival)));
  return !waits;
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
  books.rows().erase(table_id::attempts, key);
  books.rows().put(table_id::inbox, key, encode_call(call));
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
    auto key = call_key(lane, range.first);
    auto record = books.rows().get(table_id::outcomes, key);
    if (!record)
      continue;
    auto stored = decode_stored_outcome(*record);
    books.rows().erase(table_id::outcomes, key);
    if (stored.last > range.last)  // it grew since it was sent
      books.rows().put(table_id::outcomes, call_key(lane, range.last + 1),
                       encode_stored_outcome(stored));
  }
}

}  // namespace holdfast::inbox
