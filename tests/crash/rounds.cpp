#include "tests/crash/rounds.hpp"

#include "tests/crash/methods.hpp"
#include "tests/crash/nodes.hpp"

#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

namespace holdfast::crash {
namespace {

constexpr std::int64_t mailboxes = 8;
constexpr std::int64_t page = 5000;

/// A kill that waits for lines of a node which, all done, prints no more comes after so long anyway.
constexpr milliseconds kill_at_latest{400};

std::string mailbox_of(std::int64_t n) {
  return "m" + std::to_string(n % mailboxes);
}

class round_runner {
public:
  explicit round_runner(const round_plan& plan)
      : plan_(plan), chance_(plan.seed),
        home_(plan.is_on_disk ? cluster::place::disk : cluster::place::anywhere),
        source_(home_, "source"), target_(home_, "target") {
    source_.dials(target_);
    target_.environment["HOLDFAST_OUTSIDE"] = outside_file();
    for (auto* node : {&source_, &target_})
      node->arguments = {"--log-level", "warn"};
  }

  round_report run() {
    auto begun = std::chrono::steady_clock::now();
    try {
      play();
    } catch (const std::exception& problem) {
      report_.problem = problem.what();
    }
    report_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return report_;
  }

private:
  std::string outside_file() const { return (home_.folder() / "outside").string(); }

  int below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(chance_); }

  void must(bool holds, const std::string& what) const {
    if (!holds)
      throw std::runtime_error(what + "\nsource:\n" + source_.errors() + "target:\n"
                               + target_.errors());
  }

  void play() {
    must(source_.start() && target_.start(), "the nodes did not start");
    for (int round = 0; round < plan_.rounds; ++round) {
      play_round(round);
      if (plan_.progress)
        plan_.progress("round " + std::to_string(round + 1) + ": " + std::to_string(report_.calls)
                       + " calls, killed source " + std::to_string(report_.kills_of_source)
                       + ", target " + std::to_string(report_.kills_of_target));
    }
    settle();
    compare();
    must(source_.stop() == 0 && target_.stop() == 0, "a node did not stop in good order");
    audit();
  }

  // ---- load and kills

  std::filesystem::path write_calls(int round) {
    auto file = home_.folder() / "calls.jsonl";
    std::ofstream out(file);
    for (int i = 0; i < plan_.calls_each; ++i) {
      auto n = report_.calls + i;
      auto key = mailbox_of(n);
      auto where = is_relayed(n)
                       ? R"("to":"source","method":"relays.relay","args":["target",")" + key
                       : R"("to":"target","method":"numbers.append","args":[")" + key;
      out << "{" << where << "\"," << n << R"(],"id":"r)" << round << "-" << n << R"(","key":")"
          << key << "\"}\n";
    }
    report_.calls += plan_.calls_each;
    return file;
  }

  std::unique_ptr<process> client(const std::filesystem::path& calls) const {
    return std::make_unique<process>(std::vector<std::string>{HOLDFAST_CRASH_NODE, "queue",
                                                              "--data", source_.data.string(),
                                                              "--batch", calls.string()},
                                     process::how{{}, home_.folder() / "client.log"});
  }

  /// The file is given again, whole, until all of it is on disk.
  void play_round(int round) {
    auto calls = write_calls(round);
    auto queueing = client(calls);
    int kills = 1 + below(3);
    for (int i = 0; i < kills; ++i)
      kill_one(*queueing);
    for (;;) {
      auto status = queueing->end();
      must(status >= 0, "the client hangs");
      if (status == 0)
        return;
      must(source_.is_ready() || wait_for({&source_.run()}, [&] { return source_.is_ready(); }),
           "the source does not start again");
      ++report_.client_restarts;
      queueing = client(calls);
    }
  }

  /// After a number of its lines that the seed names; none of them means: while it starts.
  void kill_one(process& queueing) {
    auto& victim = below(2) ? source_ : target_;
    auto seen = victim.run().lines().size();
    auto wanted = below(5) == 0 ? 0 : seen + static_cast<std::size_t>(below(plan_.calls_each * 2));
    wait_for(
        {&source_.run(), &target_.run(), &queueing},
        [&] { return victim.run().lines().size() >= wanted; }, kill_at_latest);
    victim.kill();
    ++(&victim == &source_ ? report_.kills_of_source : report_.kills_of_target);
    victim.spawn();
  }

  // ---- the end

  void settle() {
    for (auto* node : {&source_, &target_})
      must(node->is_ready() || wait_for({&node->run()}, [&] { return node->is_ready(); }),
           "a node does not start again");
    milliseconds bound = patience + milliseconds(report_.calls * 20);
    bool is_settled = ask_until(
        [&] {
          wait_for({&source_.run(), &target_.run()}, [] { return true; });  // reads their output
          return is_idle(source_) && is_idle(target_);
        },
        bound);
    report_.dead = source_.status("dead") + target_.status("dead");
    if (report_.dead > 0)
      report_.problem +=
          source_.command({"calls", "--dead"}).out + target_.command({"calls", "--dead"}).out;
    must(is_settled, "calls are left: " + source_.command({"status"}).out
                         + source_.command({"peers"}).out + target_.command({"status"}).out
                         + target_.command({"calls", "--inbox"}).out);
  }

  static bool is_idle(const test_node& node) {
    auto answer = node.json({"status"});
    return number_in(answer, "outbox") == 0 && number_in(answer, "inbox") == 0;
  }

  /// All pages of what `method` lists; `next` says where the page behind this one begins.
  static numbers pages(const test_node& node, const std::string& method,
                       const std::vector<std::string>& given,
                       const std::function<std::int64_t(const numbers&)>& next) {
    numbers all;
    for (;;) {
      auto words = given;
      words.push_back(std::to_string(next(all)));
      words.push_back(std::to_string(page));
      auto answer = node.call(method, words);
      auto& rows = answer.as_array();
      for (auto& n : rows)
        all.push_back(n.as_integer());
      if (rows.size() < page)
        return all;
    }
  }

  void compare() {
    for (std::int64_t m = 0; m < mailboxes; ++m)
      compare_list(report_, m, mailboxes,
                   pages(target_, "lists.list", {mailbox_of(m)},
                         [](const numbers& all) { return static_cast<std::int64_t>(all.size()); }));
    compare_confirms(report_, pages(source_, "lists.confirmed", {}, [](const numbers& all) {
                       return all.empty() ? 0 : all[all.size() - 2] + 1;
                     }));
    std::ifstream outside(outside_file());
    compare_outside(report_, outside);
  }

  /// C4 over both stores, which nobody has open now.
  void audit() {
    auto result = run_command({HOLDFAST_CRASH_NODE, "audit", "--data", source_.data.string(),
                               "--data", target_.data.string()});
    must(result.status == 0, "the books do not add up:\n" + result.out + result.err);
  }

  round_plan plan_;
  round_report report_;
  std::mt19937_64 chance_;
  cluster home_;
  test_node source_;
  test_node target_;
};

}  // namespace

round_report run_rounds(const round_plan& plan) {
  return round_runner(plan).run();
}

}  // namespace holdfast::crash
