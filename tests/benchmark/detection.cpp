// ./run detection: how soon the loss of a peer is noticed and how often one is reported that did not happen, over the bound
// on its silence. In virtual time: a table for docs/detection.md, the same on every machine.
#include <holdfast/runtime/simulation.hpp>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using holdfast::duration;

constexpr holdfast::method<void(std::int64_t)> note{"detection.note(number)"};

/// Two nodes with a link between them, and how often the first one heard that the second is gone.
struct pair_of_nodes {
  explicit pair_of_nodes(std::chrono::milliseconds silence, std::uint64_t seed)
      : sim({.seed = seed, .log_level = "off"}) {
    holdfast::node_settings settings;
    settings.silence_max = silence;
    settings.heartbeat_interval = silence / 6;
    sim.add("peer", [](holdfast::node& host) { host.serve(note, [](std::int64_t) {}); },
            {.settings = settings});
    sim.add("watcher",
            [this](holdfast::node& host) {
              host.on<holdfast::peer_down>("watch", [this](const holdfast::peer_down&) {
                ++downs;
                down_at = sim.now();
              });
            },
            {.peers = {"peer"}, .settings = settings});
    sim.advance(10s);
  }

  int downs = 0;
  duration down_at{};
  holdfast::simulation sim;
};

constexpr std::uint64_t seeds = 20;

/// Milliseconds to the word that the peer is gone: the longest of some seeds.
double worst_ms(std::chrono::milliseconds silence,
                const std::function<void(holdfast::simulation&)>& harm) {
  double worst = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    pair_of_nodes both(silence, seed);
    both.sim.advance(std::chrono::milliseconds(seed * 37));
    auto begun = both.sim.now();
    harm(both.sim);
    both.sim.advance(1min);
    if (both.downs == 0)
      return -1;
    worst =
        std::max(worst, std::chrono::duration<double, std::milli>(both.down_at - begun).count());
  }
  return worst;
}

/// Of an hour with a call each second over a link that is bad and never broken.
double alarms_per_hour(std::chrono::milliseconds silence,
                       const std::function<void(holdfast::simulation&)>& harm) {
  int alarms = 0;
  constexpr std::uint64_t hours = 3;
  for (std::uint64_t seed = 1; seed <= hours; ++seed) {
    pair_of_nodes both(silence, seed);
    harm(both.sim);
    for (int second = 0; second < 3600; ++second) {
      both.sim.at("watcher").to("peer").send(note, second);
      both.sim.advance(1s);
    }
    alarms += both.downs;
  }
  return static_cast<double>(alarms) / hours;
}

}  // namespace

int main() {
  using holdfast::simulation;
  std::puts("| silence_max | closed | frozen | silent | loss 5 % | 20 % | 40 % | 60 % | delay 0.5 "
            "s | 2 s |");
  std::puts("|---|---|---|---|---|---|---|---|---|---|");
  for (auto silence : {500ms, 1000ms, 2000ms, 3000ms, 5000ms, 10'000ms}) {
    std::string line = "| " + std::to_string(silence.count()) + " ms |";
    char cell[48];
    const std::function<void(simulation&)> ends[] = {
        [](simulation& sim) { sim.crash("peer"); },
        [](simulation& sim) { sim.freeze("peer"); },
        [](simulation& sim) { sim.crash("peer", false); },
    };
    for (auto& harm : ends) {
      std::snprintf(cell, sizeof cell, " %.1f ms |", worst_ms(silence, harm));
      line += cell;
    }
    for (double loss : {0.05, 0.2, 0.4, 0.6}) {
      std::snprintf(cell, sizeof cell, " %.1f |", alarms_per_hour(silence, [loss](simulation& sim) {
                      sim.drop("peer", "watcher", loss);
                    }));
      line += cell;
    }
    for (auto delay : {500ms, 2000ms}) {
      std::snprintf(cell, sizeof cell, " %.1f |",
                    alarms_per_hour(silence, [delay](simulation& sim) {
                      sim.delay("peer", "watcher", delay);
                    }));
      line += cell;
    }
    std::puts(line.c_str());
    std::fflush(stdout);
  }
}
