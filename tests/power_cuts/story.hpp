#pragma once

#include "tests/power_cuts/node.hpp"

#include <cstddef>
#include <set>
#include <string>

namespace holdfast::power_cuts {

/// What the callers of alpha know: outside all disks, it survives every cut.
struct promises {
  unsigned attempted = 0;   ///< calls 1 to this were queued, or the power went while they were
  std::set<unsigned> held;  ///< those whose `queue` returned
};

/// The bounded scenario. Alpha queues numbered calls to beta, small ones and some that fill pages of their own; they are
/// handed over, run at beta, reported, removed. Some fail once, every fifth becomes a dead letter, and every third handler
/// queues an answer to alpha in its own transaction. Each step looks at the two journals alone, so that `play` goes on from
/// whatever a cut has left, and ends when everything has ended.
class story {
public:
  /// Alpha queues `calls`, so many `together` in one commit.
  story(cut_node& alpha, cut_node& beta, promises& told, unsigned calls, unsigned together = 1)
      : alpha_(alpha), beta_(beta), told_(told), calls_(calls), together_(together) {}

  void start();  ///< those of the two that do not run
  void
  play();  ///< throws std::runtime_error, with the invariant's number, when it cannot be brought to an end
  void lose_link();

  /// C1 to C4 and J3 over both stores, at any moment. Throws as `play`.
  void check() const;
  void check_end() const;  ///< after `play`: everything happened, once and in order

private:
  void queue_next();
  void hand_over(cut_node& source, cut_node& target);
  void work(cut_node& node);
  void execute(cut_node& node, const inbox_entry& entry);
  void report(cut_node& target, cut_node& source);
  bool is_done() const;

  cut_node& alpha_;
  cut_node& beta_;
  promises& told_;
  unsigned calls_;
  unsigned together_;
};

/// J3 for a store in any state: each call in it is what was queued, or its checksums say that it is not. Returns how many
/// are damaged.
std::size_t count_damaged(const journal_reader& rows);

}  // namespace holdfast::power_cuts
