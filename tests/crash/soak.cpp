// ./run soak [MINUTES]: two nodes at the default settings under full load, on processors that are kept busy beside them, and
// no false alarm: counts peer_suspect and peer_down.

#include "tests/crash/nodes.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string_view>
#include <thread>

namespace holdfast::crash {
namespace {

using steady = std::chrono::steady_clock;
constexpr int calls_each = 20'000;

[[noreturn]] void burn() {
  for (volatile std::uint64_t turns = 0;;)
    turns = turns + 1;
}

struct alarms {
  std::size_t ups = 0, suspects = 0, downs = 0, handled = 0;
  std::map<std::string, int> losses;

  void count(process& run) {
    for (auto& line : run.lines())
      if (line.starts_with("down "))
        ++losses[line];
    ups += run.count("up ");
    suspects += run.count("suspect ");
    downs += run.count("down ");
    handled += run.count("instant ") + run.count("message ");
    run.forget_lines();
  }
};

class soak {
public:
  soak() : home_(cluster::place::disk), source_(home_, "source"), target_(home_, "target") {
    source_.dials(target_);
  }

  int run(double minutes) {
    if (!target_.start() || !source_.start())
      throw std::runtime_error("the nodes do not start\n" + source_.errors() + target_.errors());
    std::vector<std::unique_ptr<process>> burners;
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
      burners.push_back(std::make_unique<process>(
          std::vector<std::string>{"/proc/self/exe", "burn"}, process::how{}));
    write_calls();
    auto until = steady::now() + std::chrono::duration<double>(minutes * 60);
    auto shown = steady::now();
    while (steady::now() < until) {
      load();
      total_.count(source_.run());
      total_.count(target_.run());
      if (steady::now() - shown > std::chrono::seconds(30)) {
        shown = steady::now();
        std::cerr << std::chrono::ceil<std::chrono::seconds>(until - shown).count()
                  << " s to go: " << total_.handled << " handled, " << total_.suspects
                  << " peer_suspect, " << total_.downs << " peer_down" << std::endl;
      }
    }
    burners.clear();
    return report(minutes);
  }

private:
  void write_calls() const {
    std::ofstream out(home_.folder() / "calls.jsonl");
    for (int i = 0; i < calls_each; ++i)
      out << R"({"to":"target","method":"instants.touch","args":[)" << i << R"(],"key":"m)"
          << i % 64 << "\"}\n";
  }

  /// Queued calls one way, messages and synchronous calls the other.
  void load() {
    process calls({HOLDFAST_CRASH_NODE, "queue", "--data", source_.data.string(), "--batch",
                   (home_.folder() / "calls.jsonl").string()},
                  {});
    process messages({HOLDFAST_CRASH_NODE, "call", "--data", target_.data.string(), "target",
                      "emitters.emit", "source", "40"},
                     {});
    process synchronous({HOLDFAST_CRASH_NODE, "call", "--data", target_.data.string(), "source",
                         "messages.fence", "1"},
                        {});
    wait_for({&source_.run(), &target_.run(), &calls, &messages, &synchronous},
             [&] { return calls.has_ended() && messages.has_ended() && synchronous.has_ended(); });
  }

  int report(double minutes) {
    bool is_good = total_.ups == 2 && total_.suspects == 0 && total_.downs == 0;
    std::cout << "minutes         " << minutes << "\ncalls, messages " << total_.handled
              << "\npeer_up         " << total_.ups << " (one on each side)\npeer_suspect    "
              << total_.suspects << "\npeer_down       " << total_.downs << "\n";
    for (auto& [line, times] : total_.losses)
      std::cout << "                " << times << " x " << line << "\n";
    std::cout << (is_good ? "no false alarm" : "FALSE ALARM") << std::endl;
    return is_good ? 0 : 1;
  }

  cluster home_;
  test_node source_;
  test_node target_;
  alarms total_;
};

}  // namespace
}  // namespace holdfast::crash

int main(int argc, char** argv) try {
  if (argc > 1 && std::string_view(argv[1]) == "burn")
    holdfast::crash::burn();
  return holdfast::crash::soak().run(argc > 1 ? std::atof(argv[1]) : 10);
} catch (const std::exception& problem) {
  std::cerr << problem.what() << "\n";
  return 1;
}
