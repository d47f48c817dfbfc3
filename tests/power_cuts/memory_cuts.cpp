#include "tests/power_cuts/memory_cuts.hpp"

#include "tests/power_cuts/story.hpp"

#include <holdfast/core/error.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <span>

namespace holdfast::power_cuts {

namespace {

/// The n-th flush of a node since the cut before; counted from 1.
struct planned_cut {
  std::size_t node = 0;
  std::size_t flush = 0;
  bool is_kept = false;
};

/// Two nodes on memory journals whose power goes by plan.
class memory_world {
public:
  memory_world(unsigned calls, std::span<const planned_cut> plan)
      : plan_(plan), alpha_("alpha", 11, [this] { return open(0); }),
        beta_("beta", 12, [this] { return open(1); }), story_(alpha_, beta_, told_, calls) {}

  void run() {
    for (;;) {
      try {
        story_.start();
        if (crashed_)
          story_.check();
        crashed_ = false;
        story_.play();
        break;
      } catch (const error& cut) {
        if (cut.code() != errc::journal_failed || !crashed_)
          throw;
        auto& victim = at_ == 0 ? alpha_ : beta_;
        victim.die();
        victim.reboot();
        story_.lose_link();
      }
    }
    story_.check_end();
  }

  std::size_t cuts_made() const { return done_; }
  std::size_t flushes() const { return flushes_[0] + flushes_[1]; }

private:
  std::unique_ptr<journal> open(std::size_t node) {
    memory_journal_options options;
    options.at_flush = [this, node] { flush(node); };
    auto made = std::make_unique<memory_journal>(disks_[node], options);
    journals_[node] = made.get();
    return made;
  }

  void flush(std::size_t node) {
    ++flushes_[node];
    if (done_ == plan_.size() || plan_[done_].node != node || flushes_[node] != plan_[done_].flush)
      return;
    at_ = node;
    crashed_ = true;
    flushes_ = {};
    journals_[node]->crash(plan_[done_++].is_kept);
  }

  std::span<const planned_cut> plan_;
  std::array<std::shared_ptr<memory_disk>, 2> disks_{make_memory_disk(), make_memory_disk()};
  std::array<memory_journal*, 2> journals_{};
  std::array<std::size_t, 2> flushes_{};
  std::size_t done_ = 0;
  std::size_t at_ = 0;
  bool crashed_ = false;
  promises told_;
  cut_node alpha_;
  cut_node beta_;
  story story_;
};

class memory_walk {
public:
  explicit memory_walk(unsigned calls) : calls_(calls) {}

  cut_report run(bool twice) {
    memory_world whole(calls_, {});
    whole.run();
    report_.commits = whole.flushes();
    cut_from({}, twice ? 2 : 1);
    return report_;
  }

private:
  /// One more cut behind those of `plan`, at every flush until the story is over without it.
  void cut_from(std::vector<planned_cut> plan, std::size_t left) {
    plan.emplace_back();
    for (std::size_t node = 0; node < 2; ++node)
      for (std::size_t flush = 1, was_made = 1; was_made != 0; ++flush)
        for (const bool is_kept : {false, true}) {
          plan.back() = {node, flush, is_kept};
          was_made = try_plan(plan) ? 1 : 0;
          if (was_made != 0 && left > 1)
            cut_from(plan, left - 1);
        }
  }

  bool try_plan(const std::vector<planned_cut>& plan) {
    memory_world world(calls_, plan);
    std::string violation;
    try {
      world.run();
    } catch (const std::exception& problem) {
      violation = problem.what();
    }
    if (world.cuts_made() < plan.size() && violation.empty())
      return false;
    ++report_.images[0];
    ++report_.continued;
    report_.cuts += plan.back().is_kept ? 0 : 1;
    if (!violation.empty())
      note(violation, plan);
    return world.cuts_made() == plan.size();
  }

  void note(const std::string& violation, const std::vector<planned_cut>& plan) {
    ++report_.violations;
    ++report_.by_invariant[violation.substr(0, 2)];
    auto text = violation;
    for (auto& cut : plan)
      text += (cut.node == 0 ? ", alpha's flush " : ", beta's flush ") + std::to_string(cut.flush)
              + (cut.is_kept ? " kept" : " lost");
    if (report_.examples.size() < 12)
      report_.examples.push_back(text);
  }

  unsigned calls_;
  cut_report report_;
};

}  // namespace

cut_report try_memory_cuts(unsigned calls, bool twice) {
  return memory_walk(calls).run(twice);
}

}  // namespace holdfast::power_cuts
