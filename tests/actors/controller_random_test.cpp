#include "tests/actors/controller_fixture.hpp"

#include <holdfast/actors/controller_audit.hpp>

#include <gtest/gtest.h>

#include <array>

// Everything at once, at random: after each message all indexes follow from the items, and once the cluster is healed each item
// ends, once.
namespace holdfast {
namespace {

using namespace testing;
using namespace std::chrono_literals;

class random_play {
public:
  explicit random_play(std::uint64_t seed) : state_(seed * 2 + 1) {
    bench.arrives = [this](std::size_t) { return !loses_ || below(20) != 0; };
    bench.add({.name = "w0", .slots = 2});
    bench.add({.name = "w1", .labels = {"gpu"}, .slots = 3});
    bench.add({.name = "w2", .labels = {"big", "gpu"}, .slots = 4});
    for (auto& [name, worker] : bench.workers)
      names_.push_back(name);
  }

  void step() {
    static constexpr std::array<void (random_play::*)(), 16> moves{
        &random_play::submit, &random_play::submit,  &random_play::submit,
        &random_play::finish, &random_play::finish,  &random_play::finish,
        &random_play::finish, &random_play::pass,    &random_play::pass,
        &random_play::pass,   &random_play::unlink,  &random_play::link,
        &random_play::link,   &random_play::suspect, &random_play::change_item,
        &random_play::operate};
    (this->*moves[below(moves.size())])();
    if (below(60) == 0)
      bench.restart();
    bench.settle();
  }

  /// Every worker is back and nothing is lost any more.
  void heal() {
    loses_ = false;
    for (auto& name : names_) {
      (void)bench.ask(work::resume, name);
      if (!bench.worker(name).is_up)
        bench.connect(name);
    }
    for (auto second = 0; second < 60; ++second) {
      bench.finish_all();
      bench.settle();
      bench.pass(1s);
      bench.settle();
    }
  }

  controller_bench bench;
  std::vector<item_id> ids;

private:
  std::uint64_t next() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return state_ >> 33;
  }
  std::size_t below(std::size_t bound) { return next() % bound; }
  const std::string& any_worker() { return names_[below(names_.size())]; }

  void submit() {
    auto given = bench.item(below(6) == 0 ? "key" + std::to_string(below(8)) : "");
    static const std::vector<std::vector<std::string>> labels{
        {}, {}, {"gpu"}, {"big"}, {"big", "gpu"}};
    given.demand.labels = labels[below(labels.size())];
    given.demand.slots = 1 + static_cast<std::uint32_t>(below(2));
    given.priority = static_cast<std::int16_t>(below(3));
    given.grace_ns = static_cast<std::int64_t>(below(3)) * 2 * second_ns;
    given.rules.on_lost = below(3) == 0 ? lost_policy::suspend : lost_policy::move;
    given.rules.on_return = static_cast<return_policy>(below(3));
    given.rules.runs_after_failure = below(2) == 0;
    given.rules.losses_max = 3 + static_cast<std::uint16_t>(below(20));
    if (below(5) == 0)
      given.deadline_ns = static_cast<std::int64_t>(1 + below(20)) * second_ns;
    if (below(8) == 0)
      given.keep_ns = 5 * second_ns;
    for (auto parents = below(5); parents > 2 && !ids.empty(); --parents)
      given.after.push_back(ids[below(ids.size())]);
    ids.push_back(bench.submit(given));
  }

  void finish() {
    static constexpr std::array<run_end, 8> ways{
        run_end::done,   run_end::done,        run_end::done,      run_end::done,
        run_end::failed, run_end::handed_back, run_end::timed_out, run_end::refused};
    auto& name = any_worker();
    auto running = controller_bench::running(bench.worker(name));
    if (!running.empty())
      bench.finish(name, running[below(running.size())], ways[below(ways.size())]);
  }

  void pass() { bench.pass(std::chrono::milliseconds(100 + below(3000))); }

  void unlink() {
    auto& name = any_worker();
    if (bench.worker(name).is_up)
      bench.disconnect(name, below(4) == 0 ? errc::link_goodbye : errc::link_lost);
  }

  void link() {
    auto& name = any_worker();
    if (bench.worker(name).is_up)
      return;
    if (below(3) == 0)
      bench.restart_worker(name);
    bench.connect(name);
  }

  void suspect() {
    if (auto& name = any_worker(); bench.worker(name).is_up)
      bench.event(peer_suspect{name, 3s});
  }

  void change_item() {
    if (ids.empty())
      return;
    auto& id = ids[below(ids.size())];
    if (below(2) == 0)
      (void)bench.ask(work::cancel, id);
    else
      (void)bench.ask(work::retry, id);
  }

  void operate() {
    auto& name = any_worker();
    switch (below(3)) {
    case 0: (void)bench.ask(work::drain, name); return;
    case 1: (void)bench.ask(work::resume, name); return;
    default: (void)bench.ask(work::forget, name); return;
    }
  }

  std::uint64_t state_;
  bool loses_ = true;
  std::vector<std::string> names_;
};

std::vector<std::string> audit_of(controller_bench& bench) {
  return controlling::audit_controller(*bench.node().store.read());
}

TEST(controller_random, IndexesFollowAndEveryItemEnds) {
  work_counts all;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_play play(seed);
    for (auto step = 0; step < 200; ++step) {
      play.step();
      ASSERT_EQ(audit_of(play.bench), std::vector<std::string>()) << "after step " << step;
    }
    play.heal();
    ASSERT_EQ(audit_of(play.bench), std::vector<std::string>());
    auto counts = play.bench.counts();
    EXPECT_EQ(counts.assigned + counts.running, 0u);
    EXPECT_EQ(counts.rolled_back, 0u);
    all.done += counts.done;
    all.failed += counts.failed;
    all.expired += counts.expired;
    all.moved += counts.moved;
    all.evidence += counts.evidence;
    auto reports = play.bench.ask(work::look, play.ids).value();
    EXPECT_FALSE(reports.empty());
    for (auto& report : reports)
      ASSERT_TRUE(is_terminal(report.state) || report.state == item_state::suspended)
          << report.id << ": " << play.bench.show(report.id).waits_for << "\n"
          << play.bench.story(report.id);
  }
  // It is no test of what never came to pass.
  EXPECT_GT(all.done, 100u);
  EXPECT_GT(all.failed, 20u);
  EXPECT_GT(all.expired, 20u);
  EXPECT_GT(all.moved, 50u);
  EXPECT_GT(all.evidence, 5u);
}

}  // namespace
}  // namespace holdfast
