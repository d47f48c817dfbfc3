#include "screen.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace demo {
namespace {

constexpr auto refresh_interval = std::chrono::milliseconds(40);
constexpr std::size_t bar_width = 24;

std::string bar(std::uint64_t part, std::uint64_t whole) {
  auto full = whole == 0 ? bar_width : std::min<std::size_t>(bar_width, part * bar_width / whole);
  return "[" + std::string(full, '#') + std::string(bar_width - full, '.') + "]";
}

std::string aligned(std::uint64_t number, std::uint64_t most) {
  auto text = with_commas(number);
  auto wide = with_commas(most).size();
  return std::string(wide - std::min(wide, text.size()), ' ') + text;
}

}  // namespace

screen::screen() : is_terminal_(isatty(STDOUT_FILENO) != 0) {}

void screen::show(const progress& now) {
  auto kills = now.source_kills + now.target_kills;
  show("queued " + aligned(now.queued, now.files) + "  measured " + aligned(now.measured, now.files)
           + "  answered " + aligned(now.answered, now.files) + " of " + with_commas(now.files)
           + "  kill -9 " + std::to_string(kills),
       now.answered, now.files, kills);
}

void screen::show(const work_progress& now) {
  show("ended " + aligned(now.ended, now.items) + " of " + with_commas(now.items)
           + "  kill -9: controller " + std::to_string(now.hub_kills) + ", workers "
           + std::to_string(now.worker_kills) + (now.freezes ? "  frozen 1" : ""),
       now.ended, now.items, now.hub_kills + now.worker_kills + now.freezes);
}

void screen::show(const std::string& text, std::uint64_t part, std::uint64_t whole,
                  unsigned events) {
  auto at = std::chrono::steady_clock::now();
  if (is_terminal_) {
    if (at - shown_ < refresh_interval && part != whole && events == events_)
      return;
    shown_ = at;
    std::printf("\r  %s %s\x1b[K", bar(part, whole).c_str(), text.c_str());
    is_line_open_ = true;
  } else {
    auto tenth = static_cast<unsigned>(whole == 0 ? 10 : part * 10 / whole);
    if (tenth == tenth_ && events == events_)
      return;
    tenth_ = tenth;
    std::printf("  %s\n", text.c_str());
  }
  events_ = events;
  std::fflush(stdout);
}

void screen::note(std::string_view line) {
  erase();
  std::printf("%.*s\n", static_cast<int>(line.size()), line.data());
  std::fflush(stdout);
}

void screen::end() {
  if (is_line_open_)
    std::printf("\n");
  is_line_open_ = false;
}

void screen::erase() {
  if (is_line_open_)
    std::printf("\r\x1b[K");
  is_line_open_ = false;
}

std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string megabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return text;
}

}  // namespace demo
