// ./run bench peers: the same load on systems that people would use instead, each on loopback with a folder of its own.
#include "tests/benchmark/figures.hpp"
#include "tests/benchmark/machine.hpp"
#include "tests/benchmark/peers/contender.hpp"
#include "tests/benchmark/peers/load.hpp"
#include "tests/benchmark/peers/server.hpp"
#include "tests/benchmark/progress.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <stdlib.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using bench::peers::contender;

struct peers_options {
  fs::path data = fs::temp_directory_path();
  fs::path json;
  std::string only;
  double seconds = 3;
  int repeats = 3;
};

/// A line of the table.
struct row {
  std::string system, version, settings, failure;
  std::vector<double> rates;
  double p50 = 0;
  bool is_strict = true;
};

fs::path beside_me(const char* name) {
  return fs::read_symlink("/proc/self/exe").parent_path() / name;
}

bool is_installed(const fs::path& program) {
  if (program.has_parent_path())
    return fs::exists(program);
  std::string path = getenv("PATH") ? getenv("PATH") : "";
  path += ":/usr/sbin:/usr/bin";
  for (std::size_t at = 0; at < path.size();) {
    auto end = std::min(path.find(':', at), path.size());
    if (fs::exists(fs::path(path.substr(at, end - at)) / program))
      return true;
    at = end + 1;
  }
  return false;
}

std::string first_line(const fs::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// The first word with a dot between digits of what it says of itself, or else the version of its package.
std::string version_of(const contender& its, const fs::path& folder) {
  std::vector<std::string> command{its.program, its.version_flag};
  if (its.version_flag.empty())
    command = {"dpkg-query", "-W", "-f", "${Version}", its.package};
  bench::peers::run_to_end({.command = command, .folder = folder});
  auto said = first_line(folder / "log");
  auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  auto begin = std::find_if(said.begin(), said.end(), is_digit);
  auto end = std::find_if(begin, said.end(), [&](char c) { return !is_digit(c) && c != '.'; });
  return {begin, end};
}

row measure(const contender& its, const peers_options& options, const fs::path& folder) {
  row found{its.system, {}, its.settings, {}, {}, 0, its.is_strict};
  if (!is_installed(its.program)) {
    found.failure = "not installed: package " + its.package;
    return found;
  }
  try {
    found.version = version_of(its, folder / "version");
    auto running = its.start(folder / "server");
    for (int i = 0; i < options.repeats; ++i)
      found.rates.push_back(bench::peers::throughput(*running, its.batch, options.seconds));
    auto times = bench::peers::latencies(*running, options.seconds);
    found.p50 = bench::percentile(times, 0.5);
  } catch (const std::exception& problem) {
    found.failure = problem.what();
  }
  return found;
}

/// Holdfast, and the bare pair of processes, from the benchmark's other program.
std::vector<row> measure_holdfast(const peers_options& options, const fs::path& folder) {
  auto file = folder / "holdfast.json";
  bench::peers::run_to_end(
      {.command = {beside_me("bench"), "--only", "end", "--data", folder, "--json", file,
                   "--seconds", std::to_string(options.seconds), "--repeats",
                   std::to_string(options.repeats)},
       .folder = folder});
  std::ifstream in(file);
  auto all = nlohmann::json::parse(in);
  row ours{"Holdfast", {}, "default settings", {}, {}, 0, true};
  row bare{"bare pair of processes", {}, "LMDB and TCP, groups of 500", {}, {}, 0, true};
  std::vector<double> our_times, bare_times;
  for (auto& each : all.at("figures")) {
    auto name = each.at("name").get<std::string>();
    bool is_rate = name == "end to end, 1,000 outstanding";
    if (!is_rate && name != "end to end, one at a time, p50")
      continue;
    auto& repeats = each.at("repeats");
    (is_rate ? ours.rates : our_times) = repeats.at("holdfast").get<std::vector<double>>();
    (is_rate ? bare.rates : bare_times) = repeats.at("bare").get<std::vector<double>>();
  }
  ours.p50 = bench::median(our_times);
  bare.p50 = bench::median(bare_times);
  return {ours, bare};
}

void print(const std::vector<row>& rows) {
  auto ours = bench::median(rows.at(0).rates);
  std::printf("%-23s %-9s %-41s %12s %7s %7s %10s\n", "", "version", "settings", "messages/s",
              "ratio", "spread", "p50, us");
  for (bool is_strict : {true, false}) {
    std::printf(is_strict ? "\nflushed before the answer\n" : "\nflushed later\n");
    for (auto& each : rows) {
      if (each.is_strict != is_strict)
        continue;
      std::printf("%-23s %-9s %-41s ", each.system.c_str(), each.version.c_str(),
                  each.settings.c_str());
      if (!each.failure.empty()) {
        std::printf("%s\n", each.failure.c_str());
        continue;
      }
      auto rate = bench::median(each.rates);
      std::printf("%12.0f %7.2f %5.0f %% %10.0f\n", rate, rate / ours,
                  100 * bench::spread(each.rates), each.p50);
    }
  }
}

nlohmann::json to_json(const std::vector<row>& rows) {
  auto all = nlohmann::json::array();
  for (auto& each : rows)
    all.push_back({{"system", each.system},
                   {"version", each.version},
                   {"settings", each.settings},
                   {"flushed before the answer", each.is_strict},
                   {"messages per second", each.rates},
                   {"p50 us, one at a time", each.p50},
                   {"failure", each.failure}});
  return all;
}

std::vector<contender> all_contenders() {
  std::vector<contender> all;
  for (auto* some : {bench::peers::redis, bench::peers::rabbitmq, bench::peers::postgresql,
                     bench::peers::nats, bench::peers::beanstalkd})
    std::ranges::move(some(), std::back_inserter(all));
  return all;
}

std::vector<row> measure_all(const peers_options& options, const fs::path& folder) {
  bench::show_progress("Holdfast");
  auto rows = measure_holdfast(options, folder);
  int number = 0;
  for (auto& each : all_contenders()) {
    if (!options.only.empty() && each.program.find(options.only) == std::string::npos)
      continue;
    bench::show_progress(each.system + ", " + each.settings);
    auto own = folder / std::to_string(++number);
    fs::create_directories(own);
    rows.push_back(measure(each, options, own));
    fs::remove_all(own);
  }
  bench::show_progress({});
  return rows;
}

int run(const peers_options& options) {
  auto name = (options.data / "holdfast-peers-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw std::runtime_error("no temporary folder at " + name);
  fs::permissions(name, fs::perms::others_exec, fs::perm_options::add);  // servers of another user
  std::vector<row> rows;
  nlohmann::json machine;
  try {
    machine = bench::describe_machine(name);
    rows = measure_all(options, name);
  } catch (...) {
    fs::remove_all(name);
    throw;
  }
  fs::remove_all(name);
  print(rows);
  std::printf("\nMessages of 128 bytes, one producer, one consumer, at most 1,000 open, in batches "
              "where a system has them. Ratio: to Holdfast.\n");
  if (!options.json.empty())
    std::ofstream(options.json)
        << nlohmann::json{{"machine", machine}, {"rows", to_json(rows)}}.dump(2) << "\n";
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  peers_options options;
  CLI::App app("Measures message queues of Debian beside Holdfast.");
  app.add_option("--data", options.data, "parent of the stores; must be on a disk")
      ->capture_default_str();
  app.add_option("--json", options.json, "where to write all figures");
  app.add_option("--only", options.only, "a part of a server's name: redis");
  app.add_option("--seconds", options.seconds, "of each repeat")->capture_default_str();
  app.add_option("--repeats", options.repeats)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run(options);
} catch (const std::exception& problem) {
  std::cerr << "bench peers: " << problem.what() << "\n";
  return 1;
}
