// Any order of events: what must always hold.
#include "tests/actors/supervised_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

struct checker {
  std::set<std::string> alive;  ///< started and neither ended nor abandoned
  bool has_ended = false;
  bool is_ending = false;

  void operator()(const supervision_action_any& action, const std::vector<std::string>& order) {
    ASSERT_FALSE(has_ended) << "an action behind the end";
    if (auto start = std::get_if<supervision_action::start>(&action)) {
      ASSERT_FALSE(is_ending) << "a start while ending";
      ASSERT_TRUE(alive.insert(start->id).second) << start->id << " twice";
    } else if (auto stop = std::get_if<supervision_action::stop>(&action)) {
      ASSERT_TRUE(alive.contains(stop->id));
      for (auto i = order.rbegin(); is_ending && *i != stop->id; ++i) {
        ASSERT_FALSE(alive.contains(*i)) << *i << " was to end before " << stop->id;
      }
    } else if (auto kill = std::get_if<supervision_action::kill>(&action)) {
      ASSERT_TRUE(alive.contains(kill->id));
    } else if (auto lost = std::get_if<supervision_action::abandon>(&action)) {
      ASSERT_EQ(alive.erase(lost->id), 1u);
    } else if (std::holds_alternative<supervision_action::end>(action)) {
      ASSERT_TRUE(alive.empty()) << *alive.begin() << " outlives its supervisor";
      has_ended = true;
    }
  }
};

class random_life {
public:
  explicit random_life(unsigned seed)
      : chance_(seed),
        core_("top", {static_cast<restart_strategy>(pick(3)), {pick(4), 5s}, 1s}, children()) {}

  void run() {
    feed(supervision_event::begin{});
    for (int i = 0; i < 60 && !check.has_ended && !::testing::Test::HasFatalFailure(); ++i)
      happen();
    check.is_ending = true;
    feed(supervision_event::stop{});
    // Nobody obeys: time alone must bring it to its end.
    for (int i = 0; i < 60 && !check.has_ended; ++i)
      pass();
    EXPECT_TRUE(check.has_ended);
    EXPECT_EQ(asked_.size(), answered_) << "an order was not answered";
  }

  checker check;

private:
  std::size_t pick(std::size_t below) { return chance_() % below; }

  std::vector<child_rules> children() {
    std::vector<child_rules> all;
    for (auto id : order_)
      all.push_back(
          {id, static_cast<restart_policy>(pick(3)), duration(pick(3) * 1s), child_kind::worker});
    return all;
  }

  void feed(const supervision_event_any& event) {
    if (auto ended = std::get_if<supervision_event::ended>(&event))
      if (runs_.contains(ended->run) && core_runs(ended->run))
        check.alive.erase(runs_[ended->run]);
    if (auto failed = std::get_if<supervision_event::start_failed>(&event))
      check.alive.erase(runs_[failed->run]);
    for (auto& action : core_.step(event, now_)) {
      if (auto report = std::get_if<supervision_report>(&action))
        check.is_ending |= report->fact == supervision_fact::escalated;
      check(action, order_);
      if (auto start = std::get_if<supervision_action::start>(&action)) {
        runs_[start->run] = start->id;
        latest_[start->id] = start->run;
        starting_ = start->run;
      }
      if (auto lost = std::get_if<supervision_action::abandon>(&action))
        latest_.erase(lost->id);
      answered_ += std::holds_alternative<supervision_action::answer>(action);
    }
  }

  bool core_runs(run_number run) {
    auto i = latest_.find(runs_[run]);
    return i != latest_.end() && i->second == run;
  }

  void pass() {
    now_ = std::max(now_, core_.next_deadline().value_or(now_ + 1s));
    feed(supervision_event::time_passed{});
  }

  void happen() {
    now_ += pick(2000) * 1ms;
    auto run = runs_.empty() ? 0 : 1 + pick(runs_.size());
    auto kind = static_cast<exit_kind>(pick(4));
    auto id = order_[pick(order_.size())];
    switch (pick(10)) {
    case 0:
    case 1:
    case 2: return feed(supervision_event::ended{run, kind, "chance"});
    case 3: return feed(supervision_event::hung{run, "chance"});
    case 4: return feed(supervision_event::time_passed{});
    case 5: return feed(supervision_event::stop_child{ask(), id});
    case 6: return feed(supervision_event::restart_child{ask(), id});
    case 7: return feed(supervision_event::delete_child{ask(), id});
    case 8: return feed_new(id);
    default: return up_or_not();
    }
  }

  void feed_new(const std::string& id) {
    auto known = core_.status(now_).children;
    bool is_there = std::any_of(known.begin(), known.end(),
                                [&](const child_status& child) { return child.id == id; });
    if (!is_there) {
      std::erase(order_, id);
      order_.push_back(id);
    }
    feed(supervision_event::start_child{
        ask(), {id, static_cast<restart_policy>(pick(3)), 1s, child_kind::worker}});
  }

  void up_or_not() {
    auto run = std::exchange(starting_, 0);
    if (run == 0 || !core_runs(run) || !check.alive.contains(runs_[run]))
      return;
    if (pick(3) == 0)
      feed(supervision_event::start_failed{run, "chance"});
    else
      feed(supervision_event::started{run});
  }

  request_number ask() {
    asked_.push_back(asked_.size() + 1);
    return asked_.size();
  }

  std::mt19937 chance_;
  std::vector<std::string> order_{"a", "b", "c", "d"};
  supervision core_;
  std::map<run_number, std::string> runs_;
  std::map<std::string, run_number> latest_;
  std::vector<request_number> asked_;
  std::size_t answered_ = 0;
  run_number starting_ = 0;
  duration now_{1h};
};

TEST(supervision, HoldsItsRulesInAnyOrderOfEvents) {
  for (unsigned seed = 1; seed <= 3000 && !HasFatalFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_life(seed).run();
  }
}

}  // namespace
}  // namespace holdfast
