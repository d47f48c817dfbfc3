#pragma once

#include <holdfast/persistence/journal.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

// The state that handlers keep: rows of named tables, in order of their keys. A handler runs over a snapshot and what
// itself and the runs before it in its mailbox have written; what it read is compared when it commits.

/// The key under which a row of a user's table is stored.
std::string state_key(std::string_view table, std::string_view key);

/// One effect: a value, or nothing to erase.
struct state_write {
  std::string key;
  std::optional<std::string> value;
};

/// What a handler saw: the hash of a value, of an absence, or of a range's rows.
struct state_read {
  std::string from;
  std::string to;  ///< empty: the single key `from`
  std::size_t limit = 0;
  std::uint64_t hash = 0;
};

using state_rows = std::vector<std::pair<std::string, std::string>>;  ///< stored key, value

std::optional<std::string_view> read_state(const journal_reader& rows, std::string_view stored_key);
state_rows scan_state(const journal_reader& rows, std::string_view from, std::string_view to,
                      std::size_t limit);

std::uint64_t hash_value(const std::optional<std::string_view>& value);
std::uint64_t hash_rows(const state_rows& rows);

/// Whether all that was read is still so. Otherwise the handler is run again, which counts no attempt.
bool is_valid(const journal_reader& rows, const std::vector<state_read>& reads);

void write_state(journal_writer& rows, const std::vector<state_write>& writes);

}  // namespace holdfast
