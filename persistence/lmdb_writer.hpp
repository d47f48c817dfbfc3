#pragma once

#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/lmdb_view.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace holdfast::detail {

/// Pages that a transaction may take: an upper bound, told before it is committed.
struct page_demand {
  std::uint64_t singles = 0;        ///< one at a time, any free page will do
  std::vector<std::uint32_t> runs;  ///< for large values: that many pages in a row each

  std::uint64_t total() const noexcept;
};

/// Thrown through a body whose write met the end of the map; nobody but lmdb_journal catches it.
struct map_exhausted {};

/// The body's hands over one LMDB write transaction. Keeps count of what the transaction may cost.
class lmdb_writer final : public lmdb_reading<journal_writer> {
public:
  lmdb_writer(MDB_txn* transaction, const table_handles& handles) : view_(transaction, handles) {}

  void put(table_id table, std::string_view key, std::string_view value) override;
  void append(table_id table, std::string_view key, std::string_view value) override;
  bool erase(table_id table, std::string_view key) override;

  bool wrote() const noexcept { return wrote_; }

  /// An error that the body met, even if it caught the exception: the transaction is lost.
  int failure() const noexcept { return failure_; }

  page_demand demand(std::uint64_t page_bytes) const;

private:
  struct cost {
    std::uint64_t operations = 0;
    std::uint64_t erases = 0;
  };

  const lmdb_view& view() const override { return view_; }
  void write(table_id table, std::string_view key, std::string_view value, bool ascending);
  [[noreturn]] void fail(int code, const char* doing);

  lmdb_view view_;
  std::array<cost, table_count> costs_;
  std::vector<std::uint64_t> large_values_;  // bytes of key and value each
  bool wrote_ = false;
  int failure_ = 0;
};

/// Whether that many pages can be had from those that earlier commits freed and that no reader of
/// commit `oldest` or later can see, plus `spare` pages at the end of the file.
bool free_pages_cover(MDB_env* environment, std::uint64_t oldest, page_demand demand,
                      std::uint64_t spare);

/// Pages that hold rows and the trees above them, LMDB's own included, as a transaction sees them.
std::uint64_t pages_in_use(MDB_txn* transaction, const table_handles& handles);

}  // namespace holdfast::detail
