#include <holdfast/actors/table.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/inbox.hpp>

namespace holdfast::detail {

std::string checked_state_key(std::string_view table, const std::string& key) {
  auto stored = state_key(table, key);
  if (stored.size() > limits::stored_key_bytes_max)
    throw error(errc::too_large,
                "a key of table " + std::string(table) + " takes " + std::to_string(stored.size())
                    + " bytes with the table's name; at most "
                    + std::to_string(limits::stored_key_bytes_max) + " are allowed");
  return stored;
}

void check_state_value(std::string_view table, std::size_t bytes) {
  if (bytes > limits::payload_bytes_max)
    throw error(errc::too_large, "a value of table " + std::string(table) + " takes "
                                     + std::to_string(bytes) + " bytes; at most "
                                     + std::to_string(limits::payload_bytes_max) + " are allowed");
}

void check_range_limit(std::string_view table, std::size_t limit) {
  if (limit == 0 || limit > limits::effects_max)
    throw error(errc::bad_option, "a range of table " + std::string(table) + " has a limit of "
                                      + std::to_string(limit) + " rows; it goes from 1 to "
                                      + std::to_string(limits::effects_max));
}

std::pair<std::string, std::string> whole_table(std::string_view table) {
  auto from = state_key(table, {});
  auto to = from;
  ++to.back();  // the separator is no 0xff
  return {std::move(from), std::move(to)};
}

}  // namespace holdfast::detail
