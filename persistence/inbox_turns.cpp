#include <holdfast/core/invariant.hpp>
#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/inbox_places.hpp>
#include <holdfast/persistence/ledger_rows.hpp>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

// Which calls of the inbox are in memory: after a start, and when room or time lets others follow.

namespace holdfast::inbox {

using namespace detail;

namespace {

/// The header of a call that an index row leads to. One that cannot be read becomes a dead letter, so that it stops
/// nothing but itself (J3).
std::optional<call_header> header_at(ledger& books, std::uint32_t lane, sequence_number sequence) {
  auto record = books.rows().get(table_id::inbox, call_key(lane, sequence));
  INVARIANT(record.has_value(), C1, "a waiting call has its record in the inbox");
  try {
    return decode_call_header(*record);
  } catch (const error& problem) {
    ended(books, lane, sequence, nullptr, errc::damaged, problem.what());
    return std::nullopt;
  }
}

/// A call that was in memory when the process ended.
void recover_call(ledger& books, std::uint32_t lane, sequence_number sequence,
                  const call_header& header, bool was_clean, bool is_suspicious) {
  auto attempts = find_attempts(books.rows(), lane, sequence);
  if (!was_clean || (attempts && attempts->is_started_alone)) {
    auto raised = attempts.value_or(attempt_record{});
    raised.last_attempt += was_clean ? 0 : 1;
    raised.kills += !was_clean && raised.is_started_alone ? 1 : 0;
    raised.is_started_alone = false;
    books.rows().put(table_id::attempts, call_key(lane, sequence), encode_attempts(raised));
  }
  auto entry = entry_of(lane, sequence, header);
  load_attempts(books, entry);
  entry.is_suspect = is_suspicious;
  if (!books.try_admit(entry))
    books.rows().put(table_id::ready, ready_key(entry.mailbox, entry.priority, entry.arrival),
                     encode_index(lane, sequence));
}

/// The calls of a durable range that are in memory still, with their headers. One that left and came back belongs to the
/// range that it came back in, and one that cannot be read becomes a dead letter.
std::vector<std::pair<sequence_number, call_header>> take_range(
    ledger& books, const admitted_range& range,
    std::set<std::pair<std::uint32_t, sequence_number>>& seen) {
  std::vector<std::pair<sequence_number, call_header>> calls;
  std::vector<sequence_number> damaged;
  books.rows().erase(table_id::admitted, admitted_key(range.ticket));
  books.rows().scan(table_id::inbox, call_key(range.lane, range.first),
                    call_key(range.lane, range.last + 1), [&](row stored) {
                      auto sequence = read_call_key(stored.key).second;
                      auto header = header_if_sound(stored.value);
                      if (!header)
                        damaged.push_back(sequence);
                      else if (!find_place(books.rows(), range.lane, sequence, *header)
                               && seen.emplace(range.lane, sequence).second)
                        calls.emplace_back(sequence, std::move(*header));
                      return true;
                    });
  for (auto sequence : damaged)
    ended(books, range.lane, sequence, nullptr, errc::damaged,
          "its record in the inbox fails its checksum; check the disk");
  return calls;
}

/// Mailboxes looked at in one transaction: millions of them may wait, each full in memory.
constexpr std::size_t mailboxes_visited_max = 1024;

}  // namespace

std::size_t admit(ledger& books, std::uint64_t& cursor, std::size_t per_mailbox,
                  std::size_t limit) {
  struct waiting {
    std::string key;
    std::uint32_t lane;
    sequence_number sequence;
  };
  std::size_t admitted = 0;
  for (std::size_t visited = 0; admitted < limit && visited < mailboxes_visited_max; ++visited) {
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
      auto header = header_at(books, call.lane, call.sequence);
      if (!header)
        continue;
      auto entry = entry_of(call.lane, call.sequence, *header);
      load_attempts(books, entry);
      if (!books.try_admit(entry))
        break;
      books.rows().erase(table_id::ready, call.key);
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
  std::set<std::pair<std::uint32_t, sequence_number>> seen;
  for (auto& range : ranges)
    for (auto& [sequence, header] : take_range(books, range, seen)) {
      recover_call(books, range.lane, sequence, header, was_clean, is_suspicious);
      ++recovered;
    }
  return recovered;
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
    if (auto header = header_at(books, call.first, call.second))
      place(books, call.first, call.second, *header);
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
    if (auto header = header_at(books, call.first, call.second))
      place(books, call.first, call.second, *header, true);
  }
  return found.size();
}

}  // namespace holdfast::inbox
