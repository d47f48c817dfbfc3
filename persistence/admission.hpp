#pragma once

#include <holdfast/core/limits.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace holdfast {

/// Which part of the inbox is in memory: how many calls are admitted, per mailbox and per durable range (`ticket`). The
/// persistence actor keeps it in step with what was committed (ledger::admitted, ledger::left). Any thread may look.
///
/// A mailbox that has nothing admitted always gets a place (up to four times the whole), so that slow mailboxes cannot
/// crowd out the others.
class admission_window {
public:
  /// How many more calls of `mailbox` may be admitted when `planned` of it and `planned_all` in all are on their way.
  std::size_t room_of(std::uint64_t mailbox, std::size_t planned, std::size_t planned_all) const {
    std::lock_guard guard(mutex_);
    auto i = mailboxes_.find(mailbox);
    auto mine = (i == mailboxes_.end() ? 0 : i->second) + planned;
    auto all = total_ + planned_all;
    if (all >= limits::admitted_calls_max)
      return mine == 0 && all < 4 * limits::admitted_calls_max ? 1 : 0;
    if (mine >= limits::admitted_calls_per_mailbox_max)
      return 0;
    return std::min(limits::admitted_calls_per_mailbox_max - mine,
                    limits::admitted_calls_max - all);
  }

  void add(std::uint64_t mailbox, std::uint64_t ticket) {
    std::lock_guard guard(mutex_);
    ++mailboxes_[mailbox];
    ++tickets_[ticket];
    ++total_;
  }

  void remove(std::uint64_t mailbox, std::uint64_t ticket) {
    std::lock_guard guard(mutex_);
    --total_;
    if (auto i = mailboxes_.find(mailbox); --i->second == 0)
      mailboxes_.erase(i);
    if (auto i = tickets_.find(ticket); --i->second == 0)
      tickets_.erase(i);
  }

  /// Calls still admitted under a durable range.
  std::size_t open_of(std::uint64_t ticket) const {
    std::lock_guard guard(mutex_);
    auto i = tickets_.find(ticket);
    return i == tickets_.end() ? 0 : i->second;
  }

  std::size_t total() const {
    std::lock_guard guard(mutex_);
    return total_;
  }

private:
  mutable std::mutex mutex_;
  std::unordered_map<std::uint64_t, std::size_t> mailboxes_;  // looked up only, never walked
  std::unordered_map<std::uint64_t, std::size_t> tickets_;
  std::size_t total_ = 0;
};

}  // namespace holdfast
