#include "tests/benchmark/bare_store.hpp"
#include "tests/benchmark/node_pair.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t outstanding_max = 4096;

/// Says when the first call runs, and then each time that so many have run.
void serve_taking(holdfast::node& node, std::uint64_t stride) {
  auto taken = std::make_shared<std::atomic<std::uint64_t>>(0);
  node.serve(work, [taken, stride](const std::string&) {
    auto count = ++*taken;
    if (count == 1)
      say("first");
    if (count % stride == 0)
      say("taken");
  });
}

}  // namespace

int fill_backlog(const std::vector<std::string>& words) {
  auto mine = role_node(words.at(0), "source");
  if (words.at(1) != mine.name)
    mine.peers = {{words.at(1), ""}};
  auto count = std::stoull(words.at(2));
  holdfast::node node(std::move(mine));
  auto to = node.to(words.at(1));
  stopwatch watch;
  std::deque<holdfast::queue_ticket> outstanding;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (outstanding.size() == outstanding_max) {
      outstanding.front().get();
      outstanding.pop_front();
    }
    outstanding.push_back(to.queue_async(work, argument));
  }
  for (auto& ticket : outstanding)
    ticket.get();
  say(std::to_string(watch.seconds()) + " " + std::to_string(commits_of(node)));
  wait_for_end();
}

int start_backlog(const std::vector<std::string>& words) {
  auto mine = role_node(words.at(0), "source");
  if (words.size() > 2)
    mine.peers = {{"target", words.at(2)}};
  holdfast::node node(std::move(mine));
  if (words.size() == 2)
    serve_taking(node, std::stoull(words.at(1)));
  node.start();
  say("started");
  wait_for_end();
}

int take_backlog(const std::vector<std::string>& words) {
  auto mine = role_node(words.at(0), "target");
  mine.listen = "127.0.0.1:0";
  mine.peers = {{"source", ""}};
  holdfast::node node(std::move(mine));
  serve_taking(node, std::stoull(words.at(1)));
  node.start();
  say(node.address());
  wait_for_end();
}

int remove_bare_first(const std::vector<std::string>& words) {
  bare_store store(words.at(0));
  store.begin();
  store.erase(1);
  store.commit();
  say("removed");
  wait_for_end();
}

}  // namespace bench
