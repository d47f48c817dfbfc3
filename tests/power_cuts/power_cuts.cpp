// ./run power_cuts [SEED]: power cuts at every boundary of what two nodes write, with every image that each may leave, and
// a table of how many were tried. `power_cuts open FOLDER` opens one store and prints what is in it, as a number.

#include "tests/power_cuts/images.hpp"
#include "tests/power_cuts/memory_cuts.hpp"
#include "tests/power_cuts/story_cuts.hpp"

#include <chrono>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <string_view>
#include <thread>

namespace holdfast::power_cuts {
namespace {

using steady = std::chrono::steady_clock;

void show_head() {
  std::cout << std::left << std::setw(42) << "scenario" << std::right << std::setw(9) << "commits"
            << std::setw(8) << "cuts" << std::setw(9) << "at once" << std::setw(10) << "subsets"
            << std::setw(9) << "bounded" << std::setw(9) << "torn" << std::setw(9) << "sampled"
            << std::setw(10) << "repeated" << std::setw(11) << "continued" << std::setw(9)
            << "damaged" << std::setw(12) << "violations" << std::setw(9) << "seconds" << std::endl;
}

/// Runs one line of the table. A canary is good when something was found.
bool show(const char* name, bool is_canary, const std::function<cut_report()>& run) {
  const auto begun = steady::now();
  const auto report = run();
  const std::chrono::duration<double> passed = steady::now() - begun;
  const bool is_good = (report.violations != 0) == is_canary;
  std::cout << std::left << std::setw(42) << name << std::right << std::setw(9) << report.commits
            << std::setw(8) << report.cuts << std::setw(9) << report.units_max << std::setw(10)
            << report.images[0] << std::setw(9) << report.images[1] << std::setw(9)
            << report.images[2] << std::setw(9) << report.images[3] << std::setw(10)
            << report.repeated << std::setw(11) << report.continued << std::setw(9)
            << report.damaged << std::setw(12) << report.violations << std::setw(9) << std::fixed
            << std::setprecision(1) << passed.count()
            << (is_good     ? ""
                : is_canary ? "  NOT FOUND"
                            : "  VIOLATED")
            << std::endl;
  for (std::size_t i = 0; i < (is_canary ? std::size_t{1} : report.examples.size()); ++i)
    if (i < report.examples.size())
      std::cout << "    " << report.examples[i] << std::endl;
  return is_good;
}

cut_options long_run(std::uint64_t seed) {
  cut_options options;
  options.calls = 16;
  options.limits.tears = tear_patterns::all;
  options.limits.samples = 128;
  options.limits.seed = seed;
  options.continue_every = 32;
  options.processes = std::max(1u, std::thread::hardware_concurrency());
  return options;
}

cut_options large(std::uint64_t seed) {
  auto options = long_run(seed);
  options.calls = options.together = 12;
  options.limits.tears = tear_patterns::few;
  return options;
}

cut_options again(std::uint64_t seed) {
  auto options = long_run(seed);
  options.calls = 3;
  options.limits = {.subsets_max = 64, .samples = 8, .seed = seed};
  return options;
}

cut_options canary(dropped_syncs dropped, std::uint64_t seed) {
  auto options = long_run(seed);
  options.limits = {
      .subsets_max = 16, .samples = 4, .seed = seed};  // few of each cut, but of many cuts
  options.together = 3;
  options.dropped = dropped;
  options.images_max = 2000;
  return options;
}

int run(std::uint64_t seed) {
  std::cout << "seed " << seed << "\n";
  show_head();
  bool is_good = true;
  is_good &= show("two nodes, LMDB files", false, [&] { return try_story_cuts(long_run(seed)); });
  is_good &= show("two nodes, large commits", false, [&] { return try_story_cuts(large(seed)); });
  is_good &= show("two nodes, cut twice", false, [&] { return try_second_cuts(again(seed), 8); });
  is_good &= show("making of a store, killed, then cut", false, [&] {
    return try_cuts_after_kills({.tears = tear_patterns::all, .seed = seed});
  });
  is_good &= show("two nodes, memory", false, [] { return try_memory_cuts(16, false); });
  is_good &= show("two nodes, memory, cut twice", false, [] { return try_memory_cuts(8, true); });
  is_good &= show("canary: pages not flushed", true,
                  [&] { return try_story_cuts(canary({.of_data = true, .honoured = 6}, seed)); });
  is_good &= show("canary: meta pages not flushed", true,
                  [&] { return try_story_cuts(canary({.of_meta = true, .honoured = 6}, seed)); });
  is_good &= show("canary: folders not flushed", true,
                  [&] { return try_story_cuts(canary({.of_folders = true}, seed)); });
  std::cout << (is_good ? "good" : "NOT GOOD") << std::endl;
  return is_good ? 0 : 1;
}

}  // namespace
}  // namespace holdfast::power_cuts

int main(int argc, char** argv) try {
  if (argc == 3 && std::string_view(argv[1]) == "open") {
    std::cout << holdfast::power_cuts::reopen_and_digest(argv[2]) << "\n";
    return 0;
  }
  return holdfast::power_cuts::run(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1);
} catch (const std::exception& problem) {
  std::cerr << problem.what() << "\n";
  return 1;
}
