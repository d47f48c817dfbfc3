#include <holdfast/core/error.hpp>
#include <holdfast/persistence/journal.hpp>

#include <array>
#include <string>

namespace holdfast {

namespace {

constexpr std::array<std::string_view, table_count> table_names = {
    "meta",     "out_lanes", "outbox", "in_lanes", "inbox", "ready",    "due",      "parked",
    "admitted", "outcomes",  "ended",  "dead",     "ids",   "expiries", "attempts", "state",
};
static_assert(!table_names.back().empty(), "every table has a name");

}  // namespace

std::string_view table_name(table_id table) noexcept {
  return table_names[static_cast<std::size_t>(table)];
}

void check_row_limits(table_id table, std::string_view key, std::string_view value) {
  if (key.empty())
    throw error(errc::too_large, "a row of table " + std::string(table_name(table))
                                     + " needs a key of 1 to "
                                     + std::to_string(journal_key_bytes_max) + " bytes");
  if (key.size() > journal_key_bytes_max)
    throw error(errc::too_large, "a key of " + std::to_string(key.size()) + " bytes for table "
                                     + std::string(table_name(table)) + "; keys end at "
                                     + std::to_string(journal_key_bytes_max)
                                     + " bytes, shorten the names in it");
  if (value.size() > journal_value_bytes_max)
    throw error(errc::too_large, "a value of " + std::to_string(value.size()) + " bytes for table "
                                     + std::string(table_name(table)) + "; values end at "
                                     + std::to_string(journal_value_bytes_max)
                                     + " bytes, store it in parts");
}

}  // namespace holdfast
