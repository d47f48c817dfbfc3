#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace demo {

struct progress {
  std::uint64_t files = 0, queued = 0, measured = 0, answered = 0;
  unsigned source_kills = 0, target_kills = 0;
};

/// Of the second part.
struct work_progress {
  std::uint64_t items = 0, ended = 0;
  unsigned hub_kills = 0, worker_kills = 0, freezes = 0;
};

/// One line that is rewritten on a terminal; elsewhere a plain line now and then.
class screen {
public:
  screen();
  void show(const progress& now);
  void show(const work_progress& now);
  void note(std::string_view line);  ///< stays
  void end();

private:
  void show(const std::string& text, std::uint64_t part, std::uint64_t whole, unsigned events);
  void erase();

  bool is_terminal_;
  bool is_line_open_ = false;
  unsigned tenth_ = 0;
  unsigned events_ = 0;
  std::chrono::steady_clock::time_point shown_{};
};

std::string with_commas(std::uint64_t number);

/// "61.3 MB"
std::string megabytes(std::uint64_t bytes);

}  // namespace demo
