#include <holdfast/actors/work_front.hpp>
#include <holdfast/actors/worker_state.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace holdfast::detail {
namespace {

constexpr duration pause_min = std::chrono::milliseconds(20);
constexpr duration pause_max = std::chrono::milliseconds(500);

/// Ids in one question: its answer is a message, which must fit the link's credit with room for others.
constexpr std::size_t asked_max = 1000;

class waiting {
public:
  waiting(const outside_port& port, const std::string& controller, duration within)
      : port_(port), controller_(port, controller), until_(port.now() + within.count()) {}

  bool is_over() const { return port_.now() >= until_; }
  duration left() const { return duration(std::max<node_time>(1, until_ - port_.now())); }

  void pause() {
    port_.pause(std::min(pause_, left()));
    pause_ = std::min(pause_ * 3 / 2, pause_max);
  }

  /// Asks about those that have not ended; whether all have.
  bool look(const std::vector<item_id>& items, std::map<item_id, item_report>& known) {
    bool all = true;
    std::vector<item_id> open;
    for (auto& item : items) {
      if (auto i = known.find(item); i != known.end() && is_terminal(i->second.state))
        continue;
      all = false;
      open.push_back(item);
      if (open.size() == asked_max && !ask(std::exchange(open, {}), known))
        return false;
    }
    if (all)
      return true;
    return (open.empty() || ask(open, known))
           && std::all_of(items.begin(), items.end(), [&](auto& item) {
                auto i = known.find(item);
                return i != known.end() && is_terminal(i->second.state);
              });
  }

  const std::optional<call_error>& problem() const { return problem_; }

private:
  bool ask(const std::vector<item_id>& items, std::map<item_id, item_report>& known) {
    auto reports = controller_.within(std::min(left(), call_time_default)).call(work::look, items);
    if (!reports) {
      problem_ = reports.error();
      return false;
    }
    problem_.reset();
    for (auto& report : *reports) {
      auto id = report.id;
      known.insert_or_assign(std::move(id), std::move(report));
    }
    return true;
  }

  const outside_port& port_;
  basic_peer<outside_port> controller_;
  node_time until_;
  duration pause_ = pause_min;
  std::optional<call_error> problem_;
};

}  // namespace

expected<std::vector<item_report>> wait_for_items(const outside_port& port,
                                                  const std::string& controller,
                                                  const std::vector<item_id>& items,
                                                  duration within) {
  waiting wait(port, controller, within);
  std::map<item_id, item_report> known;
  while (!wait.look(items, known) && !wait.is_over())
    wait.pause();
  if (known.empty() && wait.problem())
    return *wait.problem();
  std::vector<item_report> reports;
  for (auto& item : items)
    if (auto i = known.find(item); i != known.end())
      reports.push_back(i->second);
  return reports;
}

expected<item_report> wait_for_result(const outside_port& port, const std::string& controller,
                                      const item_id& item, duration within) {
  auto until = port.now() + within.count();
  auto reports = wait_for_items(port, controller, {item}, within);
  if (!reports)
    return reports.error();
  if (reports->empty() || !is_terminal(reports->front().state))
    return call_error{errc::unknown, "item " + item + " has not ended in that time"};
  auto& report = reports->front();
  if (report.state != item_state::done)
    return call_error{errc::failed, "item " + item + " is " + std::string(to_string(report.state))
                                        + (report.text.empty() ? "" : ": " + report.text)};
  auto left = std::max<duration>(std::chrono::seconds(1), duration(until - port.now()));
  return basic_peer<outside_port>(port, controller).within(left).call(work::show, item);
}

expected<std::vector<worker_status>> workers_of_type(const outside_port& port,
                                                     const std::string& controller,
                                                     std::string_view type, duration within) {
  auto workers = basic_peer<outside_port>(port, controller).within(within).call(work::workers);
  if (workers)
    std::erase_if(*workers, [&](auto& worker) {
      return worker.type != type || worker.phase != to_string(worker_phase::ready);
    });
  return workers;
}

std::vector<worker_status> by_load(std::vector<worker_status> workers) {
  auto is_freer = [](const worker_status& one, const worker_status& other) {
    return std::uint64_t{one.slots_used} * other.slots
           < std::uint64_t{other.slots_used} * one.slots;
  };
  std::stable_sort(workers.begin(), workers.end(), is_freer);
  return workers;
}

call_error nobody_of_type(std::string_view type) {
  return {errc::unreachable,
          "no worker of type '" + std::string(type) + "' is ready; the call did not run"};
}

}  // namespace holdfast::detail
