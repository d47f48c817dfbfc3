// Measures Holdfast beside bare programs that do the same with LMDB and TCP alone, in turn, on this machine.
#include "tests/benchmark/bare_wire.hpp"
#include "tests/benchmark/machine.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/progress.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"
#include "tests/benchmark/temporary_folder.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t backlog_default = 1'000'000;

struct bench_options {
  bool is_quick = false;
  fs::path data = fs::temp_directory_path();
  fs::path json;
  std::string only;
  double seconds = 0;  // 0: by is_quick
  int repeats = 0;
  std::uint64_t backlog = 0;
};

struct measurement {
  std::string name;
  void (*measure)(bench::bench_rig&);
  bool is_long = false;  ///< repeated less often
};

const std::vector<measurement> all_measurements = {
    {"enqueue", bench::measure_enqueue},           {"end", bench::measure_end_to_end},
    {"loopback", bench::measure_loopback},         {"call", bench::measure_calls},
    {"pipelined", bench::measure_pipelined},       {"send", bench::measure_messages},
    {"transport", bench::measure_transport, true}, {"settings", bench::measure_settings, true},
    {"foreign", bench::measure_foreign},           {"actors", bench::measure_actors},
    {"tallies", bench::measure_idle_actors, true}, {"work", bench::measure_work, true},
    {"sizes", bench::measure_sizes, true},         {"backlog", bench::measure_backlog, true},
    {"idle", bench::measure_links, true},          {"crowd", bench::measure_peers, true},
};

std::string names_of_measurements() {
  std::string names;
  for (auto& one : all_measurements)
    names += (names.empty() ? "" : ", ") + one.name;
  return names;
}

void print_machine(const nlohmann::json& machine) {
  auto text = [&](const char* name) { return machine.at(name).get<std::string>(); };
  auto& disk = machine.at("file_system");
  std::cout << text("processor") << ", " << machine.at("cores") << " cores, " << text("kernel")
            << "\n"
            << "data on " << disk.at("type").get<std::string>() << " ("
            << disk.at("device").get<std::string>() << "), load before "
            << machine.at("load_before") << "\n\n";
  if (machine.at("load_before").get<double>() > machine.at("cores").get<double>() / 2)
    std::cout << "THE MACHINE IS BUSY: the figures say little, the ratios a little more.\n\n";
  if (disk.at("type") == "tmpfs")
    std::cout << "THE DATA IS IN MEMORY: flushes cost nothing there. Give a folder on a disk with "
                 "--data.\n\n";
}

int repeats_of(const measurement& one, const bench_options& options) {
  if (options.repeats > 0)
    return options.repeats;
  if (options.is_quick)
    return one.is_long ? 1 : 3;
  if (options.backlog > backlog_default)
    return 1;
  return one.is_long ? 2 : 5;
}

std::vector<measurement> wanted(const bench_options& options) {
  std::vector<measurement> found;
  for (auto& one : all_measurements)
    if (options.only.empty() || options.only == one.name)
      found.push_back(one);
  if (found.empty())
    throw std::runtime_error("--only " + options.only + " is none of " + names_of_measurements());
  return found;
}

void run_repeats(const bench_options& options, const fs::path& data, const fs::path& memory,
                 bench::figures& found) {
  bench::child bare(bench::role_command({"bare", (data / "bare").string()}));
  bench::node_pair nodes(data);
  auto seconds = options.seconds > 0 ? options.seconds : options.is_quick ? 0.4 : 1.5;
  auto due = wanted(options);
  for (int i = 0; !due.empty(); ++i) {
    auto folder = data / ("repeat-" + std::to_string(i));
    bench::bench_rig rig{folder, nodes,           bare.address(),   seconds,
                         found,  options.backlog, options.is_quick, memory};
    for (auto& one : due) {
      bench::show_progress("repeat " + std::to_string(i + 1) + ": " + one.name);
      one.measure(rig);
    }
    fs::remove_all(folder);
    std::erase_if(due, [&](auto& one) { return repeats_of(one, options) <= i + 1; });
  }
  bench::show_progress({});
}

fs::path memory_or(const fs::path& data) {
  const fs::path memory = "/dev/shm";
  return fs::is_directory(memory) ? memory : data;
}

int run(const bench_options& options) {
  bench::stopwatch watch;
  bench::temporary_folder folder(options.data);
  bench::temporary_folder in_memory(memory_or(options.data));
  bench::remove_when_interrupted({folder.path, in_memory.path});
  auto machine = bench::describe_machine(folder.path);
  print_machine(machine);
  bench::figures found;
  run_repeats(options, folder.path, in_memory.path, found);
  found.print();
  std::cout << "\n128-byte arguments, default settings, everything flushed. Medians of the "
               "repeats; ratio: Holdfast to bare\n"
               "of the same repeat; spread: largest to smallest ratio. "
            << static_cast<int>(watch.seconds()) << " s.\n";
  if (!options.json.empty()) {
    auto all = found.to_json();
    all["machine"] = machine;
    std::ofstream(options.json) << all.dump(2) << "\n";
    std::cout << "All figures: " << options.json.string() << "\n";
  }
  return 0;
}

}  // namespace

fs::path bench::bench_rig::fresh() {
  auto folder = data / std::to_string(++last_fresh);
  fs::create_directories(folder);
  return folder;
}

int main(int argc, char** argv) try {
  std::signal(SIGPIPE, SIG_IGN);
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() > 1 && words[0] == "--role")
    return bench::play(words[1], {words.begin() + 2, words.end()});
  bench_options options;
  CLI::App app("Measures Holdfast beside bare LMDB and TCP.");
  app.add_flag("--quick", options.is_quick, "about a minute, coarse");
  app.add_option("--data", options.data, "parent of the stores; must be on a disk")
      ->capture_default_str();
  app.add_option("--json", options.json, "where to write all figures");
  app.add_option("--only", options.only, "one of: " + names_of_measurements());
  app.add_option("--seconds", options.seconds, "of each measurement");
  app.add_option("--repeats", options.repeats, "of everything");
  app.add_option("--backlog", options.backlog,
                 "calls that wait: 1,000,000 in a whole run; 10,000,000 with --only backlog, once");
  CLI11_PARSE(app, argc, argv);
  if (options.backlog == 0)
    options.backlog = options.is_quick            ? 100'000
                      : options.only == "backlog" ? 10 * backlog_default
                                                  : backlog_default;
  return run(options);
} catch (const std::exception& problem) {
  std::cerr << "bench: " << problem.what() << "\n";
  return 1;
}
