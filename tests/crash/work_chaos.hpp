#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>

/// A controller and workers of several types, all processes, run items that are commands; every few moments one of them,
/// the controller among them, is killed with -9 and started again after a while. At the end every item must have
/// ended, once, and done.
namespace holdfast::crash {

struct chaos_plan {
  std::uint64_t seed = 1;
  int items = 1000;
  int types = 5;             ///< of workers; each item wants one of them, by label
  int workers_per_type = 2;  ///< of two slots each
  int seconds = 300;         ///< of killing; then all stay up and the rest must be done
  int kill_every_ms = 2000;
  int restart_within_ms =
      3000;  ///< a killed process comes back within so long, at a moment that the seed decides
  int item_seconds_max = 9;  ///< an item takes a second to so long
  std::function<void(const std::string& line)> progress{};
};

struct chaos_report {
  std::int64_t items = 0;  ///< that were submitted
  std::int64_t done = 0;
  std::int64_t ended_otherwise = 0;
  std::int64_t stuck = 0;  ///< not ended when there was time enough
  std::int64_t ends_counted =
      0;  ///< by the controller: more than there are items if one ended twice
  std::int64_t assignments = 0;      ///< attempts of all items
  std::int64_t moved = 0;            ///< items taken from a lost worker
  std::int64_t late_results = 0;     ///< refused
  std::int64_t begun_outside = 0;    ///< lines that the commands wrote when they began
  std::int64_t unfinished_done = 0;  ///< done, and yet no command of it wrote its last line
  std::int64_t kills_of_controller = 0;
  std::int64_t kills_of_workers = 0;
  std::string problem;  ///< what kept the run from its end
  double seconds = 0;

  bool is_good() const;
};

std::ostream& operator<<(std::ostream& out, const chaos_report& report);

chaos_report run_chaos(const chaos_plan& plan);

}  // namespace holdfast::crash
