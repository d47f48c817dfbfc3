// Work items through long random lives, and back from wherever these lead.
#include "tests/actors/work_notation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <string>

namespace holdfast {
namespace {

using notation::show;

/// Events as they come in a bad week: mostly about those that own it, sometimes about anybody under any epoch.
class life {
public:
  explicit life(std::uint64_t seed) : random_(seed) {
    rules.attempts = static_cast<std::uint16_t>(1 + below(4));
    rules.losses_max = static_cast<std::uint16_t>(1 + below(6));
    rules.on_lost = static_cast<lost_policy>(below(2));
    rules.on_return = static_cast<return_policy>(below(3));
    rules.runs_after_failure = below(2) == 0;
    item.open_parents = static_cast<std::uint32_t>(below(3));
  }

  item_rules rules;
  work_item item;
  node_time time = 0;

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  item_event_any event() {
    auto who = someone();
    switch (below(14)) {
    case 0: return item_event::parent_ended{below(3) != 0};
    case 1:
    case 2:
    case 3: return item_event::assigned{who.worker};
    case 4:
    case 5: return item_event::started{who.worker, who.epoch};
    case 6:
    case 7: return item_event::ended{who.worker, who.epoch, static_cast<run_end>(below(7))};
    case 8: return item_event::worker_lost{who.worker};
    case 9: return item_event::worker_dead{who.worker};
    case 10:
    case 11:
      return item_event::worker_back{who.worker, below(5) == 0 ? 0 : who.epoch, below(2) == 0};
    case 12: return item_event::fit_worker_came{};
    default: return rare();
    }
  }

private:
  item_owner someone() {
    auto& of = below(3) == 0 ? item.displaced : item.owners;
    if (!of.empty() && below(8) != 0)
      return of[below(of.size())];
    return {"w" + std::to_string(1 + below(4)), below(item.epoch + 2)};
  }

  item_event_any rare() {
    switch (below(6)) {
    case 0: return item_event::cancel{};
    case 1: return item_event::expire{};
    default: return item_event::retry{};
    }
  }

  std::mt19937_64 random_;
};

void expect_well_formed(const life& of) {
  auto& rules = of.rules;
  auto& item = of.item;
  bool is_owned = item.state == item_state::assigned || item.state == item_state::running;
  ASSERT_EQ(!item.owners.empty(), is_owned);
  ASSERT_LE(item.owners.size(), rules.on_return == return_policy::verify_both ? 2u : 1u);
  ASSERT_EQ(std::ranges::any_of(item.owners, &item_owner::is_running),
            item.state == item_state::running);
  if (!is_terminal(item.state)) {
    ASSERT_LT(item.failures, rules.attempts);
    ASSERT_LT(item.losses, rules.losses_max);
    ASSERT_TRUE(item.open_parents == 0 || item.state == item_state::waiting);
  } else {
    ASSERT_TRUE(item.displaced.empty());
  }
  std::set<std::string> names;
  for (auto& one : item.displaced)
    ASSERT_TRUE(names.insert(one.worker).second) << show(item);
}

/// From wherever it is, when everything heals and all runs go well, it is done soon.
void expect_to_finish(life of) {
  auto give = [&](const item_event_any& event) {
    of.item = step(of.item, of.rules, event, of.time, 0).next;
  };
  of.time = std::numeric_limits<node_time>::max();
  for (int at = 0; at < 20 && of.item.state != item_state::done; ++at)
    switch (of.item.state) {
    case item_state::waiting:
      if (of.item.open_parents > 0)
        give(item_event::parent_ended{true});
      else
        give(item_event::assigned{"w9"});
      break;
    case item_state::assigned:
    case item_state::running:
      for (auto& owner : work_item(of.item).owners)
        give(item_event::ended{owner.worker, owner.epoch, run_end::done});
      break;
    default: give(item_event::retry{});
    }
  ASSERT_EQ(of.item.state, item_state::done) << show(of.item);
}

/// What has become known of one item beside its state.
struct record {
  std::map<std::uint64_t, std::string> worker_of_epoch;
  int results = 0;  ///< since it was opened
  int ends = 0;
};

void expect_sound(const life& of, const item_event_any& event, const item_step& made,
                  record& seen) {
  auto& before = of.item;
  auto& after = made.next;
  auto count = [&](item_action action) { return std::ranges::count(made.actions, action); };
  if (made.is_refused) {
    ASSERT_EQ(after, before);
    ASSERT_EQ(static_cast<std::size_t>(count(item_action::keep_evidence)), made.actions.size());
  }
  bool is_retry = std::holds_alternative<item_event::retry>(event);
  if (is_terminal(before.state)) {
    ASSERT_TRUE(after.state == before.state || (is_retry && after.state == item_state::waiting));
    if (after.state != before.state)
      seen.results = seen.ends = 0;
  }
  ASSERT_GE(after.epoch, before.epoch);
  ASSERT_LE(after.epoch, before.epoch + 1);
  for (auto* owners : {&after.owners, &after.displaced})
    for (auto& owner : *owners) {
      auto& worker = seen.worker_of_epoch.emplace(owner.epoch, owner.worker).first->second;
      ASSERT_EQ(worker, owner.worker) << "epoch " << owner.epoch << " has two workers";
    }
  seen.results += static_cast<int>(count(item_action::take_result));
  seen.ends += static_cast<int>(count(item_action::settle));
  ASSERT_LE(seen.results, 1);
  ASSERT_EQ(seen.ends, is_terminal(after.state) ? 1 : 0);
  ASSERT_TRUE(after.state != item_state::done || seen.results == 1);
}

TEST(work_item_lives, keeps_its_promises_through_random_lives) {
  std::map<item_state, int> visits;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    life of(seed);
    record seen;
    for (int at = 0; at < 200; ++at) {
      of.time += static_cast<node_time>(of.below(2'000'000'000));
      auto event = of.event();
      auto chance = of.below(~std::uint64_t{0});
      auto made = step(of.item, of.rules, event, of.time, chance);
      ASSERT_EQ(show(made), show(step(of.item, of.rules, event, of.time, chance)));
      ASSERT_NO_FATAL_FAILURE(expect_sound(of, event, made, seen))
          << show(of.item) << " -> " << show(made);
      of.item = made.next;
      ASSERT_NO_FATAL_FAILURE(expect_well_formed(of)) << show(of.item);
      ++visits[of.item.state];
      if (at % 5 == 0) {
        ASSERT_NO_FATAL_FAILURE(expect_to_finish(of)) << show(of.item);
      }
      if (of.item.state == item_state::done && of.below(10) == 0) {
        of.item = {};
        seen = {};
      }
    }
  }
  for (unsigned state = 0; state < 8; ++state)
    EXPECT_GT(visits[static_cast<item_state>(state)], 1000) << state;
}

}  // namespace
}  // namespace holdfast
