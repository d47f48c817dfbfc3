#pragma once

#include <holdfast/runtime/simulation.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

/// What is told of one simulated run. Plain facts: the same report makes the same page, byte for byte.
struct simulation_report {
  std::string title;
  std::uint64_t seed = 0;
  std::string outcome;                ///< "good", "safety", "liveness" or "crash"
  std::vector<std::string> findings;  ///< what was found, worst first
  duration length{};
  std::vector<std::string> nodes;        ///< in the order in which they are shown
  std::vector<simulation_event> events;  ///< in the order in which they happened
  simulation_numbers numbers;
  std::vector<std::pair<std::string, std::string>> options;
  std::string replay;  ///< the line that repeats this run
};

/// One page that needs nothing beside itself, for a screen (light or dark) and for paper: the verdict, the findings, a timeline
/// of nodes, links and work items, the sequence chart, the events, the options and the line that replays it. A long run's page
/// is bounded: it shows what fits and says what it leaves out. All texts are escaped.
std::string to_html(const simulation_report& report);

/// All facts, with every event and with what the timeline derives from them. One event a line. Texts that are not UTF-8 have
/// U+FFFD in the wrong places.
std::string to_json(const simulation_report& report);

/// For terminals, in ASCII as far as the events' texts are: one column for each node, time downwards, what crossed between
/// nodes as arrows. Lines of a log that only inform are left out, except of links. No line is longer than `width` (at least
/// 60), and nodes or rows that do not fit are counted.
std::string to_chart(const simulation_report& report, std::size_t width = 100);

}  // namespace holdfast
