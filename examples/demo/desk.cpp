#include "desk.hpp"

#include "book.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace demo {
namespace {

using namespace holdfast;

constexpr const char* pack = R"(gzip -nc "$1" | sha256sum)";

/// Submissions on their way to the disk at one time.
constexpr std::size_t outstanding_max = 64;

constexpr method<void(outcome<command_outcome>, std::string)> packed{"files.packed(end, path)"};

}  // namespace

command_spec pack_command(const std::string& path) {
  return {.argv = {"sh", "-c", pack, "sh", path},
          .directory = std::filesystem::current_path(),
          .environment = {},
          .input = {}};
}

std::string digest_in(const std::string& output) {
  return output.substr(0, output.find(' '));
}

desk::desk(const std::filesystem::path& folder, const std::string& hub_address)
    : node_({.data = folder / "desk",
             .log_level = "warn",
             .name = "desk",
             .peers = {{"hub", hub_address}},
             .secret_file = folder / "secret"}) {
  node_.serve(packed,
              [this](context& ctx, const outcome<command_outcome>& end, const std::string& path) {
                auto digest = end ? digest_in(end.value->output) : "no digest: " + end.error;
                ended_ = remember(ctx, path, {0, digest});
              });
  serve_listing(node_);
  node_.start();
}

void desk::submit(const std::vector<std::string>& paths) {
  std::deque<item_ticket> outstanding;
  auto await_first = [&] {
    outstanding.front().get();
    outstanding.pop_front();
  };
  for (auto& path : paths) {
    if (outstanding.size() == outstanding_max)
      await_first();
    outstanding.push_back(hub()
                              .with({.grace = std::chrono::milliseconds(500), .title = path})
                              .then(packed, path)
                              .submit_async(exec_run, pack_command(path)));
  }
  while (!outstanding.empty())
    await_first();
}

std::vector<file_row> desk::rows() {
  return table_of(node_, node_.name());
}

plain_pass pack_plainly(const std::vector<std::string>& paths,
                        const std::filesystem::path& folder) {
  {
    std::ofstream list(folder / "list");
    for (std::size_t i = 0; i < paths.size(); ++i)
      list << paths[i] << '\0' << i << '\0';
  }
  auto command =
      "xargs -0 -n 2 -P " + std::to_string(std::max(1u, std::thread::hardware_concurrency()))
      + " sh -c 'echo \"$(" + pack + ")\" \"$2\"' sh < '" + (folder / "list").string() + "'";
  auto* pipe = popen(command.c_str(), "r");
  if (!pipe)
    throw std::runtime_error("no process for the plain pass");
  std::string text;
  std::array<char, 4096> block{};
  while (auto count = fread(block.data(), 1, block.size(), pipe))
    text.append(block.data(), count);
  if (pclose(pipe) != 0)
    throw std::runtime_error("the plain pass has failed");
  plain_pass found;
  std::istringstream lines(text);
  std::string digest, dash;
  for (std::size_t number = 0; lines >> digest >> dash >> number;)
    found[paths.at(number)] = {0, digest};
  return found;
}

}  // namespace demo
