#include "tests/benchmark/node_pair.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/roles.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace bench {

namespace {

/// What `--silence` sets, in milliseconds; without the word it is the default.
void set_silence(holdfast::node_options& of, const std::vector<std::string>& words,
                 std::size_t which) {
  if (which >= words.size())
    return;
  of.settings.silence_max = std::chrono::milliseconds(std::stol(words[which]));
  of.settings.heartbeat_interval = of.settings.silence_max / 6;
}

}  // namespace

int serve_hub(const std::vector<std::string>& words) {
  auto mine = role_node(words.at(0), "hub");
  set_silence(mine, words, 1);
  mine.listen = "127.0.0.1:0";
  holdfast::node node(std::move(mine));
  node.serve(echo, [](const std::string& content) { return content; });
  node.start();
  say(node.address());
  wait_for_end();
}

int serve_crowd(const std::vector<std::string>& words) {
  auto first = std::stoul(words.at(2)), count = std::stoul(words.at(3));
  std::vector<std::unique_ptr<holdfast::node>> nodes;
  for (auto i = first; i < first + count; ++i) {
    auto mine = role_node(words.at(0), crowd_name(i));
    mine.bytes_max = std::uint64_t{8} << 20;  // so that little is set aside for each
    mine.peers = {{"hub", words.at(1)}};
    set_silence(mine, words, 4);
    auto& node = *nodes.emplace_back(std::make_unique<holdfast::node>(std::move(mine)));
    node.serve(work, [](const std::string&) {});
    node.start();
    node.to("hub").call(echo, argument).value();
  }
  say("linked");
  wait_for_end();
}

}  // namespace bench
