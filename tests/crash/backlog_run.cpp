#include "tests/crash/backlog_run.hpp"

#include "tests/crash/nodes.hpp"

#include <algorithm>
#include <stdexcept>

namespace holdfast::crash {
namespace {

using steady = std::chrono::steady_clock;

double seconds_since(steady::time_point begun) {
  return std::chrono::duration<double>(steady::now() - begun).count();
}

class backlog_runner {
public:
  explicit backlog_runner(const backlog_plan& plan)
      : plan_(plan), home_(plan.is_on_disk ? cluster::place::disk : cluster::place::anywhere),
        source_(home_, "source"), target_(home_, "target"),
        patience_(patience + milliseconds(plan.calls)) {
    source_.dials(target_);
    for (auto* node : {&source_, &target_})
      node->arguments = {"--log-level", "warn"};
  }

  /// The target holds its handlers while it is filled: of the backlog nothing ends.
  backlog_figures inbox() {
    target_.environment["HOLDFAST_HOLD"] = "1";
    must(target_.start(), "the target does not start");
    fill();
    must(ask_until([&] { return number_in(source_.peer("target"), "waiting") == 0; }, patience_),
         "the calls do not reach the target");
    figures_.waiting = target_.status("inbox");
    figures_.filled_seconds = seconds_since(begun_);
    note("stored at the target");
    target_.kill();
    target_.environment.erase("HOLDFAST_HOLD");
    watch(target_, [&] { target_.spawn(); });
    drain();
    return figures_;
  }

  backlog_figures outbox() {
    fill();
    figures_.waiting = source_.status("outbox");
    figures_.filled_seconds = seconds_since(begun_);
    note("queued at the source");
    source_.kill();
    source_.environment.erase("HOLDFAST_FILL");
    must(target_.start(), "the target does not start");
    watch(source_, [&] { source_.spawn(); });
    drain();
    return figures_;
  }

private:
  void must(bool holds, const std::string& what) const {
    if (!holds)
      throw std::runtime_error(what + "\n" + source_.errors() + target_.errors());
  }
  void note(const std::string& line) const {
    if (plan_.progress)
      plan_.progress(std::to_string(figures_.waiting) + " calls " + line + " after "
                     + std::to_string(static_cast<int>(figures_.filled_seconds)) + " s");
  }

  void fill() {
    begun_ = steady::now();
    source_.environment["HOLDFAST_FILL"] = "target " + std::to_string(plan_.calls);
    source_.spawn();
    must(wait_for(
             {&source_.run()}, [&] { return source_.is_ready(); }, patience_),
         "the source does not start");
    source_.environment.erase("HOLDFAST_FILL");
  }

  /// Starts `node` and looks at its memory whenever the target says something.
  template <class Start>
  void watch(test_node& node, Start start) {
    auto begun = steady::now();
    start();
    auto& target = target_.run();
    must(wait_for(
             {&target}, [&] { return target.has_printed("first"); }, patience_),
         "nothing is executed");
    figures_.first_ms = seconds_since(begun) * 1000;
    figures_.first_anon_kb = look(node);
    auto enough = [&] {
      look(node);
      return static_cast<std::int64_t>(target.count("taken ")) * 10'000 >= plan_.watched;
    };
    must(wait_for({&target}, enough, patience_), "the work does not go on");
  }

  std::int64_t look(test_node& node) {
    auto id = node.run().id();
    auto anon = memory_of(id, "RssAnon") + memory_of(id, "RssShmem");
    figures_.most_anon_kb = std::max(figures_.most_anon_kb, anon);
    figures_.most_file_kb = std::max(figures_.most_file_kb, memory_of(id, "RssFile"));
    return anon;
  }

  void drain() {
    if (!plan_.is_drained)
      return;
    ask_until(
        [&] {
          wait_for({&target_.run()}, [] { return true; });  // reads its output
          figures_.left_inbox = target_.status("inbox");
          figures_.left_outbox = source_.status("outbox");
          return figures_.left_inbox == 0 && figures_.left_outbox == 0;
        },
        patience_);
  }

  backlog_plan plan_;
  cluster home_;
  test_node source_;
  test_node target_;
  milliseconds patience_;
  backlog_figures figures_;
  steady::time_point begun_;
};

}  // namespace

backlog_figures run_inbox_backlog(const backlog_plan& plan) {
  return backlog_runner(plan).inbox();
}

backlog_figures run_outbox_backlog(const backlog_plan& plan) {
  return backlog_runner(plan).outbox();
}

}  // namespace holdfast::crash
