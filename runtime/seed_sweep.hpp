#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace holdfast {

/// What became of one seed, as its process said it; a process that died says nothing more than that.
struct seed_result {
  std::uint64_t seed = 0;
  std::string end;      ///< "good", "safety", "liveness", "crash"
  std::string finding;  ///< the first one
  std::uint64_t steps = 0;
};

/// Runs `count` seeds from `first` on, each in one of `processes` processes of its own kind, so that one that ends badly
/// takes no other along. `run` is called in a child, which was forked before this process had other threads. `progress` is
/// told how many are done and how many of these are bad. The results are in the order of the seeds.
std::vector<seed_result> sweep_seeds(
    std::uint64_t first, std::uint64_t count, unsigned processes,
    const std::function<seed_result(std::uint64_t seed)>& run,
    const std::function<void(std::size_t done, std::size_t bad)>& progress);

}  // namespace holdfast
