#include "work_driver.hpp"

#include "cluster.hpp"
#include "desk.hpp"
#include "digest.hpp"
#include "interruption.hpp"
#include "kill_plan.hpp"
#include "screen.hpp"
#include "temporary_folder.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>

namespace demo {
namespace {

using namespace holdfast;
using clock = std::chrono::steady_clock;

constexpr auto step = std::chrono::milliseconds(10);

/// Nothing ended for so long: something hangs.
constexpr auto silence_max = std::chrono::seconds(60);

/// Longer than a peer may be silent and the items' grace together: what the frozen worker holds goes to another one.
constexpr auto freeze_time = std::chrono::seconds(5);

/// How long the controller may take to answer again, once all has ended.
constexpr auto return_max = std::chrono::seconds(30);

/// What the controller says about all items.
struct account {
  work_counts counts;
  std::uint64_t items = 0, done = 0, attempts = 0;
  std::vector<item_note> story;  ///< of an item with a refused result, if there is one
};

double seconds_since(clock::time_point begun) {
  return std::chrono::duration<double>(clock::now() - begun).count();
}

class work_driver {
public:
  work_driver(const drive_settings& settings, std::vector<std::string> paths)
      : settings_(settings), paths_(std::move(paths)), random_(settings.seed),
        hub_kills_(random_, settings.kills, paths_.size() * 9 / 10),
        worker_kills_(random_, 2 * settings.kills, paths_.size() * 9 / 10),
        freezes_(random_, settings.kills > 0 ? 1 : 0, paths_.size() / 2),
        cluster_(folder_.path(), settings.seed), desk_(folder_.path(), cluster_.hub_address()) {
    now_.items = paths_.size();
  }

  int run();

private:
  void run_until_ended();
  void tend();
  bool is_anybody_due() const;
  void kill_who_is_due();
  void freeze_who_is_due();
  void await_thaw();
  account ask_hub();
  template <class Question>
  auto answer_of(Question ask);
  std::vector<item_note> story_of(const item_id& item);
  int report(const account& hub, const comparison& rows, double seconds, double plain_seconds);

  drive_settings settings_;
  std::vector<std::string> paths_;
  temporary_folder folder_;
  std::mt19937_64 random_;
  kill_plan hub_kills_;
  kill_plan worker_kills_;
  kill_plan freezes_;
  cluster cluster_;
  desk desk_;
  work_progress now_;
  clock::time_point thaw_at_{};
  bool is_frozen_ = false;
  screen screen_;
};

void work_driver::tend() {
  throw_if_interrupted();
  cluster_.tend(step);
  if (is_frozen_ && clock::now() >= thaw_at_) {
    cluster_.thaw();
    is_frozen_ = false;
  }
}

void work_driver::kill_who_is_due() {
  // A controller that has just come back would begin anew to wait for the frozen one.
  if (!is_frozen_ && hub_kills_.is_due(now_.ended) && cluster_.kill_hub()) {
    hub_kills_.done();
    ++now_.hub_kills;
  }
  if (worker_kills_.is_due(now_.ended) && cluster_.kill_any_worker()) {
    worker_kills_.done();
    ++now_.worker_kills;
  }
}

void work_driver::freeze_who_is_due() {
  if (!freezes_.is_due(now_.ended) || !cluster_.freeze_a_worker())
    return;
  freezes_.done();
  ++now_.freezes;
  is_frozen_ = true;
  thaw_at_ = clock::now() + freeze_time;
}

bool work_driver::is_anybody_due() const {
  return hub_kills_.is_due(now_.ended) || worker_kills_.is_due(now_.ended)
         || freezes_.is_due(now_.ended);
}

void work_driver::run_until_ended() {
  auto last_end = clock::now();
  while (now_.ended < now_.items || is_anybody_due()) {
    tend();
    if (desk_.ended() != now_.ended)
      last_end = clock::now();
    now_.ended = desk_.ended();
    if (clock::now() - last_end > silence_max)
      throw std::runtime_error("no item ended for " + std::to_string(silence_max.count()) + " s");
    kill_who_is_due();
    freeze_who_is_due();
    screen_.show(now_);
  }
}

/// The frozen worker wakes up, and what it has to say about its items is heard.
void work_driver::await_thaw() {
  while (is_frozen_)
    tend();
  for (auto until = clock::now() + std::chrono::seconds(2); clock::now() < until; tend())
    if (auto counts = desk_.hub().within(std::chrono::seconds(1)).counts();
        counts && counts->evidence > 0)
      return;
}

/// Of the controller, which may be on its way back.
template <class Question>
auto work_driver::answer_of(Question ask) {
  for (auto begun = clock::now();; tend()) {
    auto answer = ask();
    if (answer)
      return std::move(*answer);
    if (clock::now() - begun > return_max)
      throw std::runtime_error("the controller does not answer: " + answer.error().text);
  }
}

std::vector<item_note> work_driver::story_of(const item_id& item) {
  auto told = answer_of([&] { return desk_.hub().why(item); }).history;
  bool is_refused = std::any_of(told.begin(), told.end(), [](auto& note) {
    return note.text.find("refused") != note.text.npos;
  });
  return is_refused ? told : std::vector<item_note>{};
}

account work_driver::ask_hub() {
  account hub;
  hub.counts = answer_of([&] { return desk_.hub().counts(); });
  for (item_filter page;;) {
    auto items = answer_of([&] { return desk_.hub().list(page); });
    if (items.empty())
      return hub;
    for (auto& item : items) {
      ++hub.items;
      hub.done += item.state == item_state::done ? 1 : 0;
      hub.attempts += item.attempts;
      if (item.attempts > 1 && hub.counts.evidence > 0 && hub.story.empty())
        hub.story = story_of(item.id);
    }
    page.after = items.back().id;
  }
}

int work_driver::run() try {
  auto begun = clock::now();
  cluster_.start();
  desk_.submit(paths_);
  run_until_ended();
  await_thaw();
  while (!cluster_.is_complete())
    tend();
  // Once more after the last end: what is compared comes from the disk.
  cluster_.kill_everybody();
  ++now_.hub_kills;
  now_.worker_kills += cluster::workers;
  screen_.show(now_);
  auto hub = ask_hub();
  auto rows = desk_.rows();
  if (!cluster_.stop() || !desk_.stop())
    throw std::runtime_error("a process did not stop in good order");
  auto seconds = seconds_since(begun);
  screen_.end();
  begun = clock::now();
  auto expected = pack_plainly(paths_, folder_.path());
  return report(hub, compare(expected, rows), seconds, seconds_since(begun));
} catch (const std::exception& problem) {
  screen_.end();
  std::cerr << "demo: " << problem.what() << "\n";
  cluster_.print_logs();
  return 1;
}

int work_driver::report(const account& hub, const comparison& rows, double seconds,
                        double plain_seconds) {
  auto line = [](const char* name, std::uint64_t figure, const std::string& text) {
    std::printf("  %-16s %8s   %s\n", name, with_commas(figure).c_str(), text.c_str());
  };
  work_ends ends{now_.items, hub.items, hub.done, hub.counts.done, rows};
  std::printf("\n");
  line("items", hub.items, "one command each");
  line("kill -9", now_.hub_kills + now_.worker_kills,
       "controller " + std::to_string(now_.hub_kills) + ", workers "
           + std::to_string(now_.worker_kills) + ", everybody once more after the last end");
  line("frozen", now_.freezes, "worker, by SIGSTOP, until it counts as dead; then it goes on");
  line("attempts", hub.attempts,
       with_commas(hub.attempts - std::min(hub.attempts, hub.items)) + " more than items");
  line("moved", hub.counts.moved, "from a worker that died or froze to another one");
  line("refused", hub.counts.evidence, "late results of items that had been moved");
  line("lost", ends.lost(), "not done, or who submitted it never heard of its end");
  line("done twice", ends.twice(),
       "results that were accepted, by the controller and by who submitted");
  line("different", rows.different, "from the same commands without Holdfast");
  std::printf("  %-16s %8.1f   without Holdfast and kills %.1f\n\n", "seconds", seconds,
              plain_seconds);
  if (!hub.story.empty())
    std::printf("One of the items whose late result was refused:\n");
  for (auto& note : hub.story)
    std::printf("  %s\n", note.text.c_str());
  std::printf(hub.story.empty() ? "" : "\n");
  for (auto& example : rows.examples)
    std::printf("  %s\n", example.c_str());
  std::printf("%s\n", ends.is_good() ? "Equal: every item ended once, with what a plain pass gives."
                                     : "NOT EQUAL: the ends are not what a plain pass gives.");
  return ends.is_good() ? 0 : 1;
}

}  // namespace

int drive_work(const drive_settings& settings) {
  auto paths = files_below(settings.root, settings.items_max);
  std::printf("\nWork that moves when its worker dies\n\n"
              "  controller   holdfast controller --name hub ...\n"
              "  %zu workers    holdfast worker --controller hub=... --slots %u --allow-exec ...\n"
              "  %-11s  sh -c 'gzip -nc \"$1\" | sha256sum' sh FILE\n\n",
              cluster::workers, cluster::slots, (with_commas(paths.size()) + " items").c_str());
  std::fflush(stdout);
  return work_driver(settings, std::move(paths)).run();
}

}  // namespace demo
