// Shows work that outlives its workers: painters and mixers as processes, killed on the way; items are moved or suspended.
//
//     render_farm [FOLDER]
#include "../demo/process.hpp"
#include "farm.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

namespace {

using namespace std::chrono_literals;
using holdfast::item_report;
using holdfast::item_state;
using reports = std::vector<item_report>;

constexpr auto patience = 60s;
constexpr int parts = 10;

std::filesystem::path made_anew(const std::filesystem::path& folder) {
  for (auto* node : {"hub", "painter1", "painter2", "mixer1"})
    std::filesystem::remove_all(folder / node);
  std::filesystem::create_directories(folder);
  return folder;
}

// The controller is this process. The workers are processes of the same program.
class farm_story {
public:
  explicit farm_story(const std::filesystem::path& folder)
      : folder_(made_anew(folder)), hub_({.data = folder / "hub",
                                          .listen = "127.0.0.1:0",
                                          .log_level = "warn",
                                          .name = "hub",
                                          .secret_file = folder / "secret"}),
        work_(hub_.controller("hub")) {
    hub_.serve_controller();
    hub_.start();
  }

  void tell() {
    open();
    submit();
    lose_a_painter();
    lose_the_mixer();
    finish();
  }

private:
  void start(const std::string& name) {
    workers_[name] = std::make_unique<demo::process>(
        std::vector<std::string>{"render_farm", "node", "--name", name, "--data", folder_ / name,
                                 "--listen", "127.0.0.1:0", "--peer", "hub=" + hub_.address(),
                                 "--secret-file", folder_ / "secret", "--log-level", "warn"},
        folder_ / (name + ".log"));
  }

  // Looks until it is so. Waiting for the items is a pause between two looks.
  void wait_until(const std::string& what, const std::function<bool()>& holds) {
    auto until = std::chrono::steady_clock::now() + patience;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until)
        throw std::runtime_error("it never came to this: " + what);
      (void)work_.wait(all_, 50ms);
    }
    std::cout << "  " << what << "\n";
  }

  bool are(const std::vector<holdfast::item_id>& items,
           const std::function<bool(const item_report&)>& so) {
    auto now = work_.look(items);
    return now && now->size() == items.size() && std::all_of(now->begin(), now->end(), so);
  }

  void show() {
    auto now = work_.look(all_);
    for (auto& item : now ? *now : reports{})
      std::cout << "    " << item.title << ": " << to_string(item.state)
                << (item.worker.empty() ? "" : " at " + item.worker)
                << (item.progress_text.empty() ? "" : ", " + item.progress_text) << "\n";
  }

  void open() {
    std::cout << "Two painters and one mixer join.\n";
    for (auto* name : {"painter1", "painter2", "mixer1"})
      start(name);
    wait_until("all three take work", [&] {
      auto painters = work_.workers_of("painter");
      auto mixers = work_.workers_of("mixer");
      return painters && mixers && painters->size() == 2 && mixers->size() == 1;
    });
  }

  void submit() {
    std::cout << "Four scenes are to be painted, two reels to be mixed, and a trailer behind all "
                 "of them.\n";
    for (std::string scene : {"dawn", "noon", "dusk", "night"})
      scenes_.push_back(work_.with({.title = scene}).submit(farm::paint, scene, parts));
    for (std::string reel : {"voices", "music"})
      reels_.push_back(work_.with({.on_lost = holdfast::lost_policy::suspend, .title = reel})
                           .submit(farm::mix, reel, parts));
    all_ = scenes_;
    all_.insert(all_.end(), reels_.begin(), reels_.end());
    auto before = all_;
    all_.push_back(
        work_.with({.after = before, .title = "trailer"}).submit(farm::mix, "trailer", parts));
    wait_until("all six are half done, the trailer waits",
               [&] { return are(before, [](auto& item) { return item.progress >= 0.5; }); });
    show();
  }

  void lose_a_painter() {
    std::cout << "kill -9 painter1. Its scenes may move.\n";
    workers_["painter1"]->kill_now();
    wait_until("all scenes are with painter2", [&] {
      return are(scenes_, [](auto& item) {
        return item.state == item_state::running && item.worker == "painter2";
      });
    });
    show();
  }

  void lose_the_mixer() {
    std::cout << "kill -9 mixer1. Nobody else can mix, and its reels are to wait for it.\n";
    workers_["mixer1"]->kill_now();
    wait_until("both reels are suspended", [&] {
      return are(reels_, [](auto& item) { return item.state == item_state::suspended; });
    });
    show();
    std::cout << "mixer1 is started again.\n";
    start("mixer1");
    wait_until("both reels run again", [&] {
      return are(reels_, [](auto& item) { return item.state == item_state::running; });
    });
  }

  void finish() {
    std::cout << "The second half can be done.\n";
    for (auto* name : {"painter2", "mixer1"})
      if (auto answer = hub_.to(name).within(patience).call(farm::go_on); !answer)
        throw std::runtime_error(name + (": " + answer.error().text));
    for (auto& id : all_) {
      auto result = work_.result<std::string>(id, patience);
      auto report = work_.why(id);
      if (!result || !report)
        throw std::runtime_error(result ? report.error().text : result.error().text);
      std::cout << "    " << report->title << ": " << *result << " at " << report->worker << "\n";
      // What was lost ran twice, everything else once.
      bool was_lost = report->losses == 1;
      bool is_right = report->failures == 0 && report->attempts == (was_lost ? 2u : 1u);
      lost_ += was_lost;
      if (!is_right)
        throw std::runtime_error(id + " had another life than it should");
    }
    if (lost_ != 4)
      throw std::runtime_error("two scenes and two reels were to be lost, not "
                               + std::to_string(lost_));
    std::cout << "What happened to " << tell_life(scenes_.front());
    std::cout << "What happened to " << tell_life(reels_.front());
  }

  std::string tell_life(const holdfast::item_id& id) {
    auto report = work_.why(id);
    if (!report)
      return id + ": " + report.error().text + "\n";
    auto text = report->title + ":\n";
    for (auto& note : report->history)
      text += "    " + note.text + "\n";
    return text;
  }

  std::filesystem::path folder_;
  holdfast::node hub_;
  holdfast::controller_front work_;
  std::map<std::string, std::unique_ptr<demo::process>> workers_;
  std::vector<holdfast::item_id> scenes_, reels_, all_;
  int lost_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2)  // a worker's command line
    return holdfast::run(argc, argv, farm::serve_worker);
  try {
    farm_story(argc == 2 ? argv[1] : "render_farm-data").tell();
    std::cout << "All as told.\n";
    return 0;
  } catch (const std::exception& problem) {
    std::cout << "Not as told: " << problem.what() << "\n";
    return 1;
  }
}
