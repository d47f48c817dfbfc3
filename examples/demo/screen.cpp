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

std::string text_of(const progress& now, bool with_bar) {
  auto wide = with_commas(now.files).size();
  auto number = [&](std::uint64_t n) {
    auto text = with_commas(n);
    return std::string(wide - std::min(wide, text.size()), ' ') + text;
  };
  return "  " + (with_bar ? bar(now.answered, now.files) + " " : "") + "queued "
         + number(now.queued) + "  measured " + number(now.measured) + "  answered "
         + number(now.answered) + " of " + with_commas(now.files) + "  kill -9 "
         + std::to_string(now.source_kills + now.target_kills);
}

}  // namespace

screen::screen() : is_terminal_(isatty(STDOUT_FILENO) != 0) {}

void screen::show(const progress& now) {
  auto at = std::chrono::steady_clock::now();
  auto kills = now.source_kills + now.target_kills;
  if (is_terminal_) {
    if (at - shown_ < refresh_interval && now.answered != now.files && kills == kills_)
      return;
    shown_ = at;
    std::printf("\r%s\x1b[K", text_of(now, true).c_str());
    is_line_open_ = true;
  } else {
    auto tenth = static_cast<unsigned>(now.files == 0 ? 10 : now.answered * 10 / now.files);
    if (tenth == tenth_ && kills == kills_)
      return;
    tenth_ = tenth;
    std::printf("%s\n", text_of(now, false).c_str());
  }
  kills_ = kills;
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
