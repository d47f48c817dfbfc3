#pragma once

#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::inbox::detail {

// Where a call of the inbox stands: in memory, or in one of the tables ready, due and parked. Shared by the sources of
// inbox.hpp; not for its users.

inbox_entry entry_of(std::uint32_t lane, sequence_number sequence, const call_header& header);

/// Fills in what is kept of earlier attempts.
void load_attempts(ledger& books, inbox_entry& entry);

/// Puts a stored call where it belongs now that it waits for nothing else: parked, in memory or ready. While earlier calls
/// of its method are being unparked it queues up behind them (C3).
void place(ledger& books, std::uint32_t lane, sequence_number sequence, const call_header& header,
           bool is_unparked = false);

struct waiting_place {
  table_id table{};
  std::string key;
};

/// The index rows of a stored call. None when it is admitted, and never more than one.
std::vector<waiting_place> find_places(const journal_reader& rows, std::uint32_t lane,
                                       sequence_number sequence, const call_header& header);

/// Where a stored call waits; nothing when it is admitted.
std::optional<waiting_place> find_place(const journal_reader& rows, std::uint32_t lane,
                                        sequence_number sequence, const call_header& header);

/// The same for a record whose header may be unreadable: then every row of the three is looked at, for this is rare.
std::optional<waiting_place> find_place(const journal_reader& rows, std::uint32_t lane,
                                        sequence_number sequence, std::string_view record);

}  // namespace holdfast::inbox::detail
