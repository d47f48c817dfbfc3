// One test per cell: strategy x restart policy x kind of exit x position of the child among three, with the list of what is
// to be done. The siblings are permanent.
#include "tests/actors/supervised_world.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <tuple>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using testing::rules_for;
using testing::supervised_world;
using actions = std::vector<std::string>;

constexpr std::array strategies{restart_strategy::one_for_one, restart_strategy::one_for_all,
                                restart_strategy::rest_for_one};
constexpr std::array policies{restart_policy::permanent, restart_policy::transient,
                              restart_policy::temporary};
constexpr std::array exits{exit_kind::normal, exit_kind::shutdown, exit_kind::error,
                           exit_kind::killed, exit_kind::hung};
const std::array<std::string, 3> ids{"a", "b", "c"};

/// What a restart of a, b or c takes, by strategy.
const actions restarts[3][3] = {
    {{"start a"}, {"start b"}, {"start c"}},
    {{"stop c", "stop b", "start a", "start b", "start c"},
     {"stop c", "stop a", "start a", "start b", "start c"},
     {"stop b", "stop a", "start a", "start b", "start c"}},
    {{"stop c", "stop b", "start a", "start b", "start c"},
     {"stop c", "start b", "start c"},
     {"start c"}},
};

/// Whether it is restarted: rows permanent, transient, temporary; columns normal, shutdown, error, killed, hung.
constexpr bool is_restarted[3][5] = {
    {true, true, true, true, true},
    {false, false, true, true, true},
    {false, false, false, false, false},
};

using cell = std::tuple<int, int, int, int>;

class supervision_grid : public ::testing::TestWithParam<cell> {};

TEST_P(supervision_grid, DoesWhatTheTableSays) {
  auto [strategy, policy, exit, position] = GetParam();
  auto id = ids[position];
  std::vector<child_rules> children;
  for (auto& each : ids)
    children.push_back(rules_for(each, each == id ? policies[policy] : restart_policy::permanent));
  supervised_world world({strategies[strategy], {3, 5s}, 1s}, children);
  world.begun();

  actions expected;
  if (exits[exit] == exit_kind::hung)
    expected.push_back("kill " + id);
  if (is_restarted[policy][exit])
    expected.insert(expected.end(), restarts[strategy][position].begin(),
                    restarts[strategy][position].end());
  else if (policies[policy] == restart_policy::temporary)
    expected.push_back("forget " + id);

  world.end(id, exits[exit]);
  EXPECT_EQ(world.done, expected);
  EXPECT_EQ(world.core().status(world.now).restarts, is_restarted[policy][exit] ? 1u : 0u);
  for (auto& each : ids) {
    auto runs = each != id || is_restarted[policy][exit];
    EXPECT_EQ(world.phase(each), runs ? child_phase::running : child_phase::stopped) << each;
  }
  world.done.clear();
  world.take(supervision_event::stop{});
  actions stops;
  for (auto each : {"c", "b", "a"})
    if (each != id || is_restarted[policy][exit])
      stops.push_back(std::string("stop ") + each);
  stops.push_back("end");
  EXPECT_EQ(world.done, stops);
}

std::string cell_name(const ::testing::TestParamInfo<cell>& info) {
  auto [strategy, policy, exit, position] = info.param;
  return std::string(to_string(strategies[strategy])) + "_"
         + std::string(to_string(policies[policy])) + "_" + std::string(to_string(exits[exit]))
         + "_" + ids[position];
}

INSTANTIATE_TEST_SUITE_P(all, supervision_grid,
                         ::testing::Combine(::testing::Range(0, 3), ::testing::Range(0, 3),
                                            ::testing::Range(0, 5), ::testing::Range(0, 3)),
                         cell_name);

/// A sibling's own policy and state when another child's restart takes it along, by strategy (the child that fails is b).
struct along {
  std::string name;
  restart_strategy strategy;
  std::vector<child_rules> children;
  bool a_had_finished;
  actions expected;
};

class supervision_siblings : public ::testing::TestWithParam<along> {};

TEST_P(supervision_siblings, GoAlongByTheirOwnPolicy) {
  auto& row = GetParam();
  supervised_world world({row.strategy, {3, 5s}, 1s}, row.children);
  world.begun();
  if (row.a_had_finished)
    world.end("a", exit_kind::normal);
  world.done.clear();
  world.end("b", exit_kind::error);
  EXPECT_EQ(world.done, row.expected);
}

const auto all = restart_strategy::one_for_all;
const auto rest = restart_strategy::rest_for_one;
const auto transient = restart_policy::transient;
const auto temporary = restart_policy::temporary;

INSTANTIATE_TEST_SUITE_P(
    all, supervision_siblings,
    ::testing::Values(along{"all_transient",
                            all,
                            {rules_for("a", transient), rules_for("b"), rules_for("c", transient)},
                            false,
                            {"stop c", "stop a", "start a", "start b", "start c"}},
                      along{"all_temporary",
                            all,
                            {rules_for("a", temporary), rules_for("b"), rules_for("c", temporary)},
                            false,
                            {"stop c", "forget c", "stop a", "forget a", "start b"}},
                      along{"rest_temporary",
                            rest,
                            {rules_for("a", temporary), rules_for("b"), rules_for("c", temporary)},
                            false,
                            {"stop c", "forget c", "start b"}},
                      along{"what_had_finished_stays_so",
                            all,
                            {rules_for("a", transient), rules_for("b"), rules_for("c")},
                            true,
                            {"stop c", "start b", "start c"}}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace holdfast
