#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/core/function_ref.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// The source's half of a queued call's life. From the commit that holds `outbox::queue` until the commit that holds
// `outbox::settle` the call is in the outbox (C1). Above a lane's `sent_through` the source alone decides a call's
// expiry and removal; at or below it the target does, because the call may be there already.

struct queue_request {
  std::string peer;  ///< the target's name; one's own name is the lane to oneself
  call_header
      header;  ///< expires_at and not_before hold what is left in ns, not moments; 0 is none
  std::string payload;  ///< encoded
};

struct queue_result {
  call_id id;
  bool is_duplicate =
      false;  ///< the user id was live with the same arguments: nothing was stored, `id` is the first's
  errc refused = errc::none;  ///< id_conflict; nothing was stored
};

/// Which calls of a lane ended, and how, as the target says it. kind: errc::none is executed; expired, dropped, or one
/// of the reasons of a dead letter.
struct outcome_range {
  sequence_number first = 0;
  sequence_number last = 0;
  errc kind = errc::none;
  bool operator==(const outcome_range&) const = default;
};

/// What is transmitted of a lane at one time: records as the target stores them, deadlines as time left.
struct transfer_batch {
  lane_number lane = 0;
  std::uint64_t nonce = 0;  ///< of the span that all these sequences belong to
  sequence_number first = 0;
  std::vector<std::string> records;  ///< call or tombstone of first, first + 1, ...
  std::size_t bytes = 0;
  errc blocked = errc::
      none;  ///< the record behind these cannot travel: `entomb` it with this reason, then go on
};

namespace outbox {

/// How far `sent_through` runs ahead of what is transmitted, so that a steady stream never waits for it.
inline constexpr sequence_number sent_through_stride = 1024;

/// Stores a call. While the link is up, sent_through is raised in the same commit, so that it can be transmitted at once.
/// To oneself the call goes straight to the inbox, in the same commit.
queue_result queue(ledger& books, const queue_request& request);

/// Makes it lawful to transmit up to `through` (at most what was issued).
void raise_sent_through(ledger& books, lane_number lane, sequence_number through);

/// After a session ended: the target has nothing above `transmitted`, and nothing of it is on its way. The source decides
/// again about what lies above, expiries that came while it was the target's included.
void lower_sent_through(ledger& books, lane_number lane, sequence_number transmitted);

/// The next records from `first` on, at most up to sent_through, within both limits, at least one if there is any that can
/// travel. A record whose checksum fails (J3) or that the peer does not take ends the batch as `blocked`. Changes nothing.
transfer_batch read_batch(const journal_reader& rows, lane_number lane, sequence_number first,
                          std::size_t bytes_max, std::size_t calls_max,
                          std::size_t peer_record_bytes_max, node_time now);

/// The target has stored all up to `through`: tombstones up to there are done, old spans are forgotten.
void stored(ledger& books, lane_number lane, sequence_number through);

/// Removes the calls whose outcome the target decided, counts them, remembers the exceptional ends. What was never
/// transmitted is nobody's to settle but ours: outcomes above sent_through are ignored. A call that was damaged at the
/// target has its completion queued here, where its header is sound.
void settle(ledger& books, lane_number lane, std::span<const outcome_range> outcomes);

/// Ends one call whose target keeps no journal (a foreign node), and so is its source's to decide once the target has
/// answered; its completion is queued to oneself. What is ended without a gap counts as stored. False if it is not there.
bool settle_here(ledger& books, lane_number lane, sequence_number sequence,
                 const outcome_record& outcome);

/// Consumes the sequence of a call that cannot travel, so that the lane goes on; counted, its completion queued. A tombstone
/// that was damaged is written anew, and not counted again.
void entomb(ledger& books, lane_number lane, sequence_number sequence, errc reason,
            const std::string& text);

/// Ends one call that the source may decide (above sent_through): it becomes a tombstone, its completion is queued to
/// oneself. False if it is the target's to decide, an orphan, which is the operator's, or not there.
bool give_up(ledger& books, lane_number lane, sequence_number sequence, errc reason,
             const std::string& text);

/// Whether the peer's memory of our lane fits ours: `mark` was issued by us, in the start with `mark_nonce`, may have been
/// transmitted, and is not below what it had told us. Otherwise one sentence that says what does not fit.
std::optional<std::string> check_mark(const out_lane& lane, lane_number number,
                                      sequence_number mark, std::uint64_t mark_nonce);

/// The operator's way out of a diverged history: closes the lane to `peer`, counts its open calls as orphaned, forgets
/// the bound uuid. The next handshake binds the new one. Returns how many were orphaned.
std::uint64_t accept_new_history(ledger& books, const std::string& peer);

/// Tells the completion of `call`, if it has one, how it ended. `to` is the node that queued it.
void queue_completion(ledger& books, const std::string& to, const call_header& call,
                      outcome_record outcome);

/// A user id whose call ended: kept for a while if it was executed, free otherwise.
void release_user_id(ledger& books, const std::string& peer, const call_header& call, errc kind);

/// Queues up to `limit` orphaned calls of `peer` again, in order, on its open lane, or drops them. Returns how many; 0 when
/// none is left. They stay counted as orphaned in the lane that was closed; one that is damaged is dropped as that.
std::size_t requeue_orphans(ledger& books, const std::string& peer, std::size_t limit);
std::size_t drop_orphans(ledger& books, const std::string& peer, std::size_t limit);

}  // namespace outbox
}  // namespace holdfast
