#include "tests/benchmark/node_pair.hpp"

#include "tests/benchmark/roles.hpp"

#include <holdfast/actors/environment.hpp>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <unistd.h>

namespace bench {
namespace {

holdfast::node_options options(const std::filesystem::path& data, const std::string& name) {
  return {.data = data / name, .log_level = "warn", .name = name, .secret_file = data / "secret"};
}

void ask_again(holdfast::context& ctx, open_calls& asking) {
  ctx.to("target")
      .call(echo, argument)
      .then([&asking](holdfast::context& next, const holdfast::expected<std::string>& answer) {
        if (answer)
          ++asking.answered;
        if (asking.wanted)
          ask_again(next, asking);
        else
          --asking.open;
      });
}

}  // namespace

node_pair::node_pair(const std::filesystem::path& data)
    : target_(std::make_unique<child>(role_command({"target", data.string()}))) {
  auto mine = options(data, "source");
  auto& addresses = target_->address();
  auto space = addresses.find(' ');
  foreign_address_ = addresses.substr(space + 1);
  mine.peers = {{"target", addresses.substr(0, space)}};
  source_ = std::make_unique<holdfast::node>(std::move(mine));
  source_->serve(executed, [this] { ++told; });
  source_->serve(work, [this](const std::string&) { ++worked; });
  source_->serve(ask_on, [this](holdfast::context& ctx, std::uint64_t open) {
    asking_.open = open;
    for (std::uint64_t i = 0; i < open; ++i)
      ask_again(ctx, asking_);
  });
  source_->start();
  if (target().call(echo, argument).value() != argument)
    throw std::runtime_error("the other process answers with something else");
}

std::uint64_t commits_of(holdfast::node& node) {
  return node.parts().store->status().commits;
}

std::function<std::uint64_t(std::uint64_t on_disk)> still_open(holdfast::node& source) {
  auto ended = [&source] {
    std::uint64_t sum = 0;
    for (auto& peer : source.parts().peers.statuses())
      sum += peer.calls_ended;
    return sum;
  };
  return [ended, before = ended()](std::uint64_t on_disk) {
    return on_disk - std::min(on_disk, ended() - before);
  };
}

std::uint64_t rows_of(holdfast::node& node, holdfast::table_id table) {
  return node.parts().store->read()->count(table);
}

int serve_target(const std::string& data) {
  auto mine = options(data, "target");
  mine.foreign = {.allow = {"bench.*"}, .listen = "127.0.0.1:0"};
  mine.listen = "127.0.0.1:0";
  mine.peers = {{"source", ""}};
  std::atomic<std::uint64_t> taken{0};
  holdfast::node node(std::move(mine));
  node.serve(work, [](const std::string&) {});
  node.serve(work_and_tell,
             [](holdfast::context& ctx, const std::string&) { ctx.to("source").send(executed); });
  node.serve(echo, [](const std::string& content) { return content; });
  node.serve(message, [&](const std::string&) { ++taken; });
  node.serve(messages_taken, [&] { return taken.load(); });
  node.start();
  std::printf("%s %s\n", node.address().c_str(), node.foreign_address().c_str());
  std::fflush(stdout);
  for (;;)
    pause();
}

}  // namespace bench
