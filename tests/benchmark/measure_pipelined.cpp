#include "tests/benchmark/bare_pair.hpp"
#include "tests/benchmark/bare_wire.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t window = 1000;

/// One connection, and as many messages on it that have not come back.
double bare_pipelined_rate(const std::string& address, double seconds) {
  bare_wire wire(address);
  auto use = static_cast<char>(bare_use::echo);
  wire.write({&use, 1});
  const std::string all(window * bare_record_bytes, 'x');
  std::vector<char> block(all.size());
  wire.write(all);
  std::uint64_t came = 0, answered = 0;
  stopwatch watch;
  while (watch.seconds() < seconds) {
    came += wire.read_some(block.data(), block.size(), true);
    auto now = came / bare_record_bytes;
    wire.write({all.data(), (now - answered) * bare_record_bytes});
    answered = now;
  }
  return static_cast<double>(answered) / watch.seconds();
}

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
                {rate, bare_pipelined_rate(rig.bare_address, rig.seconds)});
}

}  // namespace bench
