#pragma once

#include <holdfast/core/clock.hpp>

#include <cstdint>
#include <string>

namespace holdfast {

struct story_result;

/// What this process has used since the object was made, in the machine's own time: what a simulation costs, never what it
/// comes to.
class run_cost {
public:
  run_cost();

  /// "real 61 s, processor 60 s, at most 812 MiB; of a processor second: 1667 calls, 930000 turns; 59 simulated seconds a
  /// real one"
  std::string of(const story_result& result) const;

private:
  std::int64_t real_ns_, processor_ns_;
};

}  // namespace holdfast
