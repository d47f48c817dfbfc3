#include "tests/benchmark/bare_store.hpp"
#include "tests/benchmark/child.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/process_facts.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"
#include "tests/benchmark/tally.hpp"
#include "tests/benchmark/window.hpp"

#include <holdfast/runtime/actor_handlers.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t instances = 1000;
constexpr std::uint64_t window = 10'000;

using counter = std::shared_ptr<std::atomic<std::uint64_t>>;

/// Messages a second that arrive, with a bound on those that have not.
double message_rate(double seconds, const counter& arrived, const std::function<bool()>& send) {
  auto before = arrived->load();
  std::uint64_t sent = 0;
  stopwatch watch;
  while (watch.seconds() < seconds) {
    if (sent - (*arrived - before) < window && send())
      ++sent;
    else
      std::this_thread::sleep_for(50us);
  }
  while (*arrived - before < sent)
    std::this_thread::sleep_for(50us);
  return static_cast<double>(sent) / watch.seconds();
}

caf::behavior count_messages(caf::event_based_actor*, const counter& arrived) {
  return {[arrived](const std::string&) { ++*arrived; }};
}

/// A node of its own: what it serves here is nobody else's business.
struct local_node {
  explicit local_node(const std::filesystem::path& folder) : node(role_node(folder, "local")) {
    bare = node.system().spawn(count_messages, by_bare);
    node.serve(message, [arrived = by_handler](const std::string&) { ++*arrived; });
    node.serve(to_actor, node.system().spawn(count_messages, by_actor));
    node.serve<tally>();
    node.start();
  }

  static constexpr holdfast::method<void(std::string)> to_actor{"bench.to_actor(content)"};

  counter by_handler = std::make_shared<std::atomic<std::uint64_t>>(0);
  counter by_actor = std::make_shared<std::atomic<std::uint64_t>>(0);
  counter by_bare = std::make_shared<std::atomic<std::uint64_t>>(0);
  holdfast::node node;
  caf::actor bare;
};

void measure_local_messages(bench_rig& rig, local_node& local) {
  auto self = local.node.self();
  auto handler =
      message_rate(rig.seconds, local.by_handler, [&] { return self.send(message, argument); });
  auto actor = message_rate(rig.seconds, local.by_actor,
                            [&] { return self.send(local_node::to_actor, argument); });
  auto bare = message_rate(rig.seconds, local.by_bare, [&] {
    caf::anon_send(local.bare, argument);
    return true;
  });
  rig.found.add("local message to a handler", "/s", "CAF message to an actor", {handler, bare});
  rig.found.add("local message to a served actor", "/s", "CAF message to an actor", {actor, bare});
}

std::vector<double> bare_commit_times(const std::filesystem::path& folder, double seconds) {
  bare_store store(folder);
  const std::string record(argument_bytes, 'x');
  std::vector<double> found;
  for (stopwatch all; all.seconds() < seconds;) {
    stopwatch one;
    store.begin();
    store.put(found.size(), record);
    store.commit();
    found.push_back(one.microseconds());
  }
  return found;
}

void measure_durable_calls(bench_rig& rig, holdfast::node& node) {
  auto self = node.self();
  std::vector<double> times;
  for (stopwatch all; all.seconds() < rig.seconds;) {
    stopwatch one;
    self.actor<tally>(crowd_name(times.size() % instances)).call<&tally::add>(1u).value();
    times.push_back(one.microseconds());
  }
  auto bare = bare_commit_times(rig.fresh(), rig.seconds);
  rig.found.add("durable actor, call, p50", "us", "LMDB put and commit",
                {percentile(times, 0.5), percentile(bare, 0.5)});

  std::uint64_t next = 0;
  auto commits = commits_of(node);
  auto rate = windowed_rate(
      rig.seconds, 1000,
      [&] {
        return self.with({.key = crowd_name(next++ % instances)})
            .queue_async(add_to_tally, std::uint64_t{1});
      },
      [&](std::uint64_t) { return rows_of(node, holdfast::table_id::inbox); });
  rig.found.add(
      "durable actors, queue, 1,000 outstanding", "/s", "LMDB commits of 500 puts",
      {rate, bare_put_rate(rig.fresh(), 500, std::string(argument_bytes, 'x'), rig.seconds)});
  rig.found.note("calls per commit: durable actors, queue",
                 rate * rig.seconds / static_cast<double>(commits_of(node) - commits));
}

}  // namespace

void measure_actors(bench_rig& rig) {
  local_node local(rig.fresh());
  measure_local_messages(rig, local);
  measure_durable_calls(rig, local.node);
}

void measure_idle_actors(bench_rig& rig) {
  const std::uint64_t few = rig.is_quick ? 10'000 : 100'000, all = 4 * few;
  auto folder = rig.fresh();
  child tallies(role_command({"tallies", folder.string()}));
  // As many calls, and as many in one commit: what these take the node keeps in any case.
  auto memory_behind = [&](std::uint64_t actors, std::uint64_t& rows, std::uint64_t& bytes) {
    tallies.tell(std::to_string(all) + " " + std::to_string(actors));
    std::istringstream(tallies.next_line()) >> rows >> bytes;
    return memory_kib(tallies.id(), "RssAnon");
  };
  std::uint64_t rows_before = 0, bytes_before = 0, rows = 0, bytes = 0;
  auto before = memory_behind(few, rows_before, bytes_before);
  auto after = memory_behind(all, rows, bytes);
  auto count = static_cast<double>(rows - rows_before);
  rig.found.add("idle durable actors: memory", "MiB", "the same node, a quarter of them",
                {after / 1024, before / 1024});
  rig.found.note("idle durable actors: how many more", count);
  rig.found.note("idle durable actors: bytes of memory each", (after - before) * 1024 / count);
  rig.found.note("idle durable actors: bytes of the store each",
                 static_cast<double>(bytes - bytes_before) / count);
}

}  // namespace bench
