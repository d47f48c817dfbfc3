#include <holdfast/core/error.hpp>
#include <holdfast/runtime/command_work.hpp>
#include <holdfast/runtime/durations.hpp>

#include <CLI/CLI.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace holdfast {
namespace {

using steady = std::chrono::steady_clock;
using frame = std::vector<std::string>;

struct top_arguments {
  work_target target;
  bool once = false;
  std::string every = "1s";
};

struct screen_size {
  std::size_t columns = 100, lines = 40;
};

screen_size size_of_screen() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 3)
    return {size.ws_col, size.ws_row};
  return {};
}

std::string padded(std::string text, std::size_t columns) {
  text = one_line(text, columns - 1);
  text.resize(std::max(text.size(), columns), ' ');
  return text;
}

std::string bar(double part, std::size_t width) {
  auto full = std::min(width, static_cast<std::size_t>(part * static_cast<double>(width)));
  return std::string(full, '#') + std::string(width - full, '.');
}

/// The screen of a program that lives on it: restored when it ends, however it ends.
class live_screen {
public:
  live_screen() {
    ::tcgetattr(STDIN_FILENO, &before_);
    auto raw = before_;
    raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    struct sigaction ends {};
    ends.sa_handler = [](int) { is_interrupted = 1; };  // and poll() returns
    ::sigaction(SIGINT, &ends, nullptr);
    ::sigaction(SIGTERM, &ends, nullptr);
    std::cout << "\033[?1049h\033[?25l";
  }
  ~live_screen() {
    std::cout << "\033[?25h\033[?1049l" << std::flush;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  }

  static void show(const frame& lines) {
    std::string text = "\033[H";
    for (auto& line : lines)
      text += line + "\033[K\r\n";
    text.resize(text.size() - 2);
    std::cout << text << "\033[J" << std::flush;
  }

  /// False when the user wants to go.
  static bool wait(int milliseconds) {
    pollfd keys{STDIN_FILENO, POLLIN, 0};
    char key = 0;
    if (::poll(&keys, 1, milliseconds) > 0 && ::read(STDIN_FILENO, &key, 1) <= 0)
      return false;
    return !is_interrupted && key != 'q' && key != 'Q';
  }

private:
  static inline volatile std::sig_atomic_t is_interrupted = 0;
  termios before_{};
};

class top_view {
public:
  explicit top_view(const top_arguments& given)
      : given_(given), client_(connect_to_node(given.target.node)) {}

  frame draw(screen_size size) {
    frame lines;
    try {
      auto counts = client_.ask(given_.target.question("work.counts"));
      auto workers = client_.ask(given_.target.question("workers.list"));
      lines.push_back(heading(counts));
      draw_workers(workers.as_array(), lines, size);
      draw_items(lines, size);
    } catch (const error& problem) {
      if (problem.code() == errc::stopping)
        throw;
      lines.emplace_back(problem.what());
    }
    for (auto& line : lines)
      line = one_line(line, size.columns);
    if (lines.size() > size.lines)
      lines.resize(size.lines);
    return lines;
  }

private:
  std::string heading(const value& counts) {
    auto done = counts.as_dict().at("done").as_integer();
    auto now = steady::now();
    std::string text;
    for (auto* name :
         {"waiting", "running", "suspended", "done", "failed", "cancelled", "expired", "moved"})
      text += std::string(name) + " " + cell(counts, name) + "   ";
    if (last_) {
      auto seconds = std::chrono::duration<double>(now - last_at_).count();
      std::array<char, 32> rate{};
      std::snprintf(rate.data(), rate.size(), "%.1f/s",
                    std::max(0.0, static_cast<double>(done - *last_) / seconds));
      text += rate.data();
    }
    last_ = done;
    last_at_ = now;
    return text;
  }

  static void draw_workers(const array& workers, frame& lines, screen_size size) {
    lines.emplace_back();
    lines.push_back(padded("WORKER", 20) + padded("PHASE", 10) + padded("SLOTS", 22)
                    + padded("DONE", 9) + padded("TYPE", 12) + "LABELS");
    std::size_t shown = 0;
    for (auto& worker : workers) {
      if (lines.size() + 4 > size.lines / 2 + 2 && shown + 1 < workers.size()) {
        lines.push_back("and " + std::to_string(workers.size() - shown) + " more");
        return;
      }
      ++shown;
      auto slots = worker.as_dict().at("slots").as_integer();
      auto used = worker.as_dict().at("slots_used").as_integer();
      auto part = slots > 0 ? static_cast<double>(used) / static_cast<double>(slots) : 0;
      std::string labels;
      for (auto& label : worker.as_dict().at("labels").as_array())
        labels += (labels.empty() ? "" : " ") + label.as_string();
      lines.push_back(
          padded(cell(worker, "name"), 20) + padded(cell(worker, "phase"), 10)
          + padded(bar(part, 10) + " " + std::to_string(used) + "/" + std::to_string(slots), 22)
          + padded(cell(worker, "items_done"), 9) + padded(cell(worker, "type"), 12) + labels);
    }
  }

  /// What is under way first, then what waits.
  void draw_items(frame& lines, screen_size size) {
    lines.emplace_back();
    lines.push_back(padded("ITEM", 30) + padded("STATE", 11) + padded("WORKER", 16)
                    + padded("FOR", 8) + padded("PROGRESS", 12) + "TITLE");
    for (auto& states : {array{"running", "assigned", "suspended"}, array{"waiting"}}) {
      if (lines.size() >= size.lines)
        return;
      auto question = given_.target.question("work.list");
      question.add("states", states);
      question.add("limit", size.lines - lines.size());
      auto items = client_.ask(question);
      for (auto& item : items.as_array()) {
        auto part = item.as_dict().at("progress").as_double();
        lines.push_back(
            padded(cell(item, "id"), 30) + padded(cell(item, "state"), 11)
            + padded(cell(item, "worker"), 16)
            + padded(short_time(seconds_since(item, cell(item, "started").empty() ? "submitted"
                                                                                  : "started")),
                     8)
            + padded(part > 0 ? bar(part, 10) : "", 12) + title_of(item));
      }
    }
  }

  const top_arguments& given_;
  operator_client client_;
  std::optional<std::int64_t> last_;
  steady::time_point last_at_;
};

exit_code top(const top_arguments& given) {
  top_view view(given);
  if (given.once) {
    for (auto& line : view.draw(size_of_screen()))
      std::cout << line.substr(0, line.find_last_not_of(' ') + 1) << "\n";
    return exit_code::done;
  }
  if (::isatty(STDIN_FILENO) != 1 || ::isatty(STDOUT_FILENO) != 1)
    throw error(errc::bad_config, "top needs a terminal; --once prints one frame anywhere");
  auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(given.every));
  live_screen screen;
  do
    live_screen::show(view.draw(size_of_screen()));
  while (live_screen::wait(static_cast<int>(std::clamp<std::int64_t>(pause.count(), 50, 60'000))));
  return exit_code::done;
}

}  // namespace

void add_top_command(CLI::App& work, console_action& chosen) {
  auto given = std::make_shared<top_arguments>();
  auto* command = work.add_subcommand("top", "workers and items, live; q ends it");
  add_work_target(*command, given->target);
  command->add_flag("--once", given->once, "print one frame and end");
  command->add_option("--every", given->every, "between two looks (1s)");
  command->callback([=, &chosen] { chosen = [=] { return top(*given); }; });
}

}  // namespace holdfast
