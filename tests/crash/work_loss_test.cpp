#include "tests/crash/namespaces.hpp"
#include "tests/crash/tcp_proxy.hpp"
#include "tests/crash/work_site.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <iostream>

// A worker that is frozen, cut off, told to stop, or whose connection just breaks; a controller that is killed. What became
// of the items, by the controller's account and by that of the commands themselves.

namespace holdfast::crash {
namespace {

class work_loss : public testing::Test {
protected:
  work_loss() : site({"--heartbeat", "200ms", "--silence", "1200ms"}) {}

  void start(test_node& node) { ASSERT_TRUE(node.start()) << node.errors(); }

  /// Started by now, so that what follows goes to the workers that are there.
  std::string submit_to(const std::string& worker, const std::string& name,
                        const work_site::words& options) {
    auto id = site.submit_held(name, options);
    EXPECT_TRUE(site.is_held(name, worker)) << site.story(id);
    EXPECT_TRUE(site.comes_to_run_at(id, worker)) << site.story(id);
    return id;
  }

  /// Done, by that worker, and its first account the same.
  void check_done(const std::string& id, const std::string& worker, std::int64_t attempts) {
    EXPECT_TRUE(site.comes_to(id, "done")) << site.story(id);
    EXPECT_EQ(site.output(id), worker + "\n") << site.story(id);
    EXPECT_EQ(number_in(site.item(id), "attempts"), attempts) << site.story(id);
  }

  void check_counts(std::int64_t done, std::int64_t moved, std::int64_t evidence) {
    auto counts = site.counts();
    EXPECT_EQ(number_in(counts, "done"), done);
    EXPECT_EQ(number_in(counts, "moved"), moved);
    EXPECT_EQ(number_in(counts, "evidence"), evidence);
    EXPECT_EQ(number_in(counts, "rolled_back"), 0);
    EXPECT_EQ(number_in(counts, "failed"), 0);
  }

  /// w1 holds three items when it is lost: two move to w2, of which one is done when w1 returns with its late results. The
  /// third has patience, and runs once.
  void lose_and_return(test_node& first, test_node& second, const std::function<void()>& lose,
                       const std::function<void()>& bring_back) {
    start(first);
    auto early = submit_to("w1", "early", {"--grace", "0s"});
    auto late = submit_to("w1", "late", {"--grace", "300ms"});
    auto patient = submit_to("w1", "patient", {"--grace", "1h"});
    start(second);
    ASSERT_TRUE(site.comes_to_phase("w2", "ready"));
    lose();
    ASSERT_TRUE(site.comes_to_run_at(early, "w2")) << site.story(early);
    ASSERT_TRUE(site.comes_to_run_at(late, "w2")) << site.story(late);
    ASSERT_TRUE(site.let_go("early", "w2"));
    check_done(early, "w2", 2);
    for (auto* name : {"early", "late"}) {
      ASSERT_TRUE(site.let_go(name, "w1"));
      ASSERT_TRUE(
          ask_until([&] { return site.count_outside("end " + std::string(name) + " w1") == 1; }));
    }
    bring_back();
    ASSERT_TRUE(site.comes_to_count("evidence", 2)) << site.story(late);
    EXPECT_EQ(site.state(late), "running");
    ASSERT_TRUE(site.let_go("late", "w2"));
    check_done(late, "w2", 2);
    ASSERT_TRUE(site.let_go("patient", "w1")) << site.story(patient);
    check_done(patient, "w1", 1);
    EXPECT_EQ(site.count_why(early, "a late result of w1"), 1) << site.why(early);
    EXPECT_EQ(site.count_why(early, "is done already"), 1) << site.why(early);
    EXPECT_EQ(site.count_why(late, "a late result of w1"), 1) << site.why(late);
    EXPECT_EQ(site.count_why(late, "the item is at epoch"), 1) << site.why(late);
    EXPECT_EQ(site.count_outside("begin patient"), 1) << site.story(patient);
    check_counts(3, 2, 2);
  }

  work_site site;
};

TEST_F(work_loss, AFrozenWorkersItemsMoveAndItsLateResultsAreRefused) {
  start(site.hub());
  auto& first = site.add_worker("w1", {"--slots", "3"});
  auto& second = site.add_worker("w2", {"--slots", "3"});
  lose_and_return(
      first, second, [&] { first.run().signal(SIGSTOP); }, [&] { first.run().signal(SIGCONT); });
}

// Both live and neither hears the other. Where namespaces cannot be made, a frozen process stands in for it.
TEST_F(work_loss, ACutOffWorkersItemsMoveAndItsLateResultsAreRefused) {
  namespaces cable;
  if (!cable.is_made()) {
    std::cout << "no network namespaces here (" << cable.problem()
              << "): a stopped process instead of dropped packets\n";
  } else {
    site.hub().before = inside(cable.near());
    site.hub().address = std::string(namespaces::near_address) + ":7101";
    site.hub().arguments.emplace_back("--insecure");
  }
  start(site.hub());
  auto& first = site.add_worker("w1", {"--slots", "3"});
  auto& second = site.add_worker("w2", {"--slots", "3"});
  if (cable.is_made()) {
    first.before = inside(cable.far());
    first.address = std::string(namespaces::far_address) + ":7101";
    first.arguments.emplace_back("--insecure");
    second.before = inside(cable.near());
    second.address = std::string(namespaces::near_address) + ":7102";
    second.arguments.emplace_back("--insecure");
  }
  lose_and_return(
      first, second,
      [&] {
        if (cable.is_made())
          ASSERT_TRUE(cable.pull()) << cable.problem();
        else
          first.run().signal(SIGSTOP);
      },
      [&] {
        if (cable.is_made())
          ASSERT_TRUE(cable.plug()) << cable.problem();
        else
          first.run().signal(SIGCONT);
      });
}

// Nobody is dead, and nothing is given to a second worker that is free all the time.
TEST_F(work_loss, AStrayResetNeitherMovesNorRunsAgain) {
  start(site.hub());
  tcp_proxy between(cluster::new_address(), site.hub().address);
  start(site.add_worker("w1", {}, between.address()));
  auto id = submit_to("w1", "long", {"--grace", "1m"});
  start(site.add_worker("w2"));
  ASSERT_TRUE(site.comes_to_phase("w2", "ready"));
  std::int64_t cuts = 0;
  for (auto how : {tcp_proxy::how::reset, tcp_proxy::how::close, tcp_proxy::how::reset,
                   tcp_proxy::how::close}) {
    EXPECT_EQ(between.cut(how), 1u);
    ++cuts;
    ASSERT_TRUE(ask_until([&] { return site.count_why(id, "is back and still has it") == cuts; }))
        << site.story(id);
    auto now = site.item(id);
    EXPECT_EQ(text_in(now, "state"), "running");
    EXPECT_EQ(text_in(now, "worker"), "w1");
  }
  ASSERT_TRUE(site.let_go("long", "w1"));
  check_done(id, "w1", 1);
  EXPECT_EQ(site.outside(), (work_site::words{"begin long w1", "end long w1"}));
  check_counts(1, 0, 0);
}

TEST_F(work_loss, AWorkerThatIsToldToStopHandsBackAtOnce) {
  start(site.hub());
  auto& first = site.add_worker("w1");
  start(first);
  auto id = submit_to("w1", "job", {"--grace", "1h"});
  start(site.add_worker("w2"));
  ASSERT_TRUE(site.comes_to_phase("w2", "ready"));
  EXPECT_EQ(first.stop(), 0) << first.errors();
  EXPECT_TRUE(site.comes_to_run_at(id, "w2")) << site.story(id);
  EXPECT_TRUE(site.comes_to_phase("w1", "gone"));
  EXPECT_TRUE(std::filesystem::is_empty(first.data / "work")) << "its command still runs";
  EXPECT_EQ(site.count_why(id, "handed back by w1"), 1) << site.why(id);
  ASSERT_TRUE(site.let_go("job", "w2"));
  check_done(id, "w2", 2);
  EXPECT_EQ(number_in(site.item(id), "failures"), 0);
  EXPECT_EQ(number_in(site.item(id), "losses"), 0);
  EXPECT_EQ(site.count_outside("end job w1"), 0);
  check_counts(1, 0, 0);
}

// What runs goes on, and one of the jobs ends while there is nobody to tell.
TEST_F(work_loss, AKilledControllerFindsItsItemsRunningAndDone) {
  start(site.hub());
  start(site.add_worker("w1", {"--slots", "2"}));
  auto longer = submit_to("w1", "longer", {"--grace", "1m"});
  auto shorter = submit_to("w1", "shorter", {"--grace", "1m"});
  start(site.add_worker("w2", {"--slots", "2"}));
  ASSERT_TRUE(site.comes_to_phase("w2", "ready"));
  for (int life = 0; life < 3; ++life) {
    site.hub().kill();
    if (life == 0) {
      ASSERT_TRUE(site.let_go("shorter", "w1"));
      ASSERT_TRUE(ask_until([&] { return site.count_outside("end shorter w1") == 1; }));
    }
    start(site.hub());
    ASSERT_TRUE(site.comes_to_phase("w1", "ready")) << site.story();
    check_done(shorter, "w1", 1);
    EXPECT_TRUE(site.comes_to_run_at(longer, "w1")) << site.story(longer);
  }
  ASSERT_TRUE(site.let_go("longer", "w1"));
  check_done(longer, "w1", 1);
  EXPECT_EQ(site.count_outside("begin"), 2) << site.story();
  check_counts(2, 0, 0);
}

}  // namespace
}  // namespace holdfast::crash
