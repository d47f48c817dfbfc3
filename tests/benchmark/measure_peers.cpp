#include "tests/benchmark/bare_pair.hpp"
#include "tests/benchmark/child.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/process_facts.hpp"
#include "tests/benchmark/progress.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"
#include "tests/benchmark/temporary_folder.hpp"
#include "tests/benchmark/window.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t outstanding_max = 1000;

/// More threads than that in one process are no node's any more.
constexpr std::size_t nodes_per_process = 125;

/// One node here, and a growing crowd of others: several in a process, each with its own store, threads and connection.
/// Their stores lie in memory: peers of a real node have disks of their own, and do not wait for its.
class crowd {
public:
  crowd(const std::filesystem::path& data, std::filesystem::path folder)
      : folder_(std::move(folder)) {
    auto mine = role_node(data, "hub");
    mine.secret_file = folder_ / "secret";
    mine.listen = "127.0.0.1:0";
    hub_ = std::make_unique<holdfast::node>(std::move(mine));
    hub_->serve(echo, [](const std::string& content) { return content; });
    hub_->start();
  }

  void grow_to(std::size_t size) {
    while (size_ < size) {
      auto more = std::min(size - size_, nodes_per_process);
      processes_.push_back(
          std::make_unique<child>(role_command({"crowd", folder_.string(), hub_->address(),
                                                std::to_string(size_), std::to_string(more)})));
      size_ += more;
      show_progress("peers: " + std::to_string(size_));
    }
  }

  /// To all of them in turn.
  double rate(double seconds) {
    std::vector<holdfast::peer> peers;
    for (std::size_t i = 0; i < size_; ++i)
      peers.push_back(hub_->to(crowd_name(i)));
    std::size_t next = 0;
    return windowed_rate(
        seconds, outstanding_max,
        [&] { return peers[next++ % peers.size()].queue_async(work, argument); },
        still_open(*hub_));
  }

private:
  std::filesystem::path folder_;
  std::unique_ptr<holdfast::node> hub_;
  std::vector<std::unique_ptr<child>> processes_;
  std::size_t size_ = 0;
};

}  // namespace

void measure_peers(bench_rig& rig) {
  temporary_folder memory(rig.memory);
  child bare(role_command({"bare", (memory.path / "bare").string()}));
  crowd all(rig.fresh(), memory.path);
  sample one;
  for (std::size_t size : {1u, 10u, 100u, 500u}) {
    if (rig.is_quick && size > 10)
      break;  // starting them takes longer than all else of a quick run
    all.grow_to(size);
    all.rate(rig.seconds / 3);  // every peer has been called once
    auto spent = processor_seconds(getpid());
    stopwatch watch;
    auto ours = all.rate(rig.seconds);
    auto calls = ours * watch.seconds();
    spent = processor_seconds(getpid()) - spent;
    auto theirs = bare_crowd_rate(bare.address(), rig.fresh(), size, outstanding_max, rig.seconds);
    if (size == 1)
      one = {ours, theirs};
    auto name =
        "end to end, 1,000 outstanding, " + std::to_string(size) + (size == 1 ? " peer" : " peers");
    rig.found.add(name, "/s", "processes with LMDB and TCP, as many", {ours, theirs});
    rig.found.note(name + ": us of the source's processor time a call", 1e6 * spent / calls);
    rig.found.note(name + ": of the rate with one", ours / one.ours);
    rig.found.note(name + ": bare, of the rate with one", theirs / one.bare);
  }
}

}  // namespace bench
