// ./run crash [ROUNDS [CALLS-EACH [SEED]]]: the crash test at full length, with a report.

#include "tests/crash/rounds.hpp"

#include <cstdlib>
#include <iostream>
#include <random>
#include <unistd.h>

int main(int argc, char** argv) {
  holdfast::crash::round_plan plan;
  plan.rounds = argc > 1 ? std::atoi(argv[1]) : 100;
  plan.calls_each = argc > 2 ? std::atoi(argv[2]) : 400;
  plan.seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : std::random_device()();
  plan.is_on_disk = true;
  bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  plan.progress = [&](const std::string& line) {
    std::cerr << (is_terminal ? "\r\033[K" : "") << line << (is_terminal ? "" : "\n") << std::flush;
  };
  std::cout << "seed              " << plan.seed << "\nrounds            " << plan.rounds
            << std::endl;
  auto report = holdfast::crash::run_rounds(plan);
  std::cerr << (is_terminal ? "\r\033[K" : "");
  std::cout << report << (report.is_good() ? "good" : "NOT GOOD") << "\n";
  return report.is_good() ? 0 : 1;
}
