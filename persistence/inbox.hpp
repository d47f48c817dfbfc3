#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/persistence/outbox.hpp>
#include <holdfast/persistence/state.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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

/// What is kept about a call that did not succeed at once.
struct attempt_record {
  struct failure {
    std::uint32_t attempt = 0;
    std::int64_t wall_ns = 0;
    std::string text;
  };
  std::uint32_t last_attempt =
      0;                       ///< the highest that may have started; survives an operator's retry
  std::uint16_t failures = 0;  ///< those that threw; what the attempts limit counts
  std::uint32_t kills = 0;
  bool is_started_alone = false;
  node_time due = 0;            ///< its key in `due`, while it is there
  std::vector<failure> errors;  ///< the latest, limits::attempts_kept_max at most
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
  std::vector<std::string> records;  ///< as transfer_batch::records
};

struct accept_result {
  sequence_number through = 0;  ///< the lane's mark afterwards: what `stored` answers
  bool is_gap =
      false;  ///< first was above mark + 1: nothing was taken, the peer sends from `through` + 1
};

/// All that a handler did. Applied whole or not at all.
struct handler_effects {
  std::vector<state_read> reads;
  std::vector<state_write> writes;
  std::vector<queue_request> calls;
  bool is_empty() const { return writes.empty() && calls.empty(); }
};

namespace inbox {

/// Stores a batch and moves the lane's mark, in one commit: the only place where the mark is compared and moved (C2).
/// Calls are admitted directly where there is room and nothing is overtaken. Throws errc::damaged, with nothing stored, when
/// a record was damaged on its way: the link starts over.
accept_result accept(ledger& books, const accept_request& request);

/// The same for one call to oneself; deadlines in `header` are moments already.
void accept_own(ledger& books, call_header header, std::string_view payload,
                sequence_number sequence);

/// The same for a call of a foreign node: it is on a lane of that name, whose sequences are drawn here, because the node
/// keeps no journal. How it ends is told to nobody but its completion. Deadlines in `header` are what is left.
void accept_foreign(ledger& books, const std::string& name, call_header header,
                    std::string_view payload);

/// Admits waiting calls: mailboxes in turn from `cursor` on (which is moved on), at most `per_mailbox` of each and
/// `limit` in all. Returns how many; `cursor` is 0 after the last mailbox.
std::size_t admit(ledger& books, std::uint64_t& cursor, std::size_t per_mailbox, std::size_t limit);

/// After a start, before anything else: admits again what was admitted when the process ended. Raises attempts unless it ended in good order,
/// and with `is_suspicious` marks the calls as suspects.
std::size_t recover(ledger& books, bool was_clean, bool is_suspicious);

/// Durable note that a suspect call starts now, alone.
void start_alone(ledger& books, const inbox_entry& entry);

/// Applies a handler's effects; no call is removed. For synchronous calls, sends and peer events.
void apply(ledger& books, const handler_effects& effects);

/// The call was executed: effects, removal, outcome and completion. False, with nothing changed, if it is not in the inbox.
bool executed(ledger& books, const inbox_entry& entry, const handler_effects& effects,
              const std::string& value);

/// It threw and will be tried again at `due`; in an ordered mailbox it stays admitted (`keeps_place`).
void failed(ledger& books, const inbox_entry& entry, const std::string& text, node_time due,
            bool keeps_place);

/// It will not be tried again: expired, dropped or dead, with its completion. `admitted` is its entry if it has one; a
/// call that is admitted must not be ended without. False if it is not in the inbox.
bool ended(ledger& books, std::uint32_t lane, sequence_number sequence, const inbox_entry* admitted,
           errc reason, const std::string& text);

/// An admitted call whose method is not served (any more) is parked.
void park(ledger& books, const inbox_entry& entry);

/// Moves due calls to `ready` or admits them. Returns how many rows were looked at; ask again if that is `limit`. A call that
/// comes back takes the place of its arrival among those that wait; what was admitted in the meantime runs before it.
std::size_t promote_due(ledger& books, std::size_t limit);

/// Calls parked for `method` become ready. Returns how many; ask again if that is `limit`. Until none is left, new calls of
/// the method are parked behind them: whoever begins must go on to the end.
std::size_t unpark(ledger& books, const std::string& method, std::size_t limit);

/// Whether a call that stands in the inbox is in memory rather than in an index.
bool is_admitted(const journal_reader& rows, std::uint32_t lane, sequence_number sequence);

/// Outcomes that the source has not acknowledged, ascending, at most `limit` ranges; and its acknowledgement.
std::vector<outcome_range> outcomes(const journal_reader& rows, std::uint32_t lane,
                                    std::size_t limit);
void forget_outcomes(ledger& books, std::uint32_t lane,
                     std::span<const outcome_range> acknowledged);

/// Operator: a dead letter is tried again (its completion will be marked revised) with all its attempts before it, though
/// their numbers go on, for attempt 1 is always a first run; or dropped for good. False when it is not there. Throws
/// errc::damaged for one that cannot be read.
bool retry_dead(ledger& books, std::uint32_t lane, sequence_number sequence);
bool drop_dead(ledger& books, std::uint32_t lane, sequence_number sequence);

std::optional<attempt_record> find_attempts(const journal_reader& rows, std::uint32_t lane,
                                            sequence_number sequence);

}  // namespace inbox

}  // namespace holdfast
