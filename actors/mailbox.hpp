#pragma once

#include <holdfast/actors/gathered_results.hpp>
#include <holdfast/actors/registry.hpp>
#include <holdfast/actors/task.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace holdfast {

class commit_batch;

/// The calls and messages of one (service, key) that are in memory, in the order in which they run: durable calls by
/// priority and arrival, messages as they came, the two kinds by turns. Pure: no clock, no actor.
///
/// With a concurrency of 1 the mailbox runs ahead of the disk: the next task sees what the one before has written, and
/// commits behind it. If a commit is refused, what came behind it is run again, in order, from the point that failed.
class mailbox {
public:
  explicit mailbox(service_options options) : options_(options) {}

  const service_options& options() const { return options_; }

  void add(const inbox_entry& entry) { calls_.emplace(place_of(entry), entry); }
  void add(std::shared_ptr<const task_message> message) {
    messages_.push_back({{}, std::move(message), 0});
  }

  /// Work that was handed out and is to run again: calls take their place, messages go to the front, in their order.
  void put_back(std::vector<task_item> items) {
    for (auto i = items.rbegin(); i != items.rend(); ++i)
      if (i->message)
        messages_.push_front(std::move(*i));
      else
        calls_.insert_or_assign(place_of(i->entry), i->entry);
  }

  /// Takes a call out, if it is here and not running.
  bool remove(std::uint32_t lane, sequence_number sequence, inbox_entry& out) {
    for (auto i = calls_.begin(); i != calls_.end(); ++i)
      if (i->second.lane == lane && i->second.sequence == sequence) {
        out = i->second;
        calls_.erase(i);
        return true;
      }
    return false;
  }

  bool has_work() const { return !calls_.empty() || !messages_.empty(); }
  bool is_idle() const {
    return !has_work() && running == 0 && committing == 0 && rerun.empty() && unstorable.empty();
  }
  const inbox_entry* first_call() const {
    return calls_.empty() ? nullptr : &calls_.begin()->second;
  }

  /// Whether a task may start now.
  bool may_start(node_time now) const {
    if (!has_work() || is_broken || running >= options_.concurrency)
      return false;
    if (results_ahead >= results_ahead_max || bytes_ahead >= bytes_ahead_max || full_until > now
        || (careful > 0 && committing >= layers_max))
      return false;
    return blocked_until <= now || !messages_.empty();
  }

  /// Takes all messages out: the node stops.
  std::deque<task_item> take_messages() { return std::exchange(messages_, {}); }

  /// The next things to run. Messages and calls by turns; with `alone`, one call. While a failing call of an ordered mailbox
  /// waits, messages alone.
  std::vector<task_item> take(std::size_t most, node_time now, bool alone) {
    std::vector<task_item> items;
    if (!alone)
      for (; !messages_.empty() && items.size() < most / 2 + 1; messages_.pop_front())
        items.push_back(std::move(messages_.front()));
    if (blocked_until > now)
      return items;
    while (!calls_.empty() && items.size() < (alone ? 1 : most)) {
      auto& first = calls_.begin()->second;
      if (first.is_suspect && !alone)
        break;
      items.push_back({first, nullptr, 0});
      calls_.erase(calls_.begin());
    }
    return items;
  }

  // Kept by the executor.
  unsigned running = 0;     ///< tasks on handler threads, or waiting for an actor's reply
  unsigned committing = 0;  ///< batches of results on their way to disk
  std::size_t results_ahead = 0, bytes_ahead = 0;  ///< in these batches, and gathered
  gathered_results gathered;                       ///< for the next batch
  unsigned careful =
      0;  ///< so many tasks of one call each, until the call that cannot commit is found
  bool is_broken = false;        ///< a commit was refused: nothing starts until all is back
  bool is_queued = false;        ///< stands in the executor's queue
  node_time blocked_until = 0;   ///< the head of an ordered mailbox waits for its next attempt
  node_time full_until = 0;      ///< a commit found the disk full: messages wait like calls
  std::vector<task_item> rerun;  ///< what the refused commits hold, in order
  std::vector<std::pair<task_item, std::string>>
      unstorable;                      ///< what cannot be committed as it is, and why
  std::shared_ptr<commit_batch> last;  ///< the last batch under way
  std::vector<std::shared_ptr<const overlay>>
      below;  ///< written by batches, not yet on disk, newest first

  /// Whether results wait for others, so that a run does not have to look through ever more layers.
  bool gathers() const { return !gathered.is_empty() || below.size() >= layers_max; }

  /// What is written and not yet on disk, newest first: what a run that starts now sees.
  std::vector<std::shared_ptr<const overlay>> layers() const {
    auto all = gathered.layers();
    all.insert(all.end(), below.begin(), below.end());
    return all;
  }

  /// How far a mailbox runs ahead of the disk: what a commit that is refused has to be run again, and kept in memory. As many
  /// results as there are calls of a mailbox in memory (limits::admitted_calls_per_mailbox_max).
  static constexpr std::size_t results_ahead_max = 1024;
  static constexpr std::size_t bytes_ahead_max = 16u << 20;

  /// Batches under way that wrote rows.
  static constexpr std::size_t layers_max = 4;

private:
  using place = std::tuple<int, std::uint64_t>;
  static place place_of(const inbox_entry& entry) { return {-entry.priority, entry.arrival}; }

  service_options options_;
  std::map<place, inbox_entry> calls_;
  std::deque<task_item> messages_;
};

}  // namespace holdfast
