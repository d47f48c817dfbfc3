#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/admission.hpp>
#include <holdfast/persistence/journal.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// The rows that lanes and peers are made of, and one journal transaction seen through them. Operations on calls stand in
// outbox.hpp (the source's half) and inbox.hpp (the target's). docs/journal_format.md shows the bytes.

/// Who this node is, as its journal says it.
struct node_identity {
  uuid id;
  std::string name;
  std::uint64_t incarnation = 0;  ///< how often it has started, this start included
  std::uint64_t nonce = 0;  ///< of this start; tells a copy of the directory from its original
};

/// From `first` on, until the next span, sequences were issued by the start that drew `nonce`.
struct lane_span {
  std::uint64_t nonce = 0;
  sequence_number first = 0;
  bool operator==(const lane_span&) const = default;
};

/// Invariant C4: issued = executed + expired + dead + dropped + damaged + orphaned + open.
struct lane_counters {
  std::uint64_t issued = 0, executed = 0, expired = 0, dead = 0, dropped = 0, damaged = 0,
                orphaned = 0;
  std::uint64_t open() const {
    return issued - executed - expired - dead - dropped - damaged - orphaned;
  }
  bool operator==(const lane_counters&) const = default;
};

/// The source's end of a lane.
struct out_lane {
  std::string peer;                    ///< the target's name
  uuid peer_id;                        ///< nil until the first handshake
  bool is_closed = false;              ///< takes no calls; what is open in it is orphaned
  sequence_number next = 1;            ///< the next to be issued
  sequence_number sent_through = 0;    ///< above it nothing was ever transmitted
  sequence_number stored_through = 0;  ///< the target has said that it stored all up to here
  std::uint64_t tombstones = 0;        ///< in the outbox, not yet stored
  std::vector<lane_span> spans;        ///< ascending; the first one covers stored_through
  lane_counters counters;
};

/// The target's end of a lane. `index` stands for (source, lane) in the keys of the inbox; 0 is the lane to oneself.
struct in_lane {
  std::uint32_t index = 0;
  uuid source;
  lane_number lane = 0;
  std::string source_name;
  sequence_number mark =
      0;  ///< every sequence up to here was stored or consumed; compared and moved in one place
  std::uint64_t mark_nonce = 0;  ///< the start of the source that issued `mark`
  std::uint64_t stored = 0, executed = 0, expired = 0, dead = 0,
                dropped = 0;  ///< calls, not tombstones
};

/// What is known about a peer by name. Its uuid is bound by the first handshake.
struct peer_row {
  std::string name;
  uuid id;
  std::uint64_t incarnation = 0;
  std::uint64_t nonce = 0;
  std::optional<lane_number> lane;  ///< the open lane to it
  bool is_foreign = false;  ///< a foreign node: `id` is made of its name, `incarnation` its hellos
};

/// What the executor holds of a call while it is admitted, which is: running or about to run (inbox.hpp).
struct inbox_entry {
  std::uint32_t lane = 0;  ///< in_lane::index
  sequence_number sequence = 0;
  std::uint64_t mailbox = 0;
  std::uint64_t arrival = 0;
  std::uint64_t ticket = 0;  ///< of the durable range that says it is admitted
  node_time expires_at = 0;
  std::uint32_t attempt = 1;  ///< of the next start
  std::uint32_t kills = 0;    ///< how often the process died while it ran alone
  std::uint16_t failures = 0;
  std::int8_t priority = 0;
  bool is_suspect =
      false;  ///< the process died while it was admitted, at least twice: start it alone
  bool has_attempts = false;  ///< an attempt_record exists
};

/// What a transaction must know of the node around it.
struct ledger_host {
  const node_identity& self;
  node_time now = 0;
  std::int64_t wall_ns = 0;
  const admission_window& window;
  std::function<bool(std::string_view peer)> is_up;        ///< whether the link to a peer is up
  std::function<bool(std::string_view method)> is_served;  ///< whether a method is served here
};

/// One transaction. Rows are loaded once, changed in memory and written by `close`. It lives inside a body of
/// journal::commit and begins from scratch whenever the body is run again. What it notes (grown, outcomes, admitted, left)
/// is for those who must hear of it after the commit; the persistence actor tells them.
class ledger {
public:
  ledger(journal_writer& rows, const ledger_host& host);
  ledger(const ledger&) = delete;
  ledger& operator=(const ledger&) = delete;

  journal_writer& rows() { return rows_; }
  const ledger_host& host() const { return host_; }
  const node_identity& self() const { return host_.self; }
  node_time now() const { return host_.now; }

  out_lane& lane_out(lane_number lane);  ///< throws errc::journal_damaged when there is none
  lane_number lane_to(const std::string& peer);  ///< the open lane, made when there is none
  in_lane& lane_in(std::uint32_t index);
  in_lane& lane_from(const uuid& source, lane_number lane,
                     const std::string& source_name);  ///< made when there is none
  peer_row& peer(const std::string& name);

  /// A number that was never given out before: places in the order of arrival, tickets.
  std::uint64_t next_arrival();

  /// Takes a call into memory, if there is room for one more of its mailbox. A durable range says so from this commit on.
  bool try_admit(inbox_entry entry);

  /// The call is not admitted any more: it ended, or another index has it now.
  void leave(const inbox_entry& entry);

  /// The target's decision about a call, for its source.
  void note_outcome(std::uint32_t lane_index, sequence_number sequence, errc kind) {
    outcomes_[lane_index][sequence] = kind;
  }
  void note_grown(lane_number lane, sequence_number last) { grown_[lane] = last; }

  const std::map<lane_number, sequence_number>& grown() const { return grown_; }
  const std::map<std::uint32_t, std::map<sequence_number, errc>>& outcomes() const {
    return outcomes_;
  }
  const std::vector<inbox_entry>& admitted() const { return admitted_; }
  const std::vector<inbox_entry>& left() const { return left_; }

  /// The lanes to `peer`, as they are in this transaction.
  std::vector<lane_number> lanes_of(const std::string& peer);

  /// Writes what changed. Once, at the end of the body.
  void close();

private:
  /// A row, and its bytes as the store has them; none when it is new.
  template <class Row>
  struct loaded {
    Row row;
    std::string stored;
  };

  void write_outcomes();
  void write_admitted();

  journal_writer& rows_;
  const ledger_host& host_;
  std::map<lane_number, loaded<out_lane>> out_lanes_;
  std::map<std::uint32_t, loaded<in_lane>> in_lanes_;
  std::map<std::string, loaded<peer_row>> peers_;
  std::optional<std::uint64_t> arrivals_;
  std::map<lane_number, sequence_number> grown_;
  std::map<std::uint32_t, std::map<sequence_number, errc>> outcomes_;
  std::vector<inbox_entry> admitted_;
  std::vector<inbox_entry> left_;
  std::map<std::uint64_t, std::size_t> planned_;  ///< admitted here, by mailbox
};

// Read-only views for links, status and tools; from any snapshot.
std::optional<peer_row> find_peer(const journal_reader& rows, std::string_view name);
std::optional<out_lane> find_out_lane(const journal_reader& rows, lane_number lane);
std::optional<in_lane> find_in_lane(const journal_reader& rows, const uuid& source,
                                    lane_number lane);
std::optional<in_lane> find_in_lane(const journal_reader& rows, std::uint32_t index);
std::vector<peer_row> all_peers(const journal_reader& rows);
std::vector<std::pair<lane_number, out_lane>> all_out_lanes(const journal_reader& rows);
std::vector<in_lane> all_in_lanes(const journal_reader& rows);

// Keys of the inbox, the outbox and the indexes. Big-endian, so that order of bytes is order of numbers.
std::string lane_key(std::uint32_t lane);
std::string call_key(std::uint32_t lane, sequence_number sequence);
std::pair<std::uint32_t, sequence_number> read_call_key(std::string_view key);
std::string admitted_key(std::uint64_t ticket);

/// A durable range of admitted calls.
struct admitted_range {
  std::uint64_t ticket = 0;
  std::uint32_t lane = 0;
  sequence_number first = 0;
  sequence_number last = 0;
};
admitted_range read_admitted(const row& stored);

/// What an `outcomes` row says.
struct stored_outcome {
  sequence_number last = 0;
  errc kind = errc::none;
};
std::string encode_stored_outcome(const stored_outcome& outcome);
stored_outcome decode_stored_outcome(std::string_view record);

}  // namespace holdfast
