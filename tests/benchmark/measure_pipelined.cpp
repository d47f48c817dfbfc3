#include "tests/benchmark/bare_echo.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <chrono>
#include <thread>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t window = 1000;

}  // namespace

void measure_pipelined(bench_rig& rig) {
  auto& asking = rig.nodes.asking();
  asking.answered = 0;
  asking.wanted = true;
  stopwatch watch;
  rig.nodes.source().self().send(ask_on, window);
  while (watch.seconds() < rig.seconds)
    std::this_thread::sleep_for(1ms);
  asking.wanted = false;
  auto rate = static_cast<double>(asking.answered) / watch.seconds();
  while (asking.open > 0)
    std::this_thread::sleep_for(1ms);
  rig.found.add("call, 1,000 open, from one handler", "/s", "TCP, 1,000 messages on their way",
                {rate, bare_echo_rate(rig.bare_address, window, rig.seconds)});
}

}  // namespace bench
