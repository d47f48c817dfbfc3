#pragma once

#include <holdfast/persistence/journal.hpp>

#include <atomic>
#include <cstdint>

namespace holdfast {

/// A journal that goes wrong when it is told to, for tests of those who use one. Wraps another, which
/// must outlive it, and passes everything on until the moment comes.
///
/// Faults are set from the thread that commits. Commits are counted from 1, from the wrapping on,
/// refused and failed ones included.
class faulty_journal final : public journal {
public:
  enum class fault : std::uint8_t {
    full,          ///< the commit is answered `full`, nothing is written
    lost_flush,    ///< journal_failed, and the commit is not on disk
    late_failure,  ///< journal_failed, and the commit is on disk: nobody can tell it from lost_flush
  };

  explicit faulty_journal(journal& wrapped) noexcept : wrapped_(wrapped) {}

  /// The commit with that number meets the fault. One is planned at a time; 0 plans none.
  void fail_commit(std::uint64_t number, fault how) noexcept;
  void fail_next_commit(fault how) noexcept { fail_commit(commits_ + 1, how); }

  /// While set, every `grows` commit is answered `full`; with `all`, the others too.
  void set_full(bool grows, bool all = false) noexcept;

  std::uint64_t commits_seen() const noexcept { return commits_; }
  std::uint64_t reads_seen() const noexcept { return reads_; }

  std::unique_ptr<journal_reader> read() const override;
  commit_result commit(growth kind, function_ref<void(journal_writer&)> body) override;
  journal_status status() const override;

private:
  void check() const;
  void run_and_undo(growth kind, function_ref<void(journal_writer&)> body);

  journal& wrapped_;
  std::uint64_t commits_ = 0;
  std::uint64_t fault_at_ = 0;
  fault fault_ = fault::full;
  bool grows_full_ = false;
  bool all_full_ = false;
  std::atomic<bool> is_full_ = false;
  std::atomic<bool> is_failed_ = false;
  std::atomic<std::uint64_t> refusals_ = 0;
  mutable std::atomic<std::uint64_t> reads_ = 0;
};

}  // namespace holdfast
