#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/inbox_places.hpp>
#include <holdfast/persistence/ledger_rows.hpp>

#include <utility>
#include <vector>

namespace holdfast::inbox {
namespace detail {
namespace {

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

/// Whether calls of `method` stand in `parked`: they are on their way out, row by row, when the method is served.
bool has_parked(const journal_reader& rows, const std::string& method) {
  auto first = rows.at_or_after(table_id::parked, parked_key(method, 0));
  return first && first->key.starts_with(parked_key(method, 0).substr(0, method.size() + 1));
}

/// The same for a call whose header cannot be read: by looking at every row, for this is rare.
std::optional<waiting_place> search_place(const journal_reader& rows, std::uint32_t lane,
                                          sequence_number sequence) {
  std::optional<waiting_place> found;
  auto wanted = encode_index(lane, sequence);
  for (auto table : {table_id::ready, table_id::due, table_id::parked})
    rows.scan(table, {}, {}, [&](row stored) {
      if (stored.value == wanted)
        found = {table, std::string(stored.key)};
      return !found;
    });
  return found;
}

}  // namespace

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

void load_attempts(ledger& books, inbox_entry& entry) {
  auto attempts = find_attempts(books.rows(), entry.lane, entry.sequence);
  if (!attempts)
    return;
  entry.has_attempts = true;
  entry.attempt = attempts->last_attempt + 1;
  entry.failures = attempts->failures;
  entry.kills = attempts->kills;
}

void place(ledger& books, std::uint32_t lane, sequence_number sequence, const call_header& header,
           bool is_unparked) {
  if (!books.host().is_served(header.method)
      || (!is_unparked && has_parked(books.rows(), header.method))) {
    books.rows().put(table_id::parked, parked_key(header.method, header.arrival),
                     encode_index(lane, sequence));
    return;
  }
  auto entry = entry_of(lane, sequence, header);
  load_attempts(books, entry);
  make_ready(books, entry);
}

std::vector<waiting_place> find_places(const journal_reader& rows, std::uint32_t lane,
                                       sequence_number sequence, const call_header& header) {
  auto entry = entry_of(lane, sequence, header);
  std::vector<waiting_place> places;
  auto look = [&](table_id table, std::string key) {
    auto record = rows.get(table, key);
    if (record && *record == encode_index(lane, sequence))
      places.push_back({table, std::move(key)});
  };
  look(table_id::ready, ready_key(entry.mailbox, entry.priority, entry.arrival));
  look(table_id::parked, parked_key(header.method, header.arrival));
  auto attempts = find_attempts(rows, lane, sequence);
  if (header.not_before)
    look(table_id::due, due_key(header.not_before, header.arrival));
  if (attempts && attempts->due && attempts->due != header.not_before)
    look(table_id::due, due_key(attempts->due, header.arrival));
  return places;
}

std::optional<waiting_place> find_place(const journal_reader& rows, std::uint32_t lane,
                                        sequence_number sequence, const call_header& header) {
  auto places = find_places(rows, lane, sequence, header);
  return places.empty() ? std::nullopt : std::optional(std::move(places.front()));
}

std::optional<waiting_place> find_place(const journal_reader& rows, std::uint32_t lane,
                                        sequence_number sequence, std::string_view record) {
  auto header = header_if_sound(record);
  return header ? find_place(rows, lane, sequence, *header) : search_place(rows, lane, sequence);
}

}  // namespace detail

bool is_admitted(const journal_reader& rows, std::uint32_t lane, sequence_number sequence) {
  auto record = rows.get(table_id::inbox, call_key(lane, sequence));
  return record && !detail::find_place(rows, lane, sequence, *record);
}

}  // namespace holdfast::inbox
