#pragma once

#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/core/clock.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

struct commit_notes;

/// Writes a node's journal: one commit at a time, and whoever must hear of it is told before the next one. The persistence
/// actor commits groups here. A thread outside the runtime that waits for a single operation commits it itself while
/// nobody else has anything to commit, which spares it two changes of threads.
class group_writer {
public:
  using operations = std::vector<std::shared_ptr<journal_operation>>;

  explicit group_writer(environment& env) : env_(env) {}

  /// All at once, behind the commit that is under way. Those that throw, and on a full disk those that grow the store, are
  /// refused, each for itself.
  void commit(const operations& group);

  /// On this thread, if no commit is under way or about to be. Otherwise nothing happened, and it is the persistence
  /// actor's.
  bool commit_if_idle(const std::shared_ptr<journal_operation>& operation);

  /// The persistence actor has something that it is about to commit, or has committed it.
  void expect_group(bool is_expected) { is_group_expected_ = is_expected; }

  /// Waits for a commit that is under way; none begins on an outside thread from now on.
  void close();

private:
  void write(const operations& group);
  void write_without_growth(const operations& group, bool had_growth);
  void write_alone(const std::shared_ptr<journal_operation>& operation);
  void run(const operations& group, journal_writer& rows, commit_notes& notes);
  bool hears(const std::string& peer) const;
  void tell(const operations& group, commit_notes& notes);

  environment& env_;
  std::atomic<bool> is_group_expected_{false};
  std::mutex mutex_;  // of all that follows, and of the journal
  bool is_closed_ = false;
  node_time stamped_ = 0;
  node_time told_deadline_ = 0;
  std::optional<error> last_failure_;
};

}  // namespace holdfast
