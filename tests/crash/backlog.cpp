// ./run backlog [CALLS]: nodes that start with so many calls waiting. The first execution is to come within a second of the
// process's start, the memory beyond the mapped file to stay below 100 MiB.

#include "tests/crash/backlog_run.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iomanip>
#include <iostream>

namespace {

using namespace holdfast::crash;

bool show(const char* where, const backlog_figures& figures) {
  auto mib = [](std::int64_t kb) { return static_cast<double>(kb) / 1024; };
  bool is_good = figures.first_ms <= 1000 && figures.most_anon_kb < 100 * 1024;
  std::cout << std::fixed << std::setprecision(1) << std::left << std::setw(18) << where
            << std::right << std::setw(10) << figures.waiting << std::setw(12)
            << figures.filled_seconds << std::setw(12) << figures.first_ms << std::setw(12)
            << mib(figures.first_anon_kb) << std::setw(12) << mib(figures.most_anon_kb)
            << std::setw(12) << mib(figures.most_file_kb) << "   "
            << (is_good ? "good" : "NOT GOOD") << std::endl;
  return is_good;
}

}  // namespace

int main(int argc, char** argv) try {
  backlog_plan plan;
  plan.calls = argc > 1 ? std::max(100LL, std::atoll(argv[1])) : 1'000'000;
  plan.watched = std::min<std::int64_t>(plan.watched, plan.calls / 2);
  plan.progress = [](const std::string& line) { std::cerr << line << std::endl; };
  auto inbox = run_inbox_backlog(plan);
  auto outbox = run_outbox_backlog(plan);
  std::cout
      << "backlog in            calls    filled s    first ms   MiB then    MiB most  MiB mapped\n";
  bool is_good = show("target's inbox", inbox);
  is_good = show("source's outbox", outbox) && is_good;
  return is_good ? 0 : 1;
} catch (const std::exception& problem) {
  std::cerr << problem.what() << "\n";
  return 1;
}
