#pragma once

#include <holdfast/runtime/simulation_story.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace holdfast {

struct shrink_result {
  story smallest;
  std::size_t runs = 0;  ///< that were tried
  bool is_minimal =
      false;  ///< no single act or node can be taken out; otherwise `runs_max` ended it
};

/// What remains of a failing story when every act, node and pause that the failure does not need is taken out: acts in halves,
/// quarters and so on (ddmin, Zeller and Hildebrandt 2002), then nodes that no act names, then time between the acts. What
/// remains may have another seed.
/// `fails` says whether a smaller story still fails in the same way, and is asked `runs_max` times at most.
shrink_result shrink(story failing, const std::function<bool(const story&)>& fails,
                     std::size_t runs_max = 5000);

/// How a story fails, so that a smaller one can be seen to fail in the same way: with the same end, by the same invariant,
/// and for what breaks in it. (A story that lost its only worker does not end either, but that is another story: without its
/// faults it must still be good, if the whole one is.)
class story_failure {
public:
  story_failure(const story& whole, const story_result& failed, story_options options);
  bool is_in(const story& smaller) const;

private:
  story_options options_;
  story_end end_;
  std::string invariant_;
  bool needs_faults_;
};

}  // namespace holdfast
