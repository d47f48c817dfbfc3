#pragma once

#include <holdfast/persistence/data_directory.hpp>
#include <holdfast/persistence/lmdb_view.hpp>

#include <cstdint>
#include <filesystem>

namespace holdfast::detail {

/// One LMDB environment on `DIR/journal.mdb`: made whole or not at all, opened, its tables known.
///
/// A new store is built beside its name, flushed and renamed, so that a power cut while it is made
/// leaves none. Opening flushes what a process that was killed may have left to the kernel, checks
/// the format row and removes what dead readers left. LMDB flushes every commit (neither
/// MDB_NOSYNC, MDB_NOMETASYNC nor MDB_WRITEMAP), and readers belong to objects, not to threads
/// (MDB_NOTLS).
class lmdb_environment {
public:
  struct settings {
    std::uint64_t map_bytes;
    bool read_only;
    unsigned readers_max;
  };

  lmdb_environment(const data_directory& directory, const settings& how);
  ~lmdb_environment();

  lmdb_environment(const lmdb_environment&) = delete;
  lmdb_environment& operator=(const lmdb_environment&) = delete;

  MDB_env* get() const noexcept { return environment_; }
  const table_handles& handles() const noexcept { return handles_; }
  std::uint64_t page_bytes() const noexcept { return page_bytes_; }
  int file() const;  ///< LMDB's own descriptor of the data file
  std::uint64_t map_bytes() const;
  std::uint64_t file_bytes() const;  ///< up to the last page that was ever used

  /// Doubles the map, or grows it as far as the address space allows. False when it cannot grow. No
  /// transaction may be open in this process.
  bool grow_map();

private:
  void open(const std::filesystem::path& file, const settings& how);
  void open_tables(const settings& how);

  MDB_env* environment_ = nullptr;
  table_handles handles_{};
  std::uint64_t page_bytes_ = 0;
};

}  // namespace holdfast::detail
