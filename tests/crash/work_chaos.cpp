#include "tests/crash/work_chaos.hpp"

#include "tests/crash/nodes.hpp"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <memory>
#include <ostream>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace holdfast::crash {
namespace {

using clock = std::chrono::steady_clock;

constexpr milliseconds step{50};

/// Items whose workers are all up again end within this; only a stuck one reaches it.
constexpr milliseconds end_patience{180'000};

std::string type_name(int type) {
  return "kind" + std::to_string(type);
}

struct member {
  std::unique_ptr<test_node> node;
  bool is_controller = false;
  clock::time_point back_at{};  ///< of a killed one
  bool is_down = false;
};

class chaos_runner {
public:
  explicit chaos_runner(const chaos_plan& plan)
      : plan_(plan), chance_(plan.seed), home_(cluster::place::disk) {
    auto hub = std::make_unique<test_node>(home_, "hub");
    hub->kind = "controller";
    hub->arguments = {"--log-level", "warn"};
    for (int type = 0; type < plan_.types; ++type)
      for (int i = 0; i < plan_.workers_per_type; ++i)
        members_.push_back({make_worker(*hub, type, i)});
    members_.insert(members_.begin(), member{std::move(hub), true});
  }

  chaos_report run() {
    auto begun = clock::now();
    try {
      play();
    } catch (const std::exception& problem) {
      report_.problem = problem.what();
    }
    report_.seconds = std::chrono::duration<double>(clock::now() - begun).count();
    return report_;
  }

private:
  std::unique_ptr<test_node> make_worker(const test_node& hub, int type, int number) {
    auto worker =
        std::make_unique<test_node>(home_, type_name(type) + "-" + std::to_string(number));
    worker->kind = "worker";
    worker->address.clear();
    worker->arguments = {"--controller", hub.name() + "=" + hub.address,
                         "--label",      type_name(type),
                         "--slots",      "2",
                         "--allow-exec", "--log-level",
                         "warn"};
    return worker;
  }

  test_node& hub() { return *members_.front().node; }

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(chance_); }

  void must(bool holds, const std::string& what) {
    if (holds)
      return;
    std::string logs;
    for (auto& each : members_)
      logs += each.node->name() + ":\n" + each.node->errors();
    throw std::runtime_error(what + "\n" + logs);
  }

  void play() {
    for (auto& each : members_)
      must(each.node->start(), each.node->name() + " did not start");
    submit();
    auto end = clock::now() + std::chrono::seconds(plan_.seconds);
    auto kill_at = clock::now() + milliseconds(plan_.kill_every_ms);
    while (clock::now() < end) {
      pause();
      bring_back(false);
      if (clock::now() >= kill_at) {
        kill_one();
        kill_at += milliseconds(plan_.kill_every_ms);
      }
    }
    bring_back(true);
    wait_for_ends();
    compare();
    for (auto& each : members_)
      must(each.node->stop() == 0, each.node->name() + " did not stop in good order");
  }

  /// The commands write a line when they begin and one when they are through.
  void submit() {
    auto file = home_.folder() / "numbers";
    for (int type = 0; type < plan_.types; ++type) {
      std::ofstream(file) << numbers_of(type);
      auto outside = outside_file().string();
      auto command = "echo begin {} >> " + outside + "; sleep $(( {} % "
                     + std::to_string(plan_.item_seconds_max) + " + 1 )); echo end {} >> "
                     + outside;
      auto result = run_command({HOLDFAST_CRASH_NODE, "submit", "--data", hub().data.string(),
                                 "--label", type_name(type), "--attempts", "1000", "--grace", "2s",
                                 "--each", file.string(), "--", "sh", "-c", command});
      must(result.status == 0, "submit: " + result.err);
      report_.items += std::count(result.out.begin(), result.out.end(), '\n');
    }
    must(report_.items == plan_.items, "submit printed " + std::to_string(report_.items) + " ids");
  }

  std::string numbers_of(int type) const {
    std::string lines;
    for (int n = type; n < plan_.items; n += plan_.types)
      lines += std::to_string(n) + "\n";
    return lines;
  }

  std::filesystem::path outside_file() const { return home_.folder() / "outside"; }

  void pause() {
    // For no event: time has to pass between two kills.
    wait_for(
        {&any_running()}, [] { return false; }, step);
  }

  process& any_running() {
    for (auto& each : members_)
      if (!each.is_down)
        return each.node->run();
    members_.front().node->spawn();
    members_.front().is_down = false;
    return members_.front().node->run();
  }

  void kill_one() {
    auto& chosen = members_[static_cast<std::size_t>(below(static_cast<int>(members_.size())))];
    if (chosen.is_down)
      return;
    chosen.node->kill();
    chosen.is_down = true;
    chosen.back_at = clock::now() + milliseconds(below(plan_.restart_within_ms));
    ++(chosen.is_controller ? report_.kills_of_controller : report_.kills_of_workers);
    if (plan_.progress)
      plan_.progress("killed " + std::to_string(report_.kills_of_controller) + " controllers and "
                     + std::to_string(report_.kills_of_workers) + " workers");
  }

  void bring_back(bool is_all) {
    for (auto& each : members_) {
      if (!each.is_down || (!is_all && clock::now() < each.back_at))
        continue;
      each.node->spawn();
      each.is_down = false;
    }
  }

  value counts() {
    auto answer = hub().json({"call", hub().name(), "holdfast.work_view.counts"});
    auto* members = answer.get_if<dict>();
    return members ? members->at("value") : value();
  }

  static std::int64_t ends_in(const value& counts) {
    std::int64_t ends = 0;
    for (auto* member : {"done", "failed", "cancelled", "expired"})
      ends += std::max<std::int64_t>(number_in(counts, member), 0);
    return ends;
  }

  void wait_for_ends() {
    ask_until(
        [&] {
          pause();
          auto ends = ends_in(counts());
          if (plan_.progress)
            plan_.progress(std::to_string(ends) + " of " + std::to_string(plan_.items) + " ended");
          return ends >= plan_.items;
        },
        end_patience);
  }

  void compare() {
    auto counted = counts();
    report_.ends_counted = ends_in(counted);
    report_.moved = number_in(counted, "moved");
    report_.late_results = number_in(counted, "evidence");
    auto listed = hub().json({"work", "ls"});
    auto* items = listed.get_if<array>();
    must(items != nullptr, "work ls --json gave no list");
    for (auto& item : *items) {
      auto state = text_in(item, "state");
      report_.assignments += number_in(item, "attempts");
      if (state == "done")
        ++report_.done;
      else if (state == "failed" || state == "cancelled" || state == "expired")
        ++report_.ended_otherwise;
      else
        ++report_.stuck;
    }
    compare_outside();
  }

  void compare_outside() {
    std::ifstream in(outside_file());
    std::set<int> ended;
    std::string what;
    for (int n = 0; in >> what >> n;)
      if (what == "begin")
        ++report_.begun_outside;
      else
        ended.insert(n);
    report_.unfinished_done =
        std::max<std::int64_t>(report_.done - static_cast<std::int64_t>(ended.size()), 0);
  }

  chaos_plan plan_;
  std::mt19937_64 chance_;
  cluster home_;
  std::vector<member> members_;
  chaos_report report_;
};

}  // namespace

bool chaos_report::is_good() const {
  return problem.empty() && done == items && ended_otherwise == 0 && stuck == 0
         && ends_counted == items && unfinished_done == 0;
}

std::ostream& operator<<(std::ostream& out, const chaos_report& report) {
  out << "items             " << report.items << "\n"
      << "done              " << report.done << "\n"
      << "ended otherwise   " << report.ended_otherwise << "\n"
      << "stuck             " << report.stuck << "\n"
      << "ends counted      " << report.ends_counted << "\n"
      << "assignments       " << report.assignments << "\n"
      << "moved             " << report.moved << "\n"
      << "late, refused     " << report.late_results << "\n"
      << "begun outside     " << report.begun_outside << "\n"
      << "done, unfinished  " << report.unfinished_done << "\n"
      << "kill -9           " << report.kills_of_controller + report.kills_of_workers
      << " (controller " << report.kills_of_controller << ", workers " << report.kills_of_workers
      << ")\n"
      << "seconds           " << static_cast<std::int64_t>(report.seconds) << "\n";
  if (!report.problem.empty())
    out << "problem           " << report.problem << "\n";
  return out;
}

chaos_report run_chaos(const chaos_plan& plan) {
  return chaos_runner(plan).run();
}

}  // namespace holdfast::crash
