#include "driver.hpp"

#include "book.hpp"
#include "comparison.hpp"
#include "digest.hpp"
#include "interruption.hpp"
#include "kill_plan.hpp"
#include "process.hpp"
#include "screen.hpp"
#include "temporary_folder.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <poll.h>
#include <random>
#include <stdexcept>
#include <string>

namespace demo {
namespace {

namespace fs = std::filesystem;

/// Nothing happened for so long: something hangs.
constexpr int silence_max_ms = 30'000;

class driver {
public:
  driver(const drive_settings& settings, std::vector<std::string> paths)
      : settings_(settings), paths_(std::move(paths)), random_(settings.seed),
        kill_target_(random_, settings.kills, paths_.size() * 9 / 10),
        kill_queueing_(random_, settings.kills / 2, paths_.size()),
        kill_answering_(random_, settings.kills - settings.kills / 2, paths_.size() * 9 / 10) {
    now_.files = paths_.size();
  }

  int run();

private:
  void start_source();
  void start_target();
  void run_until_answered();
  void hear(process& from, const char* who);
  void understand(const std::string& line);
  void kill_who_is_due();
  int report(const comparison& target, const comparison& source, std::uint64_t bytes,
             double seconds);
  void print_logs();

  drive_settings settings_;
  std::vector<std::string> paths_;
  temporary_folder folder_;
  std::string source_at_ = free_address();
  std::string target_at_ = free_address();
  std::mt19937_64 random_;
  kill_plan kill_target_;
  kill_plan kill_queueing_;
  kill_plan kill_answering_;
  std::unique_ptr<process> source_;
  std::unique_ptr<process> target_;
  progress now_;
  std::uint64_t queued_in_this_life_ = 0;
  bool is_source_back_ = false;  ///< it has said how much it knows
  bool is_target_back_ = false;
  screen screen_;
};

void driver::start_source() {
  source_.reset();
  queued_in_this_life_ = 0;
  is_source_back_ = false;
  auto folder = folder_.path();
  source_ = std::make_unique<process>(
      std::vector<std::string>{"demo", "--role=source", "--data=" + (folder / "source").string(),
                               "--secret-file=" + (folder / "secret").string(),
                               "--listen=" + source_at_, "--peer=" + target_at_,
                               "--files=" + std::to_string(settings_.files_max),
                               settings_.root.string()},
      folder / "source.log");
}

void driver::start_target() {
  target_.reset();
  is_target_back_ = false;
  auto folder = folder_.path();
  target_ = std::make_unique<process>(
      std::vector<std::string>{"demo", "--role=target", "--data=" + (folder / "target").string(),
                               "--secret-file=" + (folder / "secret").string(),
                               "--listen=" + target_at_},
      folder / "target.log");
}

void driver::understand(const std::string& line) {
  auto space = line.find(' ');
  auto what = line.substr(0, space);
  auto count = std::stoull(line.substr(space + 1));
  if (what == "queued") {
    queued_in_this_life_ = count;
    now_.queued = std::max<std::uint64_t>(now_.queued, count);
  } else if (what == "measured") {
    is_target_back_ = true;
    now_.measured = count;
  } else {
    is_source_back_ = true;
    now_.answered = count;
  }
}

void driver::hear(process& from, const char* who) {
  std::deque<std::string> lines;
  bool runs = from.read(lines);
  for (auto& line : lines)
    understand(line);
  if (!runs)
    throw std::runtime_error(std::string("the ") + who + " " + from.ending()
                             + ", and nobody had killed it");
}

void driver::kill_who_is_due() {
  if (kill_target_.is_due(now_.measured)) {
    kill_target_.done();
    target_->kill_now();
    ++now_.target_kills;
    start_target();
  }
  bool is_due = false;
  if (kill_queueing_.is_due(queued_in_this_life_)) {
    kill_queueing_.done();
    is_due = true;
  } else if (is_source_back_ && kill_answering_.is_due(now_.answered)) {
    kill_answering_.done();
    is_due = true;
  }
  if (is_due) {
    source_->kill_now();
    ++now_.source_kills;
    start_source();
  }
}

void driver::run_until_answered() {
  while (!is_source_back_ || !is_target_back_ || now_.answered < now_.files
         || now_.queued < now_.files) {
    pollfd wanted[] = {{source_->output(), POLLIN, 0}, {target_->output(), POLLIN, 0}};
    if (poll(wanted, 2, silence_max_ms) == 0)
      throw std::runtime_error("nothing happened for " + std::to_string(silence_max_ms / 1000)
                               + " s");
    throw_if_interrupted();
    if (wanted[0].revents)
      hear(*source_, "source");
    if (wanted[1].revents)
      hear(*target_, "target");
    kill_who_is_due();
    screen_.show(now_);
  }
}

int driver::run() try {
  auto begun = std::chrono::steady_clock::now();
  start_target();
  start_source();
  run_until_answered();
  // Once more after the last answer: what is compared comes from the disk.
  source_->kill_now();
  target_->kill_now();
  ++now_.source_kills;
  ++now_.target_kills;
  start_target();
  start_source();
  run_until_answered();
  screen_.end();

  plain_pass expected;
  std::uint64_t bytes = 0;
  for (auto& path : paths_)
    bytes += (expected[path] = measure_file(path)).size;
  comparison in_target, in_source;
  {
    holdfast::node node({.data = folder_.path() / "driver",
                         .log_level = "warn",
                         .name = "driver",
                         .peers = {{"source", source_at_}, {"target", target_at_}},
                         .secret_file = folder_.path() / "secret"});
    node.start();
    in_target = compare(expected, table_of(node, "target"));
    in_source = compare(expected, table_of(node, "source"));
  }
  if (source_->stop() != 0 || target_->stop() != 0)
    throw std::runtime_error("a process did not stop in good order");
  std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - begun;
  return report(in_target, in_source, bytes, lasted.count());
} catch (const std::exception& problem) {
  screen_.end();
  std::cerr << "demo: " << problem.what() << "\n";
  print_logs();
  return 1;
}

int driver::report(const comparison& target, const comparison& source, std::uint64_t bytes,
                   double seconds) {
  auto line = [](const char* name, const std::string& figure, const std::string& text) {
    std::printf("  %-16s %8s   %s\n", name, figure.c_str(), text.c_str());
  };
  std::printf("\n");
  line("files", with_commas(now_.files), megabytes(bytes));
  line("kill -9", std::to_string(now_.source_kills + now_.target_kills),
       "source " + std::to_string(now_.source_kills) + ", target "
           + std::to_string(now_.target_kills) + ", both once more after the last answer");
  line("attempts above 1", with_commas(target.repeated + source.repeated),
       "handlers run again because a kill came between");
  line("missing", with_commas(target.missing + source.missing),
       "in the target's table or in the source's");
  line("counted twice", with_commas(target.twice + source.twice), "");
  line("different", with_commas(target.different + source.different),
       "from a plain pass over the same files");
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", seconds);
  line("seconds", text, "seed " + std::to_string(settings_.seed));
  std::printf("\n");
  for (auto* table : {&target, &source})
    for (auto& example : table->examples)
      std::printf("  %s: %s\n", table == &target ? "target" : "source", example.c_str());
  bool is_equal = target.is_equal() && source.is_equal();
  std::printf("%s\n",
              is_equal ? "Equal: both tables are what a plain pass over the files gives."
                       : "NOT EQUAL: the tables are not what a plain pass over the files gives.");
  return is_equal ? 0 : 1;
}

void driver::print_logs() {
  for (auto* name : {"source.log", "target.log"}) {
    std::ifstream log(folder_.path() / name);
    for (std::string text; std::getline(log, text);)
      std::cerr << name << ": " << text << "\n";
  }
}

}  // namespace

int drive(const drive_settings& settings) {
  auto paths = files_below(settings.root, settings.files_max);
  if (paths.empty()) {
    std::cerr << "demo: no files below " << settings.root.string() << "\n";
    return 2;
  }
  std::printf("Durable calls through kill -9\n\n"
              "  source   queues a call for each of %s files of %s,\n"
              "           and keeps what comes back\n"
              "  target   reads each file, keeps size and SHA-256, and answers with them\n\n",
              with_commas(paths.size()).c_str(), settings.root.c_str());
  std::fflush(stdout);
  return driver(settings, std::move(paths)).run();
}

}  // namespace demo
