#include "tests/benchmark/bare_echo.hpp"
#include "tests/benchmark/child.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"
#include "tests/benchmark/transport.hpp"

#include <vector>

namespace bench {
namespace {

constexpr std::size_t window = 1000;

double median_of_round_trips(transport& over, double seconds) {
  std::vector<double> found;
  stopwatch one;
  over.keep_open(1, seconds, [&] {
    found.push_back(one.microseconds());
    one = {};
  });
  return percentile(found, 0.5);
}

double rate_of(transport& over, double seconds) {
  std::uint64_t count = 0;
  stopwatch watch;
  over.keep_open(window, seconds, [&] { ++count; });
  return static_cast<double>(count) / watch.seconds();
}

}  // namespace

/// What the transport alone costs: the broker that the links use, and CAF's own remote actors in its place.
void measure_transport(bench_rig& rig) {
  ping_pong bare_wire(rig.bare_address);
  auto bare_times = times_of(rig.seconds, [&] { bare_wire.once(); });
  auto bare_rate = bare_echo_rate(rig.bare_address, window, rig.seconds);
  auto measure = [&](const std::string& name, transport& over) {
    rig.found.add(name + ", one at a time, p50", "us", "TCP ping-pong",
                  {median_of_round_trips(over, rig.seconds), percentile(bare_times, 0.5)});
    rig.found.add(name + ", 1,000 open", "/s", "TCP, 1,000 messages on their way",
                  {rate_of(over, rig.seconds), bare_rate});
  };
  {
    child peer(role_command({"frames"}));
    measure("frames over CAF's broker", *frames_over_the_broker(peer.address()));
  }
  child peer(role_command({"remote-actor"}));
  measure("CAF's remote actors", *remote_actor_of_caf(peer.address()));
}

}  // namespace bench
