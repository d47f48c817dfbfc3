#include "tests/benchmark/bare_pair.hpp"
#include "tests/benchmark/bare_store.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/stopwatch.hpp"
#include "tests/benchmark/window.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t outstanding_max = 1000;
constexpr unsigned producers = 64;

const std::string pair_name = "pair of processes, LMDB and TCP";
const std::string record(argument_bytes, 'x');

std::string in_words(std::size_t window) {
  return window == 1000 ? "1,000" : std::to_string(window);
}

/// A store of its own, and a peer that never comes: calls are queued and nothing else happens.
class lone_source {
public:
  explicit lone_source(const std::filesystem::path& data)
      : node_({.data = data / "node",
               .log_level = "warn",
               .name = "lone",
               .peers = {{"absent", ""}},
               .secret_file = data / "secret"}) {
    node_.start();
    to().queue(work, argument);
  }
  holdfast::peer to() { return node_.to("absent"); }
  std::uint64_t commits() { return commits_of(node_); }

private:
  holdfast::node node_;
};

std::uint64_t queue_one_by_one(const holdfast::peer& to, double seconds) {
  std::uint64_t count = 0;
  for (stopwatch watch; watch.seconds() < seconds; ++count)
    to.queue(work, argument);
  return count;
}

std::uint64_t queue_from_threads(const holdfast::peer& to, double seconds) {
  std::vector<std::uint64_t> counts(producers);
  std::vector<std::thread> threads;
  for (auto& count : counts)
    threads.emplace_back([&] { count = queue_one_by_one(to, seconds); });
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < producers; ++i) {
    threads[i].join();
    sum += counts[i];
  }
  return sum;
}

std::uint64_t queue_pipelined(const holdfast::peer& to, std::size_t window, double seconds) {
  std::deque<holdfast::queue_ticket> outstanding;
  std::uint64_t count = 0;
  for (stopwatch watch; watch.seconds() < seconds; ++count) {
    if (outstanding.size() == window) {
      outstanding.front().get();
      outstanding.pop_front();
    }
    outstanding.push_back(to.queue_async(work, argument));
  }
  for (auto& ticket : outstanding)
    ticket.get();
  return count;
}

void measure_producers(bench_rig& rig, const std::string& name, const std::string& bare_name,
                       const std::function<std::uint64_t(const holdfast::peer&, double)>& produce) {
  double rate = 0, group = 0;
  {
    lone_source source(rig.fresh());
    auto commits = source.commits();
    stopwatch watch;
    auto count = static_cast<double>(produce(source.to(), rig.seconds));
    rate = count / watch.seconds();
    group = count / static_cast<double>(std::max<std::uint64_t>(1, source.commits() - commits));
  }
  auto bare_group = static_cast<std::size_t>(std::max(1.0, std::round(group)));
  rig.found.add("enqueue, " + name, "/s", bare_name,
                {rate, bare_put_rate(rig.fresh(), bare_group, record, rig.seconds)});
  rig.found.note("calls per commit: enqueue, " + name, group);
}

void measure_window(bench_rig& rig, std::size_t window) {
  auto commits = commits_of(rig.nodes.source());
  auto rate = windowed_rate(
      rig.seconds, window, [&] { return rig.nodes.target().queue_async(work, argument); },
      still_open(rig.nodes.source()));
  commits = commits_of(rig.nodes.source()) - commits;
  auto name = "end to end, " + in_words(window) + " outstanding";
  rig.found.add(name, "/s", pair_name,
                {rate, bare_pair_rate(rig.bare_address, rig.fresh(), window, rig.seconds)});
  rig.found.note("calls per commit, at the source: " + name,
                 rate * rig.seconds / static_cast<double>(commits));
}

}  // namespace

void measure_enqueue(bench_rig& rig) {
  measure_producers(rig, "1 producer", "LMDB put and commit", queue_one_by_one);
  measure_producers(rig, "64 producers", "LMDB commits of as many puts", queue_from_threads);
  for (std::size_t window : {10u, 100u, 1000u})
    measure_producers(rig, in_words(window) + " outstanding", "LMDB commits of as many puts",
                      [window](const holdfast::peer& to, double seconds) {
                        return queue_pipelined(to, window, seconds);
                      });
}

void measure_end_to_end(bench_rig& rig) {
  for (std::size_t window : {10u, 100u, 1000u})
    measure_window(rig, window);
  std::vector<double> ours;
  for (stopwatch all; all.seconds() < rig.seconds;) {
    auto before = rig.nodes.told.load();
    stopwatch one;
    rig.nodes.target().queue(work_and_tell, argument);
    while (rig.nodes.told == before)
      std::this_thread::yield();
    ours.push_back(one.microseconds());
  }
  auto bare = bare_pair_latencies(rig.bare_address, rig.fresh(), rig.seconds);
  auto add = [&](const std::string& what, const std::string& unit, sample one) {
    rig.found.add("end to end, one at a time" + what, unit, pair_name, one);
  };
  auto rate = [&](const std::vector<double>& times) {
    return static_cast<double>(times.size()) / rig.seconds;
  };
  add(", p50", "us", {percentile(ours, 0.5), percentile(bare, 0.5)});
  add(", p99", "us", {percentile(ours, 0.99), percentile(bare, 0.99)});
  add("", "/s", {rate(ours), rate(bare)});
}

void measure_loopback(bench_rig& rig) {
  auto& nodes = rig.nodes;
  auto rate = windowed_rate(
      rig.seconds, outstanding_max,
      [&] { return nodes.source().self().queue_async(work, argument); },
      [&](std::uint64_t) { return nodes.outbox() + nodes.inbox(); });
  rig.found.add("queue to oneself, 1,000 outstanding", "/s", "LMDB commits of 500 puts",
                {rate, bare_put_rate(rig.fresh(), 500, record, rig.seconds)});
}

}  // namespace bench
