// Measures Holdfast beside bare programs that do the same with LMDB and TCP alone, in turn, on this machine.
#include "tests/benchmark/bare_wire.hpp"
#include "tests/benchmark/machine.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/progress.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <csignal>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <stdlib.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct bench_options {
  bool is_quick = false;
  fs::path data = fs::temp_directory_path();
  fs::path json;
  std::string only;
  double seconds = 0;  // 0: by is_quick
  int repeats = 0;
};

class temporary_folder {
public:
  explicit temporary_folder(const fs::path& parent) {
    auto name = (parent / "holdfast-bench-XXXXXX").string();
    if (!mkdtemp(name.data()))
      throw std::runtime_error("no temporary folder at " + name);
    path = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;

  fs::path path;
};

/// Interrupted, nothing stays behind: the other processes die with this one. Before any other thread is started.
void remove_when_interrupted(const fs::path& folder) {
  sigset_t ending;
  sigemptyset(&ending);
  for (int signal : {SIGHUP, SIGINT, SIGTERM})
    sigaddset(&ending, signal);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  std::thread([folder, ending] {
    int signal = 0;
    sigwait(&ending, &signal);
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    _exit(128 + signal);
  }).detach();
}

const std::vector<std::pair<std::string, void (*)(bench::bench_rig&)>> all_measurements = {
    {"enqueue", bench::measure_enqueue},   {"end", bench::measure_end_to_end},
    {"loopback", bench::measure_loopback}, {"call", bench::measure_calls},
    {"send", bench::measure_messages},     {"foreign", bench::measure_foreign},
};

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

void run_repeats(const bench_options& options, const fs::path& data, bench::figures& found) {
  bench::child bare({"bench", "--bare", (data / "bare").string()});
  bench::node_pair nodes(data);
  auto seconds = options.seconds > 0 ? options.seconds : options.is_quick ? 0.4 : 1.5;
  auto repeats = options.repeats > 0 ? options.repeats : options.is_quick ? 3 : 5;
  for (int i = 0; i < repeats; ++i) {
    auto folder = data / ("repeat-" + std::to_string(i));
    bench::bench_rig rig{folder, nodes, bare.address(), seconds, found};
    for (auto& [name, measure] : all_measurements)
      if (options.only.empty() || options.only == name) {
        bench::show_progress("repeat " + std::to_string(i + 1) + " of " + std::to_string(repeats)
                             + ": " + name);
        measure(rig);
      }
    fs::remove_all(folder);
  }
  bench::show_progress({});
}

int run(const bench_options& options) {
  bench::stopwatch watch;
  temporary_folder folder(options.data);
  remove_when_interrupted(folder.path);
  auto machine = bench::describe_machine(folder.path);
  print_machine(machine);
  bench::figures found;
  run_repeats(options, folder.path, found);
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
  bench_options options;
  std::string target, bare;
  CLI::App app("Measures Holdfast beside bare LMDB and TCP.");
  app.add_flag("--quick", options.is_quick, "under a minute, coarse");
  app.add_option("--data", options.data, "parent of the stores; must be on a disk")
      ->capture_default_str();
  app.add_option("--json", options.json, "where to write all figures");
  app.add_option("--only", options.only, "enqueue, end, loopback, call, send or foreign");
  app.add_option("--seconds", options.seconds, "of each measurement");
  app.add_option("--repeats", options.repeats, "of everything");
  app.add_option("--target", target)->group("");
  app.add_option("--bare", bare)->group("");
  CLI11_PARSE(app, argc, argv);
  if (!target.empty())
    return bench::serve_target(target);
  if (!bare.empty())
    return bench::serve_bare(bare);
  return run(options);
} catch (const std::exception& problem) {
  std::cerr << "bench: " << problem.what() << "\n";
  return 1;
}
