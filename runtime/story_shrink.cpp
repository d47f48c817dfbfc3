#include <holdfast/runtime/story_shrink.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

std::string verb_of(const story_act& act) {
  return act.line.substr(0, act.line.find(' '));
}

class shrinker {
public:
  shrinker(story failing, const std::function<bool(const story&)>& fails, std::size_t runs_max)
      : best_(std::move(failing)), fails_(fails), runs_max_(runs_max) {}

  shrink_result run() {
    for (bool goes_on = true; goes_on && has_runs();) {
      remove_verbs();
      goes_on = remove_acts();
      goes_on = make_plain() || goes_on;
      goes_on = remove_nodes() || goes_on;
    }
    bool is_minimal = has_runs();
    remove_time();
    return {std::move(best_), runs_, is_minimal};
  }

private:
  bool has_runs() const { return runs_ < runs_max_; }

  bool accept(story smaller) {
    if (!has_runs())
      return false;
    ++runs_;
    if (!fails_(smaller))
      return false;
    best_ = std::move(smaller);
    return true;
  }

  /// The same with one of the next seeds, for what is taken out shifts all that is drawn behind it. The smaller the story,
  /// the cheaper a try.
  bool accept_with_any_seed(story smaller) {
    auto tries = std::clamp<std::size_t>(tries_of_acts / (smaller.acts.size() + 1), 2, tries_max);
    for (; tries > 0; --tries, ++smaller.seed)
      if (accept(smaller))
        return true;
    return false;
  }

  /// All acts of a kind at a time: what a failure does not need at all is gone soon.
  void remove_verbs() {
    std::set<std::string> verbs;
    for (auto& act : best_.acts)
      verbs.insert(verb_of(act));
    for (auto& verb : verbs) {
      auto smaller = best_;
      std::erase_if(smaller.acts, [&](auto& act) { return verb_of(act) == verb; });
      if (!smaller.acts.empty())
        accept_with_any_seed(std::move(smaller));
    }
  }

  /// Whether anything could be taken out.
  bool remove_acts() {
    auto before = best_.acts.size();
    for (auto part = std::max<std::size_t>(before / 2, 1); part > 0 && has_runs(); part /= 2)
      for (std::size_t from = 0; from < best_.acts.size() && has_runs();) {
        auto smaller = best_;
        auto end = std::min(from + part, smaller.acts.size());
        smaller.acts.erase(smaller.acts.begin() + static_cast<std::ptrdiff_t>(from),
                           smaller.acts.begin() + static_cast<std::ptrdiff_t>(end));
        if (!accept_with_any_seed(std::move(smaller)))
          from += part;
      }
    return best_.acts.size() < before;
  }

  /// A worker needs its controller, a plain node nobody.
  bool make_plain() {
    bool has_changed = false;
    for (std::size_t i = 0; i < best_.nodes.size(); ++i) {
      if (best_.nodes[i].role == cluster_role::node)
        continue;
      auto smaller = best_;
      smaller.nodes[i] = {};
      smaller.nodes[i].name = best_.nodes[i].name;
      smaller.nodes[i].peers = best_.nodes[i].peers;
      has_changed |= accept_with_any_seed(std::move(smaller));
    }
    return has_changed;
  }

  bool remove_nodes() {
    auto before = best_.nodes.size();
    for (std::size_t i = best_.nodes.size(); i-- > 0 && best_.nodes.size() > 1;) {
      auto smaller = best_;
      auto name = smaller.nodes[i].name;
      smaller.nodes.erase(smaller.nodes.begin() + static_cast<std::ptrdiff_t>(i));
      bool is_controller = false;
      for (auto& node : smaller.nodes) {
        std::erase(node.peers, name);
        is_controller |= node.controller == name;
      }
      if (!is_controller)
        accept_with_any_seed(std::move(smaller));
    }
    return best_.nodes.size() < before;
  }

  /// The pauses between acts, each as short as it may be.
  void remove_time() {
    for (std::size_t i = 0; i < best_.acts.size(); ++i) {
      auto begun = i == 0 ? duration(0) : best_.acts[i - 1].at;
      for (auto pause = best_.acts[i].at - begun; pause > duration(0);) {
        auto shorter = pause < std::chrono::milliseconds(20) ? duration(0) : pause / 2;
        shorter -= shorter % std::chrono::milliseconds(1);
        auto smaller = best_;
        for (auto later = i; later < smaller.acts.size(); ++later)
          smaller.acts[later].at -= pause - shorter;
        if (!accept(std::move(smaller)))
          break;
        pause = shorter;
      }
    }
  }

  static constexpr std::size_t tries_of_acts = 500;
  static constexpr std::size_t tries_max = 10;

  story best_;
  const std::function<bool(const story&)>& fails_;
  const std::size_t runs_max_;
  std::size_t runs_ = 0;
};

std::string invariant_of(const story_result& result) {
  return result.findings.empty() ? "" : result.findings[0].substr(0, result.findings[0].find(' '));
}

story without_faults(story whole) {
  std::erase_if(whole.acts, [](auto& act) {
    auto verb = verb_of(act);
    return verb != "queue" && verb != "relay" && verb != "send" && verb != "submit"
           && verb != "show" && verb != "settle" && verb != "check";
  });
  return whole;
}

}  // namespace

shrink_result shrink(story failing, const std::function<bool(const story&)>& fails,
                     std::size_t runs_max) {
  return shrinker(std::move(failing), fails, runs_max).run();
}

story_failure::story_failure(const story& whole, const story_result& failed, story_options options)
    : options_(std::move(options)), end_(failed.end), invariant_(invariant_of(failed)),
      needs_faults_(tell(without_faults(whole), options_).end == story_end::good) {}

bool story_failure::is_in(const story& smaller) const {
  auto result = tell(smaller, options_);
  return result.end == end_ && (end_ != story_end::safety || invariant_of(result) == invariant_)
         && (!needs_faults_ || tell(without_faults(smaller), options_).end == story_end::good);
}

}  // namespace holdfast
