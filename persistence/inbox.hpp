#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <holdfast/core/error.hpp>
#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/persistence/outbox.hpp>

namespace holdfast {

// The target's half of a queued call's life. A call that was accepted is in exactly one of these places, each a small row
// beside the record in the inbox:
//
//   admitted   may be running or about to run, in memory too; at most limits::admitted_calls_max
//   ready      waits for its turn, on disk only, by (mailbox, priority, arrival)
//   due        waits for a moment: not-before, or the back-off of a retry
//   parked     waits for its method to be served
//   dead       will not be tried again; its record moves to the table `dead`
//
// Whatever was not admitted was never started: after a crash the admitted ones begin one attempt higher and all others
// at attempt 1.

/// What the executor holds of a call while it is admitted.
struct inbox_entry {
  std::uint32_t lane = 0; ///< in_lane::index
  sequence_number sequence = 0;
  std::uint64_t mailbox = 0;
  std::uint64_t arrival = 0;
  node_time expires_at = 0;
  std::uint32_t attempt = 1; ///< of the next start
  std::uint16_t failures = 0;
  std::int8_t priority = 0;
  bool is_suspect = false; ///< the process died while it was admitted, at least twice: start it alone
  std::uint32_t kills = 0; ///< how often the process died while it ran alone
};

/// What is kept about a call that did not succeed at once.
struct attempt_record {
  struct failure {
    std::uint32_t attempt = 0;
    std::int64_t wall_ns = 0;
    std::string text;
  };
  std::uint32_t last_attempt = 0; ///< the highest that may have started
  std::uint16_t failures = 0;     ///< those that threw; what the attempts limit counts
  std::uint32_t kills = 0;
  bool is_started_alone = false;
  std::vector<failure> errors; ///< the latest, limits::attempts_kept_max at most
};

/// A call that ended otherwise than by being executed.
struct end_record {
  errc reason = errc::none;
  std::int64_t wall_ns = 0;
  std::string text;
};

struct accept_request {
  uuid source;
  std::string source_name;
  lane_number lane = 0;
  std::uint64_t nonce = 0;
  sequence_number first = 0;
  std::vector<std::string> records; ///< as transfer_batch::records
  std::int64_t wall_ns = 0;
};

struct accept_result {
  sequence_number through = 0;         ///< the lane's mark afterwards: what `stored` answers
  std::vector<inbox_entry> admitted;   ///< to be run; never more than there was room for
  bool is_gap = false;                 ///< first was above mark + 1: nothing was taken, the peer sends from `through` + 1
};

/// One effect on the state table: a value, or nothing to erase. Keys are stored keys (state_key).
struct state_write {
  std::string key;
  std::optional<std::string> value;
};

/// What a handler saw, to be compared when it commits: the hash of a value, of an absence, or of a range's rows.
struct state_read {
  std::string from;
  std::string to; ///< empty: the single key `from`
  std::size_t limit = 0;
  std::uint64_t hash = 0;
};

/// All that a handler did. Applied whole or not at all.
struct handler_effects {
  std::vector<state_read> reads;
  std::vector<state_write> writes;
  std::vector<queue_request> calls;
  bool is_empty() const { return writes.empty() && calls.empty(); }
};

namespace inbox {

/// Whether a method is served here; asked while calls are stored.
using is_served = function_ref<bool(std::string_view method)>;

/// Stores a batch and moves the lane's mark, in one commit: the only place where the mark is compared and moved (C2).
/// Up to `room` calls are admitted directly, where that overtakes nothing.
accept_result accept(ledger& books, const accept_request& request, std::size_t room, is_served served);

/// The same for one call to oneself.
void accept_own(ledger& books, const call_header& header, std::string_view payload, call_id id);

/// Admits waiting calls: mailboxes in turn from `cursor` on (which is moved), at most `per_mailbox` of each, `room` in
/// all. `skip` says which mailboxes have enough. An empty result with cursor 0 means that nothing (else) is ready.
std::vector<inbox_entry> admit(ledger& books, std::uint64_t& cursor, std::size_t room, std::size_t per_mailbox,
                               function_ref<bool(std::uint64_t mailbox)> skip);

/// After a start: everything that was admitted when the process ended. Raises their attempts unless it ended in good
/// order; marks them suspect after two unclean ends in a row.
std::vector<inbox_entry> recover(ledger& books, bool was_clean, bool is_suspicious);

/// Durable note that a suspect call starts now, alone.
void start_alone(ledger& books, const inbox_entry& entry, std::uint32_t attempt);

/// Whether all that was read is still so. Otherwise the handler is run again, which counts no attempt.
bool is_valid(const journal_reader& rows, const std::vector<state_read>& reads);
std::uint64_t hash_value(const std::optional<std::string_view>& value);

/// Applies a handler's effects; no call is removed. For synchronous calls, sends and peer events.
void apply(ledger& books, const handler_effects& effects);

/// The call was executed: effects, removal, outcome and completion.
void executed(ledger& books, const inbox_entry& entry, const handler_effects& effects, std::string_view value,
              const std::optional<completion_spec>& completion, const std::string& trace_origin, std::uint64_t trace);

/// It threw and will be tried again at `due`; in an ordered mailbox it stays admitted (`keeps_place`).
void failed(ledger& books, const inbox_entry& entry, const std::string& text, std::int64_t wall_ns, node_time due,
            bool keeps_place);

/// It will not be tried again: expired, dropped or dead, with its completion. Not from `dead` itself.
void ended(ledger& books, std::uint32_t lane, sequence_number sequence, errc reason, const std::string& text,
           std::int64_t wall_ns);

/// Gives an admitted call back to the index that fits it (not served any more: parked; stop: ready).
void put_back(ledger& books, const inbox_entry& entry, is_served served);

/// Moves due calls to `ready`, and calls whose time ran out to their end. Return how many rows were looked at.
std::size_t promote_due(ledger& books, std::size_t limit);
std::size_t expire(ledger& books, std::size_t limit, std::int64_t wall_ns,
                   function_ref<bool(std::uint32_t lane, sequence_number)> is_running);
/// Earliest moment at which one of the two above, or outbox::expire, has something to do; 0 if never.
node_time next_deadline(const journal_reader& rows);

/// Calls parked for `method` become ready. Returns how many; at most `limit`.
std::size_t unpark(ledger& books, const std::string& method, std::size_t limit);

/// Outcomes that the source has not acknowledged, ascending, at most `limit` ranges; and its acknowledgement.
std::vector<outcome_range> outcomes(const journal_reader& rows, std::uint32_t lane, std::size_t limit);
void forget_outcomes(ledger& books, std::uint32_t lane, std::span<const outcome_range> acknowledged);

/// Operator: a dead letter is tried again from attempt 1 (its completion will be marked revised), or any call that does
/// not run is dropped. False when it is not there.
bool retry_dead(ledger& books, std::uint32_t lane, sequence_number sequence);
bool drop(ledger& books, std::uint32_t lane, sequence_number sequence, std::int64_t wall_ns);

std::optional<attempt_record> find_attempts(const journal_reader& rows, std::uint32_t lane, sequence_number sequence);

} // namespace inbox

/// The stored key of a row of a user's table.
std::string state_key(std::string_view table, std::string_view key);

} // namespace holdfast
