#pragma once

#include <holdfast/persistence/journal.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace holdfast {

struct lmdb_journal_options {
  std::uint64_t bytes_max = 0;                ///< quota for the data file, 0 is none
  std::uint64_t map_bytes = 64ull << 30;      ///< address space to begin with; see below
  bool read_only = false;                     ///< for inspection while no node runs
  unsigned readers_max = 1024;                ///< snapshots alive at once
  std::uint64_t reserve_bytes = 16ull << 20;  ///< of the disk, for `shrinks` commits alone
};

/// The journal on disk, in one LMDB environment: `DIR/journal.mdb`, owner only. See
/// docs/journal_format.md for what is in it.
///
/// Owns the data directory: locked from construction to destruction against other processes and
/// against a second open in this one. One object for the life of the process: LMDB's file locks do
/// not survive a second open of the same file.
///
/// Address space. LMDB maps the whole file, and may move the map only while nobody reads. So 64 GiB
/// (or four times the file) are mapped from the start: read-only pages of a file, which cost no
/// memory, no commit charge and no disk until they are touched, and 64 GiB of them fit a 39-bit
/// address space several times. Where the limit is lower (RLIMIT_AS) less is taken. When a store
/// outgrows its map, commit doubles it: it waits until the readers that are out have ended, and new
/// ones wait for it.
///
/// Disk. Room is set aside ahead of use (disk_space.hpp), so that a commit does not meet a full
/// disk in the middle; `reserve_bytes` of it are kept for `shrinks` commits. Whether a `grows`
/// commit fits is judged by an upper bound of the pages that it may take, against the room at the
/// end of the file and, when that is used up, against the pages that earlier commits freed. Nothing
/// has to be told when space returns: the next commit asks again.
///
/// Errors: errc::journal_locked, journal_format, journal_damaged, bad_config and disk_full from the
/// constructor, always with the file's name; journal_failed from any function after a failed flush.
class lmdb_journal final : public journal {
public:
  explicit lmdb_journal(std::filesystem::path directory, const lmdb_journal_options& options = {});
  ~lmdb_journal() override;  ///< all readers have ended

  lmdb_journal(const lmdb_journal&) = delete;
  lmdb_journal& operator=(const lmdb_journal&) = delete;

  std::unique_ptr<journal_reader> read() const override;
  commit_result commit(growth kind, function_ref<void(journal_writer&)> body) override;
  journal_status status() const override;

  void set_bytes_max(std::uint64_t bytes_max) noexcept;  ///< any thread; from the next commit on

  const std::filesystem::path& directory() const noexcept;

private:
  struct engine;

  std::unique_ptr<engine> engine_;
};

}  // namespace holdfast
