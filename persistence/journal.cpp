#include <holdfast/core/error.hpp>
#include <holdfast/persistence/journal.hpp>

#include <array>

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

}  // namespace holdfast
