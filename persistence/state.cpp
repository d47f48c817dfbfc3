#include <holdfast/persistence/record.hpp>
#include <holdfast/persistence/state.hpp>

namespace holdfast {

std::string state_key(std::string_view table, std::string_view key) {
  return std::string(table).append(1, '\0').append(key);
}

std::optional<std::string_view> read_state(const journal_reader& rows,
                                           std::string_view stored_key) {
  auto record = rows.get(table_id::state, stored_key);
  return record ? std::optional(unseal(record_kind::state_value, *record)) : std::nullopt;
}

state_rows scan_state(const journal_reader& rows, std::string_view from, std::string_view to,
                      std::size_t limit) {
  state_rows found;
  if (limit > 0)
    rows.scan(table_id::state, from, to, [&](row stored) {
      found.emplace_back(stored.key, unseal(record_kind::state_value, stored.value));
      return found.size() < limit;
    });
  return found;
}

std::uint64_t hash_value(const std::optional<std::string_view>& value) {
  constexpr std::uint64_t absent =
      0x9e3779b97f4a7c15;  // no value hashes to it but by chance of one in 2^64
  return value ? checksum64(*value, 1) : absent;
}

std::uint64_t hash_rows(const state_rows& rows) {
  std::uint64_t hash = rows.size();
  for (auto& [key, value] : rows)
    hash = checksum64(value, checksum64(key, hash));
  return hash;
}

bool is_valid(const journal_reader& rows, const std::vector<state_read>& reads) {
  for (auto& read : reads) {
    auto hash = read.to.empty() ? hash_value(read_state(rows, read.from))
                                : hash_rows(scan_state(rows, read.from, read.to, read.limit));
    if (hash != read.hash)
      return false;
  }
  return true;
}

void write_state(journal_writer& rows, const std::vector<state_write>& writes) {
  for (auto& write : writes) {
    if (write.value)
      rows.put(table_id::state, write.key, seal(record_kind::state_value, *write.value));
    else
      rows.erase(table_id::state, write.key);
  }
}

}  // namespace holdfast
