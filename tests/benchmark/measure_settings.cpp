#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/node_pair.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/window.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t outstanding = 1000;
constexpr std::uint64_t keys = 1000;

/// A handler that waits for something else: a millisecond, and no processor.
constexpr holdfast::method<void(std::string)> await{"slow.await(content)"};

/// Calls a second to oneself, with so many keys (0: none), and so many handlers of one mailbox at a time.
double rate_of_slow_handlers(bench_rig& rig, unsigned concurrency, std::uint64_t keys_used) {
  holdfast::node node(role_node(rig.fresh(), "slow"));
  node.configure("slow", {.concurrency = concurrency});
  node.serve(await, [](const std::string&) { std::this_thread::sleep_for(1ms); });
  node.start();
  std::uint64_t next = 0;
  auto queue = [&] {
    auto self = node.self();
    if (keys_used == 0)
      return self.queue_async(await, argument);
    return self.with({.key = crowd_name(next++ % keys_used)}).queue_async(await, argument);
  };
  return windowed_rate(rig.seconds, outstanding, queue,
                       [&](std::uint64_t) { return rows_of(node, holdfast::table_id::inbox); });
}

}  // namespace

/// What settings trade, each beside its default.
void measure_settings(bench_rig& rig) {
  auto one = rate_of_slow_handlers(rig, 1, 0);
  rig.found.add("handlers that wait 1 ms: concurrency 16", "/s", "concurrency 1",
                {rate_of_slow_handlers(rig, 16, 0), one});
  rig.found.add("handlers that wait 1 ms: 1,000 keys", "/s", "no keys",
                {rate_of_slow_handlers(rig, 1, keys), one});
}

}  // namespace bench
