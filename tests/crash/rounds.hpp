#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

/// Two nodes under load, each killed with -9 again and again at moments that a seed decides, and the books compared at the
/// end. Every call appends its number to the list of its mailbox at the target. Half of them are queued at the source by a
/// client, under a user id, so that a client that lost its node may queue again; the other half by a handler of the
/// source, which hears of their end.
namespace holdfast::crash {

struct round_plan {
  std::uint64_t seed = 1;
  int rounds = 8;
  int calls_each = 250;
  bool is_on_disk = false;  ///< the stores; otherwise in memory where the machine offers that
  std::function<void(const std::string& line)> progress{};
};

struct round_report {
  std::int64_t calls = 0;  ///< numbers
  std::int64_t kills_of_source = 0;
  std::int64_t kills_of_target = 0;
  std::int64_t client_restarts = 0;  ///< a client lost its node and queued its file again
  std::int64_t lost = 0;
  std::int64_t twice = 0;
  std::int64_t disorder = 0;         ///< places where a mailbox's list does not ascend
  std::int64_t confirms_wrong = 0;   ///< completions that were not heard exactly once
  std::int64_t outside_missing = 0;  ///< numbers without a line in the outside file
  std::int64_t repeats = 0;          ///< outside lines beyond the first of a number
  std::int64_t first_twice = 0;      ///< numbers with more than one line of attempt 1
  std::int64_t dead = 0;             ///< dead letters, both nodes
  std::string problem;               ///< what kept the run from its end, or what does not add up
  double seconds = 0;

  bool is_good() const;
};

std::ostream& operator<<(std::ostream& out, const round_report& report);

round_report run_rounds(const round_plan& plan);

/// Numbers of the second kind: every second one.
constexpr bool is_relayed(std::int64_t n) {
  return n % 2 == 0;
}

// What the nodes remember against what was queued, 0 to `calls` - 1; the differences are added to the report.

/// The list of mailbox `first`: first, first + step, first + 2 step ...
void compare_list(round_report& report, std::int64_t first, std::int64_t step,
                  const std::vector<std::int64_t>& list);

/// Pairs of a number and how often its end was heard.
void compare_confirms(round_report& report, const std::vector<std::int64_t>& pairs);

/// Lines `n attempt`.
void compare_outside(round_report& report, std::istream& lines);

}  // namespace holdfast::crash
