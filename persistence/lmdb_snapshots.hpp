#pragma once

#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/lmdb_view.hpp>

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace holdfast::detail {

/// Hands out readers over LMDB's read transactions, and can hold them off.
///
/// A transaction is made once and then reset and renewed: taking a reader costs a lock, a small
/// allocation and two atomic stores, which is why a handler may take one for every call. Any
/// thread.
///
/// LMDB must not move its map while a transaction reads from it: `pause` waits for the readers that
/// are out and keeps new ones waiting until `resume`.
class lmdb_snapshots {
public:
  lmdb_snapshots(MDB_env* environment, const table_handles& handles, unsigned readers_max) noexcept;
  ~lmdb_snapshots();  ///< all readers have ended

  lmdb_snapshots(const lmdb_snapshots&) = delete;
  lmdb_snapshots& operator=(const lmdb_snapshots&) = delete;

  /// Throws errc::too_large while `readers_max` are out: somebody keeps them.
  std::unique_ptr<journal_reader> take();

  /// Runs `use` on a snapshot that `take` would give out, also when all are out.
  void look(function_ref<void(MDB_txn*)> use);

  /// Throws errc::wrong_context, instead of waiting for ever, when this thread took one of them.
  void pause();
  void resume() noexcept;

  std::uint64_t alive() const;

  /// Number of the oldest commit that a reader still sees; the highest number when there is none.
  std::uint64_t oldest() const;

private:
  struct slot;
  class reader;

  slot& acquire(std::uint64_t alive_max);
  void begin(slot& taken);
  void release(slot& used) noexcept;

  MDB_env* environment_;
  const table_handles& handles_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<slot>> slots_;  // all that were ever made
  std::vector<slot*> idle_;
  const unsigned readers_max_;
  std::uint64_t alive_ = 0;
  bool paused_ = false;
};

}  // namespace holdfast::detail
