#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/outbox.hpp>
#include <holdfast/persistence/record.hpp>

#include <algorithm>
#include <limits>

namespace holdfast {
namespace {

/// Time, what, checksum of the subject: subjects may be longer than what is left of a key.
std::string expiry_key(node_time at, expiry_of what, std::string_view subject) {
  std::string key;
  append_be64(key, static_cast<std::uint64_t>(at));
  key += static_cast<char>(what);
  append_be64(key, checksum64(subject));
  return key;
}

void end_user_id(ledger& books, const std::string& key) {
  auto record = books.rows().get(table_id::ids, key);
  // The id may have been released and taken again since: only a row whose time has come goes.
  if (record)
    if (auto id = decode_user_id(*record); id.until != 0 && id.until <= books.now())
      books.rows().erase(table_id::ids, key);
}

void end_accepted(ledger& books, const std::string& subject, expired_calls& result) {
  auto [lane, sequence] = read_call_key(subject);
  if (inbox::is_admitted(books.rows(), lane, sequence))
    result.in_memory.emplace_back(lane, sequence);
  else
    inbox::ended(books, lane, sequence, nullptr, errc::expired,
                 "its time ran out before it was started");
}

void look_at(ledger& books, expiry_of what, const std::string& subject, expired_calls& result) {
  switch (what) {
  case expiry_of::queued_call: {
    auto [lane, sequence] = read_call_key(subject);
    outbox::give_up(books, lane, sequence, errc::expired, "its time ran out before it was sent");
    return;
  }
  case expiry_of::accepted_call: end_accepted(books, subject, result); return;
  case expiry_of::queued_end: books.rows().erase(table_id::ended, 'o' + subject); return;
  case expiry_of::accepted_end: books.rows().erase(table_id::ended, 'i' + subject); return;
  case expiry_of::user_id: end_user_id(books, subject); return;
  }
}

}  // namespace

node_time moment_after(node_time now, node_time left) {
  node_time at = 0;
  if (__builtin_add_overflow(now, left, &at))
    at = left < 0 ? 1 : std::numeric_limits<node_time>::max();
  return std::max<node_time>(at, 1);
}

void expire_at(ledger& books, node_time at, expiry_of what, std::string_view subject) {
  books.rows().put(table_id::expiries, expiry_key(at, what, subject),
                   seal(record_kind::expiry, subject));
}

void forget_expiry(ledger& books, node_time at, expiry_of what, std::string_view subject) {
  books.rows().erase(table_id::expiries, expiry_key(at, what, subject));
}

expired_calls expire(ledger& books, std::size_t limit) {
  std::string past;
  append_be64(past, static_cast<std::uint64_t>(books.now() + 1));
  std::vector<std::pair<std::string, std::string>> found;
  books.rows().scan(table_id::expiries, {}, past, [&](row stored) {
    found.emplace_back(stored.key, unseal(record_kind::expiry, stored.value));
    return found.size() < limit;
  });
  expired_calls result;
  result.looked_at = found.size();
  for (auto& [key, subject] : found) {
    books.rows().erase(table_id::expiries, key);
    look_at(books, static_cast<expiry_of>(key[8]), subject, result);
  }
  return result;
}

node_time next_deadline(const journal_reader& rows) {
  node_time next = 0;
  for (auto table : {table_id::expiries, table_id::due}) {
    auto stored = rows.first(table);
    auto at = stored ? static_cast<node_time>(read_be64(stored->key)) : 0;
    if (at != 0 && (next == 0 || at < next))
      next = at;
  }
  return next;
}

}  // namespace holdfast
