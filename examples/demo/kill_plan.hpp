#pragma once

#include <cstdint>
#include <deque>
#include <random>

namespace demo {

/// At which progress a process is killed: one moment in each of `kills` equal parts of the work, drawn from the seed.
class kill_plan {
public:
  kill_plan(std::mt19937_64& random, unsigned kills, std::uint64_t work) {
    for (unsigned i = 0; i < kills; ++i) {
      auto from = work * i / kills;
      auto to = work * (i + 1) / kills;
      moments_.push_back(from + random() % (to - from + 1));
    }
  }

  bool is_due(std::uint64_t progress) const {
    return !moments_.empty() && progress >= moments_.front();
  }
  void done() { moments_.pop_front(); }

private:
  std::deque<std::uint64_t> moments_;
};

}  // namespace demo
