// ./run chaos [ITEMS [SECONDS [SEED]]]: a controller and ten workers of five types, one of them killed every two seconds.

#include "tests/crash/work_chaos.hpp"

#include <cstdlib>
#include <iostream>
#include <random>
#include <unistd.h>

int main(int argc, char** argv) {
  holdfast::crash::chaos_plan plan;
  plan.items = argc > 1 ? std::atoi(argv[1]) : 1000;
  plan.seconds = argc > 2 ? std::atoi(argv[2]) : 300;
  plan.seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device()();
  bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  plan.progress = [&](const std::string& line) {
    std::cerr << (is_terminal ? "\r\033[K" : "") << line << (is_terminal ? "" : "\n") << std::flush;
  };
  std::cout << "seed              " << plan.seed << std::endl;
  auto report = holdfast::crash::run_chaos(plan);
  std::cerr << (is_terminal ? "\r\033[K" : "");
  std::cout << report << (report.is_good() ? "good" : "NOT GOOD") << "\n";
  return report.is_good() ? 0 : 1;
}
