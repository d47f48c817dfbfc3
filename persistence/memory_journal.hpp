#pragma once

#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/journal.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast {

/// What survives the crash of a memory_journal: its acknowledged commits. One journal at a time may be
/// open on it, as with a data directory. A journal keeps its disk alive.
class memory_disk;

std::shared_ptr<memory_disk> make_memory_disk();

/// Another disk with the same durable rows, and no journal open on it.
std::shared_ptr<memory_disk> copy_of(const memory_disk& disk);

/// Rewrites durable rows behind the back of an open journal, as a failing disk does: `decay` gets each row of a table and
/// may change its value. Snapshots that were taken before are not affected.
void damage(memory_disk& disk, table_id table,
            function_ref<void(std::string_view key, std::string& value)> decay);

struct memory_journal_options {
  /// Called in every commit when the body has ended and nothing is durable yet: the moment of the
  /// flush. A simulation cuts the power here, by calling `crash`.
  std::function<void()> at_flush;
  std::uint64_t bytes_max = 0;                ///< quota for rows, 0 is none
  std::uint64_t reserve_bytes = 16ull << 20;  ///< part of the quota that only `shrinks` may use
};

/// The journal contract without a disk, for simulation and fast tests: deterministic, no files, no
/// clock, no threads of its own. Same keys, sizes and errors as lmdb_journal; the conformance suite
/// holds both to the same answers. Each row counts as its bytes plus `row_overhead_bytes`.
///
/// Destroying it is a clean stop. `crash` is the end of the machine.
class memory_journal final : public journal {
public:
  static constexpr std::uint64_t row_overhead_bytes = 32;

  /// Throws errc::journal_locked while another journal is open on `disk`.
  explicit memory_journal(std::shared_ptr<memory_disk> disk = make_memory_disk(),
                          memory_journal_options options = {});
  ~memory_journal() override;

  memory_journal(const memory_journal&) = delete;
  memory_journal& operator=(const memory_journal&) = delete;

  std::unique_ptr<journal_reader> read() const override;
  commit_result commit(growth kind, function_ref<void(journal_writer&)> body) override;
  journal_status status() const override;

  /// Cuts the power. The disk holds all acknowledged commits, and with `keep_in_flight` the one whose
  /// flush is running. From now on this journal answers journal_failed; open the next on the disk.
  void crash(bool keep_in_flight);

  void set_bytes_max(std::uint64_t bytes_max);  ///< from the next commit on

  const std::shared_ptr<memory_disk>& disk() const noexcept { return disk_; }

private:
  struct shared;

  std::shared_ptr<memory_disk> disk_;
  std::unique_ptr<shared> state_;
};

}  // namespace holdfast
