#include "tests/benchmark/bare_pair.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/window.hpp"

#include <holdfast/core/limits.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace bench {
namespace {

struct size_case {
  std::string name;
  std::size_t bytes;  ///< of the arguments as stored
};

const std::vector<size_case> sizes = {
    {"64 B", 64},          {"1 KiB", 1u << 10},
    {"16 KiB", 16u << 10}, {"256 KiB", 256u << 10},
    {"4 MiB", 4u << 20},   {"16 MiB", holdfast::limits::payload_bytes_max},
};

/// A thousand small ones, or as many as are 16 MiB, or four.
std::size_t window_of(std::size_t bytes) {
  return std::clamp<std::size_t>((16u << 20) / bytes, 4, 1000);
}

}  // namespace

void measure_sizes(bench_rig& rig) {
  for (auto& [name, bytes] : sizes) {
    const std::string content(bytes - 8, 'x');  // eight for the length of the text
    auto window = window_of(bytes);
    auto ours = windowed_rate(
        rig.seconds, window, [&] { return rig.nodes.target().queue_async(work, content); },
        still_open(rig.nodes.source()));
    auto folder = rig.fresh();
    auto bare = bare_pair_rate(rig.bare_address, folder, window, rig.seconds, bytes);
    std::filesystem::remove_all(folder);
    auto megabytes = static_cast<double>(bytes) / 1e6;
    rig.found.add("arguments of " + name + ", " + std::to_string(window) + " outstanding", "MB/s",
                  "pair of processes, LMDB and TCP", {ours * megabytes, bare * megabytes});
  }
}

}  // namespace bench
