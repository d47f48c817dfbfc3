#pragma once

#include <holdfast/actors/gathered_results.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/actors/task.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace holdfast {

/// Results of one mailbox on their way to disk: an operation of the persistence actor. Results commit in order; from the
/// first one that read something that has changed since, or that stands behind a batch that was refused, none does.
/// What was refused is run again.
class commit_batch final : public journal_operation,
                           public std::enable_shared_from_this<commit_batch> {
public:
  using settled_callback = std::function<void(std::shared_ptr<commit_batch>)>;

  /// `before`: the batch that this one was run on top of, if that is still on its way.
  commit_batch(std::uint64_t mailbox, std::vector<run_result> results,
               std::shared_ptr<commit_batch> before, settled_callback settled);

  void apply(ledger& books) override;
  void done(const error* refusal) noexcept override;

  /// Only for an effectless batch with nothing before it under way.
  void settle_without_commit();

  // After it has settled, for the executor.
  std::uint64_t mailbox() const { return mailbox_; }
  std::vector<run_result>& results() { return results_; }
  std::size_t committed() const { return committed_; }  ///< of the results, from the first one on
  errc refusal() const { return refusal_; }  ///< disk_full, or why a member could not be applied
  const std::string& refusal_text() const { return refusal_text_; }

  /// What the results have written, for the runs behind them.
  const std::shared_ptr<const overlay>& layer() const { return layer_; }

  /// About what they write.
  static std::size_t bytes_of(const std::vector<run_result>& results);

  /// Nothing of this batch needs the disk: it may be taken as settled if nothing before it is on its way.
  bool is_effectless() const;

private:
  static growth growth_of(const std::vector<run_result>& results);

  std::uint64_t mailbox_;
  std::vector<run_result> results_;
  std::shared_ptr<commit_batch> before_;
  std::shared_ptr<const overlay> layer_;
  settled_callback settled_;
  bool is_broken_ = false;  ///< something of it, or of a batch before it, was refused
  std::size_t committed_ = 0;
  errc refusal_ = errc::none;
  std::string refusal_text_;
};

}  // namespace holdfast
