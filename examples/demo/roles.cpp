#include "roles.hpp"

#include "book.hpp"
#include "digest.hpp"
#include "tree.hpp"

#include <csignal>
#include <deque>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace demo {
namespace {

using namespace holdfast;

/// Calls on their way to the disk at one time.
constexpr std::size_t outstanding_max = 64;

/// To the driver, which counts and decides whom to kill. Not a durable effect: it may be said twice.
void tell(const char* what, std::uint64_t count) {
  auto line = std::string(what) + " " + std::to_string(count) + "\n";
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0)
    _exit(1);  // the driver is gone
}

sigset_t block_sigterm() {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  return ending;
}

int run_until(const sigset_t& ending, node& node) {
  int signal = 0;
  sigwait(&ending, &signal);
  return node.stop() ? 0 : 1;
}

/// Again after each restart, from the beginning: the path is the call's user id, so that what is queued stays queued
/// once.
void queue_all(node& node, const std::vector<std::string>& paths) {
  std::deque<queue_ticket> outstanding;
  std::uint64_t queued = 0;
  auto await_first = [&] {
    outstanding.front().get();
    outstanding.pop_front();
    tell("queued", ++queued);
  };
  for (auto& path : paths) {
    if (outstanding.size() == outstanding_max)
      await_first();
    outstanding.push_back(node.to("target")
                              .then(measured, path)
                              .with({.id = key_of(path)})
                              .queue_async(measure, path));
  }
  while (!outstanding.empty())
    await_first();
}

}  // namespace

int run_source(const role_settings& settings) {
  auto ending = block_sigterm();
  node node({.data = settings.data,
             .listen = settings.listen,
             .log_level = "warn",
             .name = "source",
             .peers = {{"target", settings.peer_address}, {"driver", ""}},
             .secret_file = settings.secret_file});
  node.serve(measured,
             [](context& ctx, const outcome<measurement>& result, const std::string& path) {
               if (!result)
                 throw std::runtime_error(path + ": " + result.error);
               tell("answered", remember(ctx, path, *result.value));
             });
  serve_listing(node);
  node.start();
  tell("answered", known_files(node));
  queue_all(node, files_below(settings.root, settings.files_max));
  return run_until(ending, node);
}

int run_target(const role_settings& settings) {
  auto ending = block_sigterm();
  node node({.data = settings.data,
             .listen = settings.listen,
             .log_level = "warn",
             .name = "target",
             .peers = {{"source", ""}, {"driver", ""}},
             .secret_file = settings.secret_file});
  node.serve(measure, [](context& ctx, const std::string& path) {
    auto found = measure_file(path);
    tell("measured", remember(ctx, path, found));
    return found;
  });
  serve_listing(node);
  node.start();
  tell("measured", known_files(node));
  return run_until(ending, node);
}

}  // namespace demo
