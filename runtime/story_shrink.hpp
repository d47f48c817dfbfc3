#pragma once

#include <holdfast/runtime/simulation_story.hpp>

#include <cstddef>
#include <functional>

namespace holdfast {

struct shrink_result {
  story smallest;
  std::size_t runs = 0;  ///< that were tried
  bool is_minimal =
      false;  ///< no single act or node can be taken out; otherwise `runs_max` ended it
};

/// What remains of a failing story when every act, node and pause that the failure does not need is taken out: acts in halves,
/// quarters and so on (ddmin, Zeller and Hildebrandt 2002), then nodes that no act names, then time between the acts.
/// `fails` says whether a smaller story still fails in the same way, and is asked `runs_max` times at most.
shrink_result shrink(story failing, const std::function<bool(const story&)>& fails,
                     std::size_t runs_max = 2000);

/// Whether two results fail in the same way: the same end, by the same invariant.
bool is_same_failure(const story_result& left, const story_result& right);

}  // namespace holdfast
