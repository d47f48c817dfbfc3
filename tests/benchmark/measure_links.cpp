#include "tests/benchmark/child.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/process_facts.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <chrono>
#include <string>
#include <thread>

namespace bench {
namespace {

constexpr std::size_t links = 100;

struct idle_facts {
  double per_cent = 0;  ///< of one core
  double kib = 0;       ///< of memory that is not a mapped file
};

/// A process that nobody asks for anything, for several heartbeats at least.
idle_facts look_at(pid_t process, double seconds) {
  auto before = processor_seconds(process);
  stopwatch watch;
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  auto spent = processor_seconds(process) - before;
  return {100 * spent / watch.seconds(), memory_kib(process, "RssAnon")};
}

}  // namespace

void measure_links(bench_rig& rig) {
  auto seconds = rig.is_quick ? 2.0 : 10.0;
  auto look_at_hub = [&](const std::string& silence_ms, idle_facts* alone) {
    auto folder = rig.fresh();
    child hub(role_command({"hub", folder.string(), silence_ms}));
    if (alone)
      *alone = look_at(hub.id(), seconds);
    child crowd(role_command(
        {"crowd", folder.string(), hub.address(), "0", std::to_string(links), silence_ms}));
    return look_at(hub.id(), seconds);
  };
  idle_facts alone;
  auto linked = look_at_hub("3000", &alone);
  rig.found.add("idle, 100 links: processor", "%", "the same node without links",
                {linked.per_cent, alone.per_cent});
  rig.found.add("idle, 100 links: memory", "MiB", "the same node without links",
                {linked.kib / 1024, alone.kib / 1024});
  rig.found.note("KiB per idle link", (linked.kib - alone.kib) / links);
  rig.found.add("idle, 100 links, silence_max 12 s: processor", "%", "silence_max 3 s",
                {look_at_hub("12000", nullptr).per_cent, linked.per_cent});
}

}  // namespace bench
