#pragma once

#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/journal.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

struct MDB_cursor;
struct MDB_env;
struct MDB_txn;

namespace holdfast::detail {

/// LMDB's number of each table's database, fixed while the environment is open.
using table_handles = std::array<unsigned, table_count>;

/// Turns an LMDB error code into the error that the layers above know. `doing` completes the
/// sentence "the journal failed while ...".
[[noreturn]] void throw_lmdb(int code, const char* doing);

/// The reading half of the contract over one LMDB transaction, with one cursor kept per table:
/// opening a cursor costs more than moving it. A reader's view outlives its transaction's resets
/// and keeps the cursors; a writer's cursors end with the transaction.
class lmdb_view {
public:
  lmdb_view(MDB_txn* transaction, const table_handles& handles) noexcept
      : transaction_(transaction), handles_(handles) {}

  lmdb_view(const lmdb_view&) = delete;
  lmdb_view& operator=(const lmdb_view&) = delete;

  std::optional<std::string_view> get(table_id table, std::string_view key) const;
  std::optional<row> at_or_after(table_id table, std::string_view key) const;
  std::optional<row> before(table_id table, std::string_view key) const;
  void scan(table_id table, std::string_view from, std::string_view to,
            function_ref<bool(row)> visit) const;
  std::uint64_t count(table_id table) const;

  MDB_txn* transaction() const noexcept { return transaction_; }
  unsigned handle(table_id table) const noexcept {
    return handles_[static_cast<std::size_t>(table)];
  }

  void renewed() noexcept;        ///< the reader's transaction was reset and renewed
  void close_cursors() noexcept;  ///< a reader's last act; a writer's cursors are closed by LMDB

private:
  struct slot {
    MDB_cursor* cursor = nullptr;
    bool stale = false;  // bound to the snapshot before the last renewal
    bool busy = false;   // a scan stands on it
  };
  class lease;

  MDB_txn* transaction_;
  const table_handles& handles_;
  mutable std::array<slot, table_count> slots_;
};

/// A journal_reader or journal_writer whose reading half is an lmdb_view.
template <class Base>
class lmdb_reading : public Base {
public:
  std::optional<std::string_view> get(table_id table, std::string_view key) const override {
    return view().get(table, key);
  }
  std::optional<row> at_or_after(table_id table, std::string_view key) const override {
    return view().at_or_after(table, key);
  }
  std::optional<row> before(table_id table, std::string_view key) const override {
    return view().before(table, key);
  }
  void scan(table_id table, std::string_view from, std::string_view to,
            function_ref<bool(row)> visit) const override {
    view().scan(table, from, to, visit);
  }
  std::uint64_t count(table_id table) const override { return view().count(table); }

protected:
  virtual const lmdb_view& view() const = 0;
};

}  // namespace holdfast::detail
