#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// The moment that lies `left` after `now`. Never 0, which stands for no deadline, and never beyond the last moment there
/// is, however much is asked for.
node_time moment_after(node_time now, node_time left);

/// Why a row of the table `expiries` exists. The numbers are stored.
enum class expiry_of : std::uint8_t {
  queued_call = 0,    ///< in the outbox, with an expiry
  accepted_call = 1,  ///< in the inbox, with an expiry
  queued_end = 2,     ///< how one of our calls ended is remembered until then
  accepted_end = 3,   ///< likewise for a call to us
  user_id = 4,        ///< a user id answers duplicates until then; the value is its key
};

/// Remembers to look at something at `at`. `subject` is a call_key, or the key in `ids`.
void expire_at(ledger& books, node_time at, expiry_of what, std::string_view subject);
void forget_expiry(ledger& books, node_time at, expiry_of what, std::string_view subject);

/// Ends what ran out of time, on both sides, and forgets what was kept long enough. Looks at `limit` rows at most.
/// Accepted calls that are in memory are left to the executor: `in_memory` names them.
struct expired_calls {
  std::size_t looked_at = 0;
  std::vector<std::pair<std::uint32_t, sequence_number>> in_memory;
};
expired_calls expire(ledger& books, std::size_t limit);

/// The earliest moment at which `expire` or inbox::promote_due has something to do; 0 if never.
node_time next_deadline(const journal_reader& rows);

}  // namespace holdfast
