#pragma once

#include <holdfast/runtime/simulation_story.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

/// What a fault plan is drawn from. What is 0 or empty is drawn too.
struct fault_plan_options {
  std::uint64_t seed = 1;
  unsigned nodes = 0;             ///< beside the controller; half of them workers
  duration length{0};             ///< of the first phase, while things break
  std::uint64_t calls = 0;        ///< all there is to do, evenly over `length`, and no work items
  std::set<std::string> kinds{};  ///< of faults, names of `fault_kinds`
  bool is_faultless = false;
};

/// The kinds of faults that the promises are made for, and in second place those that take durable data away: nothing is
/// promised to the nodes that they hit.
std::vector<std::string_view> fault_kinds();
std::vector<std::string_view> destructive_fault_kinds();

struct fault_plan {
  story acts;
  std::vector<std::pair<std::string, std::string>>
      options;  ///< as drawn, for people and for a replay
};

/// The same plan for the same options, on every machine: nodes, traffic (numbered calls, relays and messages between all of
/// them, work items for the controller) and faults, each with its end at a random moment behind it. Throws errc::bad_config for a kind that there
/// is not.
fault_plan make_fault_plan(const fault_plan_options& options);

/// "crash,freeze", "all" (lose_disk and corrupt too, but no disk that lies) or "none". Throws errc::bad_config with those that there are.
void set_fault_kinds(fault_plan_options& options, std::string_view list);

/// For nodes and links that are given: their traffic and faults.
void add_faults(story& to, const fault_plan_options& options);

}  // namespace holdfast
