// ./run losses [ROUNDS]: how long a node takes to notice that a peer is gone, at the default settings. A closed connection is
// to be noticed within 50 ms, a frozen peer within 3 s.

#include "tests/crash/nodes.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <stdexcept>

namespace holdfast::crash {
namespace {

using steady = std::chrono::steady_clock;

class loss_bench {
public:
  loss_bench() : node_(home_, "node"), peer_(home_, "peer") { peer_.dials(node_); }

  void run(int rounds) {
    must(node_.start(), "the node does not start");
    std::vector<double> killed, frozen;
    for (int i = 0; i < rounds; ++i) {
      must(peer_.start(), "the peer does not start");
      killed.push_back(noticed_after([&] { peer_.run().signal(SIGKILL); }));
      peer_.kill();
    }
    show("closed (kill -9)", killed, 50);
    must(peer_.start(), "the peer does not start");
    for (int i = 0; i < std::max(3, rounds / 4); ++i) {
      frozen.push_back(noticed_after([&] { peer_.run().signal(SIGSTOP); }));
      peer_.run().signal(SIGCONT);
    }
    show("frozen (SIGSTOP)", frozen, 3000);
  }

private:
  void must(bool holds, const std::string& what) {
    if (!holds)
      throw std::runtime_error(what + "\n" + node_.errors() + peer_.errors());
  }

  /// Milliseconds from the deed to the handler of peer_down.
  template <class Deed>
  double noticed_after(Deed deed) {
    auto prints = [&](const char* what) {
      return wait_for({&node_.run()}, [&] { return node_.run().has_printed(what); });
    };
    must(prints("up peer"), "no link");
    node_.run().forget_lines();
    auto begun = steady::now();
    deed();
    must(prints("down peer"), "the loss is not noticed");
    auto passed = steady::now() - begun;
    node_.run().forget_lines();
    return std::chrono::duration<double, std::milli>(passed).count();
  }

  static void show(const char* what, std::vector<double> times, double bound) {
    std::sort(times.begin(), times.end());
    std::cout << std::left << std::setw(20) << what << std::right << std::setw(4) << times.size()
              << " rounds   p50 " << std::fixed << std::setprecision(1) << std::setw(8)
              << times[times.size() / 2] << " ms   max " << std::setw(8) << times.back()
              << " ms   bound " << std::setprecision(0) << bound << " ms   "
              << (times.back() <= bound ? "good" : "TOO LATE") << std::endl;
  }

  cluster home_;
  test_node node_;
  test_node peer_;
};

}  // namespace
}  // namespace holdfast::crash

int main(int argc, char** argv) try {
  holdfast::crash::loss_bench().run(std::max(1, argc > 1 ? std::atoi(argv[1]) : 40));
  return 0;
} catch (const std::exception& problem) {
  std::cerr << problem.what() << "\n";
  return 1;
}
