#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/journal.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {

/// What was accepted in a story, who ran it, and what must have come of it when all has ended.
class story_promises {
public:
  struct item {
    std::string hub, id;
  };
  /// The rows of a node; null for one that does not run, or of which nothing is promised.
  using rows_of_node = std::function<std::unique_ptr<journal_reader>(const std::string&)>;

  struct outcome {
    std::uint64_t executed = 0, done = 0;
    std::vector<std::string> broken;  ///< in sentences that begin with the invariant's number
  };

  /// A numbered call must take effect once; `is_relayed`: a handler at `from` has queued it.
  void called(std::int64_t number, std::string from, std::string to, bool is_relayed = false) {
    calls_.push_back({number, std::move(from), std::move(to), is_relayed});
  }
  void submitted(std::int64_t number, item accepted, duration takes) {
    items_.emplace(number, std::move(accepted));
    all_work_ += takes;
    longest_work_ = std::max(longest_work_, takes);
  }
  /// A handler has begun.
  void runs(const std::string& item_id, std::uint64_t epoch, std::string worker) {
    runs_[{item_id, epoch}] = std::move(worker);
  }

  const std::map<std::int64_t, item>& items() const { return items_; }
  duration all_work() const { return all_work_; }          ///< one item after the other
  duration longest_work() const { return longest_work_; }  ///< of one item

  /// Without `is_all_owed` (a disk was lost) calls and items may have been lost with it, but none is done twice.
  outcome look(const rows_of_node& rows_of, bool is_all_owed) const;

private:
  struct call {
    std::int64_t number = 0;
    std::string from, to;
    bool is_relayed = false;
  };

  void look_at(const call& accepted, const journal_reader& rows, bool is_owed, outcome& to) const;
  void look_at(const item& accepted, const journal_reader& rows, bool is_owed, outcome& to) const;

  std::vector<call> calls_;
  std::map<std::int64_t, item> items_;
  std::map<std::pair<std::string, std::uint64_t>, std::string> runs_;  ///< (item, epoch) -> worker
  duration all_work_{}, longest_work_{};
};

}  // namespace holdfast
