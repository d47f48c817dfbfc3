// ./run moves [ROUNDS]: how long from a worker's death until its item runs elsewhere, at the default settings: from the
// signal to the first line of the command that the other worker has started. 100 ms for a dead one, where its closed link
// is death enough or where it is proven so that no grace is waited out; the silence bound more for a frozen one.

#include "tests/crash/work_site.hpp"

#include <holdfast/actors/sockets.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <iomanip>
#include <iostream>
#include <poll.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

namespace holdfast::crash {
namespace {

using steady = std::chrono::steady_clock;

/// What the started commands tell, at the moment they tell it.
class starts {
public:
  explicit starts(const std::filesystem::path& path) : path_(path) {
    if (::mkfifo(path.c_str(), 0600) != 0)
      throw std::runtime_error("there is no pipe at " + path.string());
    end_ = sockets::descriptor(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  }
  const std::filesystem::path& path() const { return path_; }

  /// The name of the worker that started one.
  std::string next() {
    std::array<char, 64> line{};
    pollfd waits{end_.get(), POLLIN, 0};
    if (::poll(&waits, 1, static_cast<int>(patience.count())) <= 0)
      throw std::runtime_error("no command starts");
    auto got = ::read(end_.get(), line.data(), line.size());
    return {line.data(), static_cast<std::size_t>(std::max<ssize_t>(got - 1, 0))};
  }

private:
  std::filesystem::path path_;
  sockets::descriptor end_;
};

class moves_bench {
public:
  /// True if all bounds are kept.
  bool run(int rounds) {
    must(site_.hub().start(), "the controller does not start");
    for (auto* worker : workers_)
      must(worker->start(), worker->name() + " does not start");
    std::cout << std::left << std::setw(26) << "worker, grace of the item" << std::right
              << "  rounds     p50 ms     p99 ms     max ms   bound ms" << std::endl;
    bool is_good = measure("killed, 0", "0s", SIGKILL, rounds, 100);
    is_good &= measure("killed, 1 h", "1h", SIGKILL, rounds, 100);
    is_good &= measure("frozen, 0", "0s", SIGSTOP, std::max(1, rounds / 4), 3100);
    return is_good;
  }

private:
  void must(bool holds, const std::string& what) {
    if (!holds)
      throw std::runtime_error(what + "\n" + site_.story());
  }

  bool measure(const char* what, const std::string& grace, int signal, int rounds, double bound) {
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i)
      times.push_back(moved_after(grace, signal));
    std::sort(times.begin(), times.end());
    auto part = [&](std::size_t percent) {
      return times[std::max<std::size_t>((times.size() * percent + 99) / 100, 1) - 1];
    };
    bool is_good = part(99) <= bound;
    std::cout << std::left << std::setw(26) << what << std::right << std::setw(8) << times.size()
              << std::fixed << std::setprecision(1) << std::setw(11) << part(50) << std::setw(11)
              << part(99) << std::setw(11) << times.back() << std::setw(11) << bound << "   "
              << (is_good ? "good" : "NOT GOOD") << std::endl;
    return is_good;
  }

  double moved_after(const std::string& grace, int signal) {
    for (auto* worker : workers_)
      must(site_.comes_to_phase(worker->name(), "ready"), worker->name() + " is not ready");
    auto id = site_.submit(
        {"--grace", grace},
        {"sh", "-c", "echo $HOLDFAST_WORKER >" + starts_.path().string() + "; exec sleep 1000"});
    auto first = starts_.next();
    must(site_.comes_to_run_at(id, first), "it does not run");
    auto& lost = *workers_.at(first == "w1" ? 0 : 1);
    auto begun = steady::now();
    lost.run().signal(signal);
    auto second = starts_.next();
    auto passed = steady::now() - begun;
    must(second != first, "it was not moved");
    mend(lost, signal);
    site_.hub().command({"work", "cancel", id});
    must(site_.comes_to(id, "cancelled"), "it is not cancelled");
    for (auto* worker : workers_)
      must(ask_until([&] { return std::filesystem::is_empty(worker->data / "work"); }),
           "its command does not end");
    return std::chrono::duration<double, std::milli>(passed).count();
  }

  void mend(test_node& lost, int signal) {
    if (signal == SIGSTOP)
      return lost.run().signal(SIGCONT);
    lost.kill();
    must(lost.start(), lost.name() + " does not start again");
  }

  work_site site_;
  std::array<test_node*, 2> workers_{&site_.add_worker("w1"), &site_.add_worker("w2")};
  starts starts_{site_.folder() / "starts"};
};

}  // namespace
}  // namespace holdfast::crash

int main(int argc, char** argv) try {
  bool is_good =
      holdfast::crash::moves_bench().run(std::max(1, argc > 1 ? std::atoi(argv[1]) : 40));
  std::cout << (is_good ? "good" : "NOT GOOD") << std::endl;
  return is_good ? 0 : 1;
} catch (const std::exception& problem) {
  std::cerr << problem.what() << "\n";
  return 1;
}
