#include "tests/benchmark/bare_store.hpp"
#include "tests/benchmark/child.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/process_facts.hpp"
#include "tests/benchmark/progress.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace bench {
namespace {

const std::string record(argument_bytes, 'x');

/// So often a drain is looked at.
constexpr std::uint64_t looks = 100;

struct filled {
  double rate = 0;   ///< calls a second
  double group = 0;  ///< calls a commit
};

struct drained {
  double serving_ms = 0;  ///< from the process's start until its node has started
  double first_ms = 0;    ///< and until the first call is executed
  double rate = 0;
  double early = 0, late = 0;  ///< rates of the first and the last tenth
  double most_kib = 0;         ///< of its own memory
  double mapped_kib = 0;       ///< of the store's file and the program, at the end
};

/// Calls that wait on the disk of a node that was killed: for itself, or for a peer that was not there.
class backlog {
public:
  backlog(std::filesystem::path folder, bool is_own, std::uint64_t count)
      : folder_(std::move(folder)), is_own_(is_own), count_(count) {}

  filled fill() const {
    auto to = is_own_ ? "source" : "target";
    child source(role_command({"fill", folder_.string(), to, std::to_string(count_)}));
    double seconds = 0, commits = 0;
    std::istringstream(source.address()) >> seconds >> commits;
    auto calls = static_cast<double>(count_);
    return {calls / seconds, calls / std::max(1.0, commits)};
  }

  drained drain() {
    auto stride = std::to_string(count_ / looks);
    std::optional<child> target;
    if (!is_own_)
      target.emplace(role_command({"take", folder_.string(), stride}));
    std::vector<std::string> words{"start", folder_.string(), stride};
    if (target)
      words.push_back(target->address());
    stopwatch since;
    child source(role_command(words));
    drained found;
    std::vector<double> at;
    auto& reporter = target ? *target : source;
    auto line = source.address();
    for (;;) {
      auto now = since.seconds();
      if (line == "started")
        found.serving_ms = now * 1000;
      else if (line == "first")
        found.first_ms = now * 1000;
      else
        at.push_back(now);
      found.most_kib = std::max(found.most_kib, memory_kib(source.id(), "RssAnon"));
      if (at.size() == looks)
        break;
      line = reporter.next_line();
    }
    found.mapped_kib = memory_kib(source.id(), "RssFile");
    auto calls = static_cast<double>(count_);
    found.rate = calls / (at.back() - found.first_ms / 1000);
    found.early = calls / 10 / (at[looks / 10 - 1] - found.first_ms / 1000);
    found.late = calls / 10 / (at.back() - at[looks - looks / 10 - 1]);
    return found;
  }

private:
  std::filesystem::path folder_;
  bool is_own_;
  std::uint64_t count_;
};

struct bare_backlog {
  double rate = 0;
  double first_ms = 0;  ///< from a process's start until the first record's removal is committed
};

bare_backlog measure_bare(const std::filesystem::path& folder, std::uint64_t count, double group) {
  bare_backlog found;
  {
    bare_store store(folder);
    auto size = static_cast<std::uint64_t>(std::max(1.0, std::round(group)));
    stopwatch watch;
    for (std::uint64_t key = 0; key < count;) {
      store.begin();
      for (auto end = std::min(count, key + size); key < end;)
        store.put(++key, record);
      store.commit();
    }
    found.rate = static_cast<double>(count) / watch.seconds();
  }
  stopwatch watch;
  child remover(role_command({"bare-first", folder.string()}));
  found.first_ms = watch.seconds() * 1000;
  return found;
}

struct idle_node {
  double serving_ms = 0;
  double memory_kib = 0;
};

idle_node measure_idle(const std::filesystem::path& folder) {
  stopwatch watch;
  child node(role_command({"start", folder.string(), "1"}));
  auto serving = watch.seconds() * 1000;
  return {serving, memory_kib(node.id(), "RssAnon")};
}

void measure_one(bench_rig& rig, bool is_own, const idle_node& idle) {
  auto count = rig.backlog / looks * looks;
  auto few = std::clamp<std::uint64_t>(count / 20, 10'000, 100'000) / looks * looks;
  std::string name = is_own ? "backlog for oneself, " : "backlog, peer away, ";
  auto show = [&](const std::string& what) { show_progress(name + what); };
  show("few");
  backlog shallow(rig.fresh(), is_own, few);
  shallow.fill();
  auto without = shallow.drain().rate;

  show("filling");
  auto folder = rig.fresh();
  backlog deep(folder, is_own, count);
  auto fill = deep.fill();
  show("bare");
  auto bare_folder = rig.fresh();
  auto bare = measure_bare(bare_folder, count, fill.group);
  std::filesystem::remove_all(bare_folder);
  show("draining");
  auto drain = deep.drain();
  std::filesystem::remove_all(folder);

  auto add = [&](const std::string& what, const std::string& unit, const std::string& bare_name,
                 sample one) { rig.found.add(name + what, unit, bare_name, one); };
  add("queue", "/s", "LMDB commits of as many puts", {fill.rate, bare.rate});
  add("start to serving", "ms", "an empty node's start", {drain.serving_ms, idle.serving_ms});
  add("start to first executed", "ms", "process opens LMDB, first record removed",
      {drain.first_ms, bare.first_ms});
  add("drain", "/s", "the same with few waiting", {drain.rate, without});
  add("memory", "MiB", "an idle node", {drain.most_kib / 1024, idle.memory_kib / 1024});
  rig.found.note(name + "calls", static_cast<double>(count));
  rig.found.note(name + "few calls", static_cast<double>(few));
  rig.found.note(name + "drain, first tenth, /s", drain.early);
  rig.found.note(name + "drain, last tenth, /s", drain.late);
  rig.found.note(name + "mapped files, MiB", drain.mapped_kib / 1024);
}

}  // namespace

void measure_backlog(bench_rig& rig) {
  auto idle = measure_idle(rig.fresh());
  measure_one(rig, false, idle);
  measure_one(rig, true, idle);
}

}  // namespace bench
