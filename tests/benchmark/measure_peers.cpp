#include "tests/benchmark/child.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/progress.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/window.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t outstanding_max = 1000;

/// More threads than that in one process are no node's any more.
constexpr std::size_t nodes_per_process = 125;

/// One node here, and a growing crowd of others: several in a process, each with its own store, threads and connection.
class crowd {
public:
  explicit crowd(std::filesystem::path folder) : folder_(std::move(folder)) {
    auto mine = role_node(folder_, "hub");
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
        [&] { return rows_of(*hub_, holdfast::table_id::outbox); });
  }

private:
  std::filesystem::path folder_;
  std::unique_ptr<holdfast::node> hub_;
  std::vector<std::unique_ptr<child>> processes_;
  std::size_t size_ = 0;
};

}  // namespace

void measure_peers(bench_rig& rig) {
  crowd all(rig.fresh());
  double one = 0;
  for (std::size_t size : {1u, 10u, 100u, 500u}) {
    if (rig.is_quick && size > 10)
      break;  // starting them takes longer than all else of a quick run
    all.grow_to(size);
    all.rate(rig.seconds / 3);  // every peer has been called once
    auto rate = all.rate(rig.seconds);
    if (size == 1)
      one = rate;
    rig.found.add("end to end, 1,000 outstanding, " + std::to_string(size)
                      + (size == 1 ? " peer" : " peers"),
                  "/s", "one peer", {rate, one});
  }
}

}  // namespace bench
