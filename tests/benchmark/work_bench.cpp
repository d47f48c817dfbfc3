// ./run bench work: a controller in this process, workers in others over real links, items that do nothing. Everything is
// durable as always. Prints a table, writes JSON.
#include "tests/benchmark/bare_store.hpp"
#include "tests/benchmark/child.hpp"
#include "tests/benchmark/figures.hpp"
#include "tests/benchmark/machine.hpp"
#include "tests/benchmark/node_pair.hpp"
#include "tests/benchmark/progress.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <holdfast/actors/work_front.hpp>
#include <holdfast/runtime/node.hpp>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr holdfast::method<void(std::string)> nothing{"bench.nothing(content)"};

/// Submissions on their way to the disk at one time.
constexpr std::size_t outstanding_max = 1000;

/// No run may hang: a machine that is this slow measures nothing.
constexpr double seconds_max = 1200;

struct work_options {
  unsigned workers = 8;
  unsigned processes = 2;
  unsigned slots = 64;
  std::uint64_t items = 100'000;
  double kill_part = 0;
  bool only_waiting = false;
  fs::path data = fs::temp_directory_path();
  fs::path json;
};

holdfast::node_options node_named(const fs::path& data, const std::string& name) {
  return {.data = data / name, .log_level = "err", .name = name, .secret_file = data / "secret"};
}

std::int64_t resident_kib(const std::string& process) {
  std::ifstream in("/proc/" + process + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmRSS:"))
      return std::stoll(line.substr(6));
  return 0;
}

// ---- the other processes

struct worker_role {
  std::string hub;
  unsigned first = 0;
  unsigned count = 0;
  unsigned slots = 1;
  fs::path data;
};

int serve_workers(const worker_role& role) {
  std::vector<std::unique_ptr<holdfast::node>> nodes;
  for (unsigned i = 0; i < role.count; ++i) {
    auto mine = node_named(role.data, "w" + std::to_string(role.first + i));
    mine.peers = {{"hub", role.hub}};
    nodes.push_back(std::make_unique<holdfast::node>(std::move(mine)));
    auto& works = nodes.back()->work_for({.controller = "hub", .slots = role.slots});
    works.serve(nothing, [](const std::string&) {});
    nodes.back()->start();
  }
  std::printf("%d\n", static_cast<int>(getpid()));
  std::fflush(stdout);
  for (;;)
    pause();
}

// ---- this one

class work_run {
public:
  work_run(const work_options& options, const fs::path& data) : options_(options), data_(data) {
    auto mine = node_named(data, "hub");
    mine.listen = "127.0.0.1:0";
    hub_ = std::make_unique<holdfast::node>(std::move(mine));
    hub_->serve_controller();
    hub_->start();
    memory_empty_ = resident_kib("self");
  }

  nlohmann::json run() {
    if (options_.only_waiting)
      return keep_waiting();
    start_workers();
    bench::stopwatch all;
    std::thread submitter([this] { submit(); });
    kill_some();
    wait_for_ends();
    auto seconds = all.seconds();
    submitter.join();
    return report(seconds);
  }

private:
  holdfast::controller_front front() { return hub_->controller("hub"); }

  void start_workers() {
    for (unsigned p = 0; p < options_.processes; ++p) {
      auto first = options_.workers * p / options_.processes;
      auto count = options_.workers * (p + 1) / options_.processes - first;
      processes_.push_back(std::make_unique<bench::child>(std::vector<std::string>{
          "bench_work", "--hub", hub_->address(), "--first", std::to_string(first), "--count",
          std::to_string(count), "--slots", std::to_string(options_.slots), "--data",
          data_.string()}));
      bench::show_progress("workers: " + std::to_string(first + count));
    }
    bench::stopwatch waited;
    while (ready() < options_.workers) {
      if (waited.seconds() > seconds_max)
        throw std::runtime_error("the workers did not come: " + std::to_string(ready()));
      std::this_thread::sleep_for(50ms);
    }
    for (auto& process : processes_)
      memory_workers_ += resident_kib(process->address());
    memory_linked_ = resident_kib("self");
  }

  std::size_t ready() {
    auto known = front().workers();
    return known ? static_cast<std::size_t>(
               std::ranges::count(*known, "ready", &holdfast::worker_status::phase))
                 : 0;
  }

  void submit() {
    std::deque<holdfast::item_ticket> outstanding;
    for (std::uint64_t i = 0; i < options_.items; ++i) {
      if (outstanding.size() == outstanding_max) {
        outstanding.front().get();
        outstanding.pop_front();
      }
      outstanding.push_back(front().with({.grace = 0s}).submit_async(nothing, bench::argument));
    }
    for (auto& ticket : outstanding)
      ticket.get();
  }

  std::uint64_t ended() {
    auto now = front().counts();
    return now ? now->done + now->failed + now->cancelled + now->expired : 0;
  }

  void wait_until(std::uint64_t ends) {
    bench::stopwatch waited;
    for (auto so_far = ended(); so_far < ends; so_far = ended()) {
      bench::show_progress("items: " + std::to_string(so_far));
      memory_most_ = std::max(memory_most_, resident_kib("self"));
      if (waited.seconds() > seconds_max)
        throw std::runtime_error("stuck at " + std::to_string(so_far) + " items");
      std::this_thread::sleep_for(20ms);
    }
  }

  /// A third of the items through, so many of the processes are gone, with kill -9.
  void kill_some() {
    auto killed = static_cast<std::size_t>(options_.kill_part * options_.processes + 0.5);
    if (killed == 0)
      return;
    wait_until(options_.items / 3);
    for (std::size_t i = 0; i < killed; ++i)
      processes_.pop_back();
    killed_ = killed * (options_.workers / options_.processes);
    ended_before_ = ended();
    after_kill_ = std::make_unique<bench::stopwatch>();
  }

  void wait_for_ends() { wait_until(options_.items); }

  nlohmann::json report(double seconds) {
    auto counts = front().counts().value();
    auto bare = bench::bare_put_rate(data_ / "bare", 1000, bench::argument, 1.5);
    nlohmann::json found{
        {"workers", options_.workers},
        {"processes", options_.processes},
        {"slots each", options_.slots},
        {"items", options_.items},
        {"items per second", static_cast<double>(options_.items) / seconds},
        {"seconds", seconds},
        {"bare LMDB, puts per second in commits of 1,000", bare},
        {"ratio", static_cast<double>(options_.items) / seconds / bare},
        {"done", counts.done},
        {"ended otherwise", counts.failed + counts.cancelled + counts.expired},
        {"moved", counts.moved},
        {"late results refused", counts.evidence},
        {"KiB per worker, in its process", memory_workers_ / std::max(1u, options_.workers)},
        {"KiB per worker, at the controller",
         (memory_linked_ - memory_empty_) / static_cast<std::int64_t>(options_.workers)},
        {"MiB of the controller at most", memory_most_ / 1024},
    };
    if (after_kill_) {
      found["workers killed"] = killed_;
      found["items per second behind the kill"] =
          static_cast<double>(options_.items - ended_before_) / after_kill_->seconds();
    }
    if (counts.done != options_.items)
      throw std::runtime_error("not all items are done: " + found.dump(2));
    return found;
  }

  nlohmann::json keep_waiting() {
    bench::stopwatch all;
    submit();
    while (front().counts().value_or(holdfast::work_counts()).waiting < options_.items
           && all.seconds() < seconds_max) {
      memory_most_ = std::max(memory_most_, resident_kib("self"));
      std::this_thread::sleep_for(20ms);
    }
    auto seconds = all.seconds();
    auto status = hub_->status();
    return {{"items waiting", front().counts().value().waiting},
            {"submitted per second", static_cast<double>(options_.items) / seconds},
            {"MiB resident, empty", memory_empty_ / 1024},
            {"MiB resident now, with the mapped file", resident_kib("self") / 1024},
            {"MiB of the store", status.bytes_used >> 20}};
  }

  work_options options_;
  fs::path data_;
  std::unique_ptr<holdfast::node> hub_;
  std::vector<std::unique_ptr<bench::child>> processes_;
  std::unique_ptr<bench::stopwatch> after_kill_;
  std::size_t killed_ = 0;
  std::uint64_t ended_before_ = 0;
  std::int64_t memory_empty_ = 0, memory_linked_ = 0, memory_workers_ = 0, memory_most_ = 0;
};

int measure(const work_options& options) {
  auto name = (options.data / "holdfast-work-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw std::runtime_error("no temporary folder at " + name);
  nlohmann::json found;
  try {
    found = work_run(options, name).run();
    found["machine"] = bench::describe_machine(name);
  } catch (...) {
    fs::remove_all(name);
    throw;
  }
  fs::remove_all(name);
  bench::show_progress({});
  for (auto& [what, number] : found.items())
    if (number.is_number())
      std::printf("%-48s %14s\n", what.c_str(), number.dump().substr(0, 12).c_str());
  if (!options.json.empty())
    std::ofstream(options.json) << found.dump(2) << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  work_options options;
  worker_role role;
  CLI::App app("Measures work items through a controller: submit, assign, run (nothing), done, all "
               "durable.");
  app.add_option("--workers", options.workers)
      ->capture_default_str()
      ->check(CLI::Range(1u, 10000u));
  app.add_option("--processes", options.processes, "that the workers are spread over")
      ->capture_default_str();
  app.add_option("--slots", options.slots, "of each worker")->capture_default_str();
  app.add_option("--items", options.items)->capture_default_str();
  app.add_option("--kill", options.kill_part, "part of the processes killed on the way: 0.1");
  app.add_flag("--waiting", options.only_waiting, "no workers: how much memory waiting items take");
  app.add_option("--data", options.data, "parent of the stores; must be on a disk")
      ->capture_default_str();
  app.add_option("--json", options.json, "where to write all figures");
  app.add_option("--hub", role.hub)->group("");
  app.add_option("--first", role.first)->group("");
  app.add_option("--count", role.count)->group("");
  CLI11_PARSE(app, argc, argv);
  options.processes = std::clamp(options.processes, 1u, options.workers);
  if (role.hub.empty())
    return measure(options);
  role.slots = options.slots;
  role.data = options.data;
  return serve_workers(role);
} catch (const std::exception& problem) {
  std::cerr << "bench_work: " << problem.what() << "\n";
  return 1;
}
