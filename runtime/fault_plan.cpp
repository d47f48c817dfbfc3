#include <holdfast/core/error.hpp>
#include <holdfast/core/seeded_random.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/fault_plan.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <sstream>

namespace holdfast {
namespace {

constexpr std::array<std::string_view, 12> kinds{
    "crash",  "crash_silently", "crash_in_flush", "stop",      "freeze",    "partition",
    "oneway", "delay",          "drop",           "slow_disk", "full_disk", "skew_clock"};
constexpr std::array<std::string_view, 3> destructive{"lose_disk", "corrupt", "lying_disk"};

constexpr std::int64_t ms = 1'000'000;

std::string joined(const std::set<std::string>& parts) {
  std::string text;
  for (auto& part : parts)
    text += (text.empty() ? "" : ",") + part;
  return text.empty() ? "none" : text;
}

/// Draws acts into a story.
class planner {
public:
  planner(story& to, const fault_plan_options& options)
      : to_(to), options_(options), random_(seeded_random(options.seed).fork("plan")) {
    for (auto& node : to.nodes)
      names_.push_back(node.name);
    for (auto& node : to.nodes)
      if (node.role == cluster_role::controller)
        hubs_.push_back(node.name);
    for (auto& [one, other] : links_of(to)) {
      links_.emplace_back(one, other);
      links_.emplace_back(other, one);
      reach_[one].push_back(other);
      reach_[other].push_back(one);
    }
  }

  void draw(std::int64_t call_every, std::int64_t item_every, std::int64_t fault_every) {
    auto length = options_.length.count();
    if (options_.calls > 0)
      load(length);
    else
      traffic(length, call_every, item_every);
    std::vector<std::string> chosen(options_.kinds.begin(), options_.kinds.end());
    if (!chosen.empty())
      for (auto at = wait(fault_every); at < length; at += wait(fault_every))
        fault(at, any(chosen));
    if (options_.calls == 0)
      talk();
    std::stable_sort(to_.acts.begin(), to_.acts.end(),
                     [](auto& left, auto& right) { return left.at < right.at; });
  }

  std::int64_t between(std::int64_t least, std::int64_t most) {
    return least
           + static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(most - least + 1)));
  }

private:
  std::int64_t wait(std::int64_t mean) { return between(1 * ms, 2 * mean); }
  /// Most things that go wrong are short, a few are longer than every patience.
  std::int64_t lasts() {
    return between(1, 10) <= 8 ? between(10 * ms, 4000 * ms) : between(4000 * ms, 40'000 * ms);
  }
  std::string any(const std::vector<std::string>& of) { return of[random_.below(of.size())]; }
  const std::pair<std::string, std::string>& pair() { return links_[random_.below(links_.size())]; }

  void call(std::int64_t at) {
    auto [from, to] = pair();
    act(at, "queue " + from + " " + to);
  }

  void traffic(std::int64_t length, std::int64_t call_every, std::int64_t item_every) {
    if (!links_.empty())
      for (auto at = wait(call_every); at < length; at += wait(call_every))
        call(at);
    if (!hubs_.empty())
      for (auto at = wait(item_every); at < length; at += wait(item_every))
        submit(at);
  }

  /// Each in the middle of its share of the time.
  void load(std::int64_t length) {
    if (links_.empty())
      throw error(errc::bad_config,
                  "no call can go anywhere: no two nodes have a link; give a node "
                  "peers");
    auto share = static_cast<double>(length) / static_cast<double>(options_.calls);
    for (std::uint64_t i = 0; i < options_.calls; ++i)
      call(static_cast<std::int64_t>((static_cast<double>(i) + 0.5) * share));
  }

  /// Messages, and calls that are queued on by their handlers. From a stream of its own: whatever is added here, a seed
  /// keeps the rest of its plan.
  void talk() {
    if (links_.empty())
      return;
    random_ = seeded_random(options_.seed).fork("talk");
    auto length = options_.length.count();
    auto message_every = between(200, 4000) * ms;
    auto relay_every = between(300, 4000) * ms;
    for (auto at = wait(message_every); at < length; at += wait(message_every)) {
      auto [from, to] = pair();
      act(at, "send " + from + " " + to);
    }
    for (auto at = wait(relay_every); at < length; at += wait(relay_every)) {
      auto [from, by] = pair();
      act(at, "relay " + from + " " + by + " " + any(reach_[by]));
    }
  }

  /// At the controller itself or at one of those that it has a link to.
  void submit(std::int64_t at) {
    auto hub = any(hubs_);
    auto near = reach_[hub];
    near.push_back(hub);
    act(at, "submit " + any(near) + " " + hub + " " + std::to_string(1 + random_.below(20)));
  }

  void act(std::int64_t at, std::string line) {
    at -= at % ms;
    to_.acts.push_back({duration(at), std::move(line)});
  }
  void act_for_a_while(std::int64_t at, std::string begins, std::string ends) {
    act(at, std::move(begins));
    act(at + lasts(), std::move(ends));
  }

  void fault(std::int64_t at, const std::string& kind) {
    auto name = any(names_);
    if (kind == "crash" || kind == "crash_silently" || kind == "stop" || kind == "lose_disk")
      act_for_a_while(at, kind + " " + name, "restart " + name);
    else if (kind == "crash_in_flush")
      act_for_a_while(at, kind + " " + name + (random_.chance(0.5) ? " kept" : " lost"),
                      "restart " + name);
    else if (kind == "freeze")
      act_for_a_while(at, "freeze " + name, "thaw " + name);
    else if (kind == "slow_disk")
      act_for_a_while(at, "slow_disk " + name + " " + std::to_string(between(1, 200)) + "ms",
                      "slow_disk " + name + " 0ms");
    else if (kind == "full_disk")
      act_for_a_while(at, "full_disk " + name + " " + std::to_string(between(1000, 100'000)),
                      "full_disk " + name + " 0");
    else if (kind == "lying_disk")
      act(at, "lying_disk " + name + " " + std::to_string(between(1, 5)));
    else if (kind == "corrupt")
      act(at, "corrupt " + name + " " + std::array{"bit", "page", "truncate"}[random_.below(3)]);
    else if (kind == "skew_clock")
      act(at, "skew_clock " + name + " " + (random_.chance(0.5) ? "-" : "")
                  + std::to_string(between(1, 48)) + "h");
    else
      link_fault(at, kind);
  }

  void link_fault(std::int64_t at, const std::string& kind) {
    if (links_.empty())
      return;
    auto [from, to] = pair();
    auto both = from + " " + to;
    auto begins = kind == "delay"  ? "delay " + both + " " + std::to_string(between(1, 2000)) + "ms"
                  : kind == "drop" ? "drop " + both + " 0." + std::to_string(between(1, 9))
                  : kind == "oneway" ? "partition " + both + " oneway"
                                     : "partition " + both;
    act_for_a_while(at, begins, "heal " + both);
  }

  story& to_;
  const fault_plan_options& options_;
  seeded_random random_;
  std::vector<std::string> names_, hubs_;
  std::vector<std::pair<std::string, std::string>> links_;  ///< both ways
  std::map<std::string, std::vector<std::string>> reach_;
};

cluster_node node_named(std::string name, cluster_role role, std::vector<std::string> peers) {
  cluster_node made;
  made.name = std::move(name);
  made.role = role;
  made.peers = std::move(peers);
  return made;
}

/// A controller, workers, and nodes that dial the controller and each other.
void add_nodes(story& to, unsigned count, seeded_random& random) {
  to.nodes.push_back(node_named("hub", cluster_role::controller, {}));
  std::vector<std::string> before{"hub"};
  for (unsigned i = 1; i <= count; ++i) {
    bool is_worker = i % 2 == 1;
    auto name = (is_worker ? "w" : "n") + std::to_string((i + 1) / 2);
    auto node = node_named(name, is_worker ? cluster_role::worker : cluster_role::node, before);
    node.slots = static_cast<unsigned>(1 + random.below(3));
    to.nodes.push_back(std::move(node));
    before.push_back(name);
  }
}

}  // namespace

std::vector<std::string_view> fault_kinds() {
  return {kinds.begin(), kinds.end()};
}

std::vector<std::string_view> destructive_fault_kinds() {
  return {destructive.begin(), destructive.end()};
}

void set_fault_kinds(fault_plan_options& options, std::string_view list) {
  options.kinds.clear();
  options.is_faultless = list == "none";
  if (list == "none")
    return;
  if (list == "all") {
    options.kinds.insert(kinds.begin(), kinds.end());
    options.kinds.insert({"lose_disk", "corrupt"});
    return;
  }
  std::istringstream in{std::string(list)};
  for (std::string kind; std::getline(in, kind, ',');) {
    bool is_known = std::find(kinds.begin(), kinds.end(), kind) != kinds.end()
                    || std::find(destructive.begin(), destructive.end(), kind) != destructive.end();
    if (!is_known) {
      std::set<std::string> all(kinds.begin(), kinds.end());
      all.insert(destructive.begin(), destructive.end());
      throw error(errc::bad_config, "there is no fault '" + kind + "'; there are " + joined(all)
                                        + ", or all, or none");
    }
    options.kinds.insert(kind);
  }
}

void add_faults(story& to, const fault_plan_options& options) {
  planner plan(to, options);
  auto call_every = plan.between(50, 2000) * ms;
  auto item_every = plan.between(500, 10'000) * ms;
  auto fault_every = plan.between(300, 8000) * ms;
  plan.draw(call_every, item_every, fault_every);
}

fault_plan make_fault_plan(const fault_plan_options& options) {
  auto drawn = options;
  auto random = seeded_random(options.seed).fork("options");
  auto nodes = 1 + random.below(6);
  auto length = std::chrono::seconds(10 + random.below(50));
  if (drawn.nodes == 0)
    drawn.nodes = static_cast<unsigned>(nodes);
  if (drawn.length == duration(0))
    drawn.length = length;
  if (drawn.kinds.empty() && !drawn.is_faultless)
    for (auto kind : kinds)
      if (random.chance(0.5))
        drawn.kinds.emplace(kind);
  fault_plan made;
  made.acts.seed = options.seed;
  add_nodes(made.acts, drawn.nodes, random);
  add_faults(made.acts, drawn);
  made.options = {
      {"seed", std::to_string(drawn.seed)},
      {"nodes", std::to_string(drawn.nodes)},
      {"minutes", std::to_string(std::chrono::duration<double>(drawn.length).count() / 60)},
      {"faults", joined(drawn.kinds)},
      {"acts", std::to_string(made.acts.acts.size())},
  };
  if (drawn.calls > 0)
    made.options.emplace_back("calls", std::to_string(drawn.calls));
  return made;
}

}  // namespace holdfast
