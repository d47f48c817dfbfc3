#pragma once

#include <holdfast/core/function_ref.hpp>
#include <holdfast/core/limits.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace holdfast {

/// The journal: what a node keeps through restarts and power cuts. Ordered tables of bytes, one
/// writer, many readers.
///
///    handlers ---- read() ----> [ snapshot ][ snapshot ]     any thread, never blocked by commits
///                                     |
///    persistence actor -- commit(body) --> [ tables ] --flush--> disk, then `committed`
///
/// What the layers above lean on, and the conformance suite holds every store to:
///  - Atomic: of one commit's rows either all are there after a crash or none.
///  - Durable: what `commit` called `committed` survives power loss (J1, J2). The commit in flight
///    may be there or not.
///  - Isolated: a reader sees all commits that ended before it was taken, and nothing later.
///  - Ordered: keys compare as unsigned bytes, a prefix before what it begins.
///  - Bounded: keys 1 to `journal_key_bytes_max` bytes, values up to `journal_value_bytes_max`;
///    else errc::too_large, from the put that brought it. Lookups take any key: what cannot be stored is
///    not there.
///  - A full disk refuses growth in a word (`commit_result::full`) and loses nothing.
///  - After a failed flush nobody knows what the disk holds: everything answers journal_failed from
///    then on. The owner answers nothing more and ends the process with the reason; the next start
///    recovers (J2).

inline constexpr std::size_t journal_key_bytes_max = limits::stored_key_bytes_max;
inline constexpr std::size_t journal_value_bytes_max = limits::record_bytes_max;

/// The tables are fixed: a store creates all of them when it is made. The numbers are on disk only
/// through table_name().
enum class table_id : std::uint8_t {
  meta,  ///< one row per fact about the store itself: format, identity, incarnation
  out_lanes,
  outbox,
  in_lanes,
  inbox,
  ready,
  due,
  parked,
  admitted,
  outcomes,
  ended,
  dead,
  ids,
  expiries,
  attempts,
  state,
};

inline constexpr std::size_t table_count = static_cast<std::size_t>(table_id::state) + 1;

std::string_view table_name(table_id table) noexcept;

struct row {
  std::string_view key;
  std::string_view value;
};

/// One consistent snapshot. Views stay good until the reader dies; through a writer, until the next
/// put, append or erase. One thread at a time; it may be handed from thread to thread. Keep it
/// short: while it lives, the store cannot reuse the pages that later commits free, and the file
/// grows. It must not outlive its journal.
class journal_reader {
public:
  virtual ~journal_reader() = default;

  virtual std::optional<std::string_view> get(table_id table, std::string_view key) const = 0;

  /// The row with the lowest key >= `key`. An empty key means the first row.
  virtual std::optional<row> at_or_after(table_id table, std::string_view key) const = 0;

  /// The row with the highest key < `key`. No key is below the empty one: the empty key means
  /// "after the last row".
  virtual std::optional<row> before(table_id table, std::string_view key) const = 0;

  /// Rows with from <= key < to, ascending, until `visit` says false. An empty `to` means to the
  /// end. `visit` must not write through the writer that scans: collect first, then write.
  virtual void scan(table_id table, std::string_view from, std::string_view to,
                    function_ref<bool(row)> visit) const = 0;

  virtual std::uint64_t count(table_id table) const = 0;

  std::optional<row> first(table_id table) const { return at_or_after(table, {}); }
  std::optional<row> last(table_id table) const { return before(table, {}); }

protected:
  journal_reader() = default;
  journal_reader(const journal_reader&) = default;
  journal_reader& operator=(const journal_reader&) = default;
};

/// The body's hands. Reads see the body's own writes. `key` and `value` are copied. They may not be
/// views from this writer.
class journal_writer : public journal_reader {
public:
  virtual void put(table_id table, std::string_view key,
                   std::string_view value) = 0;  ///< inserts or replaces

  /// As put, for keys that nearly always come above every key of the table: fills pages completely.
  /// Any key is right.
  virtual void append(table_id table, std::string_view key, std::string_view value) = 0;

  virtual bool erase(table_id table, std::string_view key) = 0;  ///< whether it was there
};

/// What a commit does to the size of the store, as its author knows it. `grows` is refused when the
/// disk is full; `shrinks` goes on, on space set aside for it. Call it `shrinks` only when it frees
/// about what it writes, or more.
enum class growth : std::uint8_t { grows, shrinks };

enum class commit_result : std::uint8_t {
  committed,  ///< on disk, flushed
  full,  ///< nothing was written; come again when something was removed or the disk has space again
};

struct journal_status {
  std::uint64_t bytes_used = 0;  ///< pages that hold rows or the trees above them
  std::uint64_t bytes_free =
      0;  ///< pages inside the file that commits will reuse before the file grows
  std::uint64_t file_bytes = 0;  ///< length of the data file as far as pages were ever used
  std::uint64_t allocated_bytes =
      0;  ///< of the disk, set aside for the data file, the reserve included
  std::uint64_t reserve_bytes = 0;  ///< of these, what only `shrinks` commits may use
  std::uint64_t map_bytes = 0;      ///< address space; the file can grow to it without remapping
  std::uint64_t bytes_max = 0;      ///< the quota; 0 is none
  bool is_full = false;             ///< the last `grows` commit was refused
  bool is_failed = false;           ///< a flush failed; everything is refused
  std::uint64_t readers = 0;        ///< snapshots alive
  std::uint64_t commits = 0;        ///< since it was opened, those that wrote nothing excluded
  std::uint64_t refusals = 0;       ///< commits answered `full`
  std::uint64_t flushes = 0;        ///< what the commits cost
  std::uint64_t map_growths = 0;
};

class journal {
public:
  virtual ~journal() = default;

  /// Any thread, at any time, also while a commit runs. Cheap enough for one per call. A thread
  /// that holds one takes no second and does not commit: a store may have to wait for readers to
  /// end.
  virtual std::unique_ptr<journal_reader> read() const = 0;

  /// One at a time, whole on the calling thread. Durable when it returns `committed`. `body` may
  /// run more than once (the map grows, space ran out): it must begin from scratch each time and
  /// touch nothing outside but what it overwrites. If it throws, nothing is written and the
  /// exception leaves. Bodies that wrote nothing cost no flush. Throws error{journal_failed} when
  /// the flush failed; see above. Committing from inside a body is a bug.
  virtual commit_result commit(growth kind, function_ref<void(journal_writer&)> body) = 0;

  /// Any thread.
  virtual journal_status status() const = 0;
};

}  // namespace holdfast
