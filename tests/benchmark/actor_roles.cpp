#include "tests/benchmark/node_pair.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/tally.hpp"

#include <chrono>
#include <deque>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t outstanding_max = 1000;

/// So many calls, to so many actors by turns; each writes its actor's state.
void call_by_turns(holdfast::node& node, std::uint64_t calls, std::uint64_t actors) {
  std::deque<holdfast::queue_ticket> outstanding;
  for (std::uint64_t i = 0; i < calls; ++i) {
    if (outstanding.size() == outstanding_max) {
      outstanding.front().get();
      outstanding.pop_front();
    }
    outstanding.push_back(node.self()
                              .with({.key = crowd_name(i % actors)})
                              .queue_async(add_to_tally, std::uint64_t{1}));
  }
  for (auto& ticket : outstanding)
    ticket.get();
  while (rows_of(node, holdfast::table_id::inbox) > 0)
    std::this_thread::sleep_for(1ms);
}

}  // namespace

int serve_tallies(const std::vector<std::string>& words) {
  holdfast::node node(role_node(words.at(0), "tallies"));
  node.serve<tally>();
  node.start();
  say("ready");
  for (std::string line; std::getline(std::cin, line);) {
    std::uint64_t calls = 0, actors = 0;
    std::istringstream(line) >> calls >> actors;
    call_by_turns(node, calls, actors);
    say(std::to_string(rows_of(node, holdfast::table_id::state)) + " "
        + std::to_string(node.status().bytes_used));
  }
  return 0;
}

}  // namespace bench
