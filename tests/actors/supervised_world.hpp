#pragma once

#include <holdfast/actors/supervision.hpp>

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::testing {

/// Children that do at once what a supervisor's decisions ask of them, and a list of what was asked: "start a", "stop b",
/// "kill c", "abandon a", "forget b", "end", "fail: why"; answers as "1: done" or "1: why not".
class supervised_world {
public:
  supervised_world(supervision_rules rules, std::vector<child_rules> children)
      : core_("top", rules, children) {}

  /// The children start; what that took is not kept.
  supervised_world& begun() {
    take(supervision_event::begin{});
    done.clear();
    reports.clear();
    return *this;
  }

  void take(supervision_event_any event) {
    events_.push_back(std::move(event));
    if (events_.size() > 1)
      return;
    for (; !events_.empty(); events_.pop_front())
      for (auto& action : core_.step(events_.front(), now))
        std::visit([this](auto& each) { act(each); }, action);
  }

  void end(const std::string& id, exit_kind kind, const std::string& text = "why") {
    if (kind == exit_kind::hung)
      take(supervision_event::hung{runs.at(id), text});
    else
      take(supervision_event::ended{runs.at(id), kind, text});
  }

  void advance(duration by) {
    now += by;
    take(supervision_event::time_passed{});
  }

  supervision& core() { return core_; }

  child_phase phase(const std::string& id) {
    for (auto& child : core_.status(now).children)
      if (child.id == id)
        return child.phase;
    return child_phase::stopped;
  }

  std::vector<std::string> facts() const {
    std::vector<std::string> texts;
    for (auto& report : reports)
      texts.push_back(report.child + " " + std::string(to_string(report.fact)));
    return texts;
  }

  std::vector<std::string> done;
  std::vector<supervision_report> reports;
  std::map<std::string, run_number> runs;
  std::map<std::string, int> failing_starts;  ///< how many more starts throw
  std::set<std::string> deaf;                 ///< do not end when asked
  std::set<std::string> immortal;             ///< do not end when killed
  std::set<std::string> slow;                 ///< are not up when their start has returned
  duration now{std::chrono::hours(1)};

private:
  void act(const supervision_report& report) { reports.push_back(report); }
  void act(const supervision_action::start& order) {
    done.push_back("start " + order.id);
    if (failing_starts[order.id]-- > 0)
      return take(supervision_event::start_failed{order.run, "no luck"});
    runs[order.id] = order.run;
    if (!slow.contains(order.id))
      take(supervision_event::started{order.run});
  }
  void act(const supervision_action::stop& order) {
    done.push_back("stop " + order.id);
    if (!deaf.contains(order.id))
      take(supervision_event::ended{order.run, exit_kind::shutdown, ""});
  }
  void act(const supervision_action::kill& order) {
    done.push_back("kill " + order.id);
    if (!immortal.contains(order.id))
      take(supervision_event::ended{order.run, exit_kind::killed, ""});
  }
  void act(const supervision_action::abandon& order) { done.push_back("abandon " + order.id); }
  void act(const supervision_action::forget& order) { done.push_back("forget " + order.id); }
  void act(const supervision_action::answer& order) {
    done.push_back(std::to_string(order.request) + ": "
                   + (order.refusal.empty() ? "done" : order.refusal));
  }
  void act(const supervision_action::end& order) {
    done.push_back(order.is_failure ? "fail: " + order.text : "end");
  }

  supervision core_;
  std::deque<supervision_event_any> events_;
};

inline child_rules rules_for(std::string id, restart_policy restart = restart_policy::permanent) {
  return {std::move(id), restart, std::chrono::seconds(5), child_kind::worker};
}

}  // namespace holdfast::testing
