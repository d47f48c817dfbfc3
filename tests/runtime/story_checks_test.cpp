#include <holdfast/actors/controller_tables.hpp>
#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/runtime/link_watch.hpp>
#include <holdfast/runtime/simulation_story.hpp>
#include <holdfast/runtime/story_nodes.hpp>

#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

// Canaries: for each checker something that breaks its promise on purpose, which it must tell.
namespace holdfast {
namespace {

constexpr method<void()> harm{"canary.harm()"};

std::string first_of(const story_result& result) {
  return result.findings.empty() ? "nothing" : result.findings.front().substr(0, 2);
}

std::string told(const story_result& result) {
  std::string text;
  for (auto& line : result.transcript)
    text += line + "\n";
  return text;
}

/// A story in which `queue N N canary.harm` does that to a node, in a transaction.
story_result tell_with(const std::string& text, std::function<void(context&, node&)> does) {
  story_options options;
  options.setup = [does](node& host) {
    host.serve(harm, [does, &host](context& ctx) { does(ctx, host); });
  };
  return tell(parse_story(text, "canary"), options);
}

const std::string pair_of_nodes = "node b\nnode a peers=b\n";
const std::string farm = "node hub controller\nnode w worker\n";

// ---- L1, L2

TEST(link_watch, SaysNothingOfSessionsThatComeAndGo) {
  link_watch watch;
  watch.came_up("a", "b");
  watch.heard("a", "b", {1, 1}, 1);
  watch.heard("a", "b", {1, 1}, 2);
  watch.went_down("a", "b");
  watch.came_up("a", "b");
  watch.heard("a", "b", {1, 2}, 3);
  watch.started("a");
  watch.came_up("a", "b");
  watch.heard("a", "b", {2, 1}, 4);
  EXPECT_EQ(watch.take_findings(), std::vector<std::string>());
}

TEST(link_watch, TellsWhatComesTwiceOrTooLate) {
  link_watch watch;
  watch.came_up("a", "b");
  watch.came_up("a", "b");
  watch.heard("a", "b", {1, 1}, 1);
  watch.heard("a", "b", {1, 2}, 2);
  watch.went_down("a", "b");
  watch.heard("a", "b", {1, 1}, 3);
  watch.went_down("a", "b");
  watch.came_up("a", "b");
  watch.heard("a", "b", {1, 1}, 4);
  EXPECT_EQ(
      watch.take_findings(),
      (std::vector<std::string>{
          "L1 a: b came up, and was up already",
          "L2 a: the message 2 of b came over another session than those before it, and b had "
          "not gone down",
          "L2 a: the message 3 of b came while b was not up", "L2 a: b went down, and was not up",
          "L2 a: the message 4 of b came behind the end of its session"}));
}

TEST(story_checks, AMessageBehindPeerDownIsFound) {
  auto result = tell_with(pair_of_nodes + "1s queue b b canary.harm\n2s send a b\n3s check\n",
                          [](context&, node& host) {
                            caf::anon_send(host.parts().executor,
                                           peer_changed{peer_down{"a", errc::link_lost, "canary"}});
                          });
  EXPECT_EQ(first_of(result), "L2") << told(result);
}

// ---- C3

TEST(story_checks, CallsThatOvertakeEachOtherAreFound) {
  std::string text = pair_of_nodes + "500ms slow_disk b 5ms\n";
  for (int i = 0; i < 60; ++i)
    text += std::to_string(1000 + 2 * i) + "ms queue a b\n";
  auto plan = parse_story(text, "canary");
  EXPECT_EQ(tell(plan, {}).end, story_end::good);
  story_options options;
  options.setup = [](node& host) { host.configure("sim", {.concurrency = 4}); };
  std::string found;
  for (plan.seed = 1; plan.seed <= 10; ++plan.seed)
    found += first_of(tell(plan, options)) + " ";
  EXPECT_NE(found.find("C3"), std::string::npos) << found;
}

// ---- W1 to W4, by a controller whose tables somebody else writes

constexpr std::string_view done_and_harmed =
    "1s submit hub hub 1\n10s check\n11s queue hub hub canary.harm\n12s check\n";

TEST(story_checks, CountsThatAreNotThoseOfTheItemsAreFound) {
  auto result = tell_with(farm + std::string(done_and_harmed), [](context& ctx, node&) {
    auto totals = ctx.state(controlling::totals);
    auto row = totals.get(0).value();
    ++row.counts.running;
    totals.put(0, row);
  });
  EXPECT_EQ(first_of(result), "W4") << told(result);
}

TEST(story_checks, AnIndexRowThatStandsForNothingIsFound) {
  auto result = tell_with(farm + std::string(done_and_harmed), [](context& ctx, node&) {
    ctx.state(controlling::holding).put({"w", "nothing"}, {});
  });
  EXPECT_EQ(first_of(result), "W4") << told(result);
}

TEST(story_checks, AnIdleWorkerBesideAWaitingItemIsFound) {
  auto result = tell_with(farm
                              + "1s stop w\n2s submit hub hub 1\n3s queue hub hub canary.harm\n"
                                "4s check\n",
                          [](context& ctx, node&) {
                            controlling::worker_row row;
                            row.machine.phase = worker_phase::ready;
                            row.methods = {std::string(story_nodes::work.name())};
                            row.slots = 1;
                            row.session = 1;
                            ctx.state(controlling::workers).put("idle", row);
                            ctx.state(controlling::open).put({0, "idle"}, true);
                          });
  EXPECT_EQ(first_of(result), "W3") << told(result);
}

TEST(story_checks, AWorkerThatIsNotUsedAnyMoreIsFound) {
  auto result = tell_with(farm + std::string(done_and_harmed), [](context& ctx, node&) {
    auto row = ctx.state(controlling::workers).get("w").value();
    row.machine.is_drain_wanted = true;
    ctx.state(controlling::workers).put("w", row);
    ctx.state(controlling::open).erase({0, "w"});
  });
  EXPECT_EQ(first_of(result), "W3") << told(result);
  EXPECT_EQ(result.end, story_end::liveness);
}

template <class Change>
story_result with_items_changed(Change change) {
  return tell_with(farm + std::string(done_and_harmed), [change](context& ctx, node&) {
    for (auto& [id, row] : ctx.state(controlling::items).all(10))
      change(ctx, id, row);
  });
}

TEST(story_checks, AResultThatChangesIsFound) {
  auto result = with_items_changed([](context& ctx, const item_id& id, controlling::item_row) {
    ctx.state(controlling::results).put(id, encode<std::uint64_t>(7));
  });
  EXPECT_EQ(first_of(result), "W2") << told(result);
}

TEST(story_checks, AResultOfAWorkerThatTheItemWasTakenFromIsFound) {
  auto result = with_items_changed([](context& ctx, const item_id& id, controlling::item_row row) {
    row.history.push_back({0, "given to somebody under epoch 2"});
    ctx.state(controlling::items).put(id, row);
  });
  EXPECT_EQ(first_of(result), "W1") << told(result);
}

TEST(story_checks, AResultOfAnotherWorkerIsFound) {
  auto result = tell_with(farm
                              + "1s submit hub hub 5\n2s check\n10s check\n"
                                "11s queue hub hub canary.harm\n12s check\n",
                          [](context& ctx, node&) {
                            for (auto& [id, row] : ctx.state(controlling::items).all(10)) {
                              row.worker = "somebody";
                              ctx.state(controlling::items).put(id, row);
                            }
                          });
  EXPECT_EQ(first_of(result), "W1") << told(result);
}

// ---- what a handler queues belongs to its transaction

TEST(story_checks, ARelayThatIsNotQueuedOnIsFound) {
  auto plan = parse_story(pair_of_nodes
                              + "node c peers=a,b\n1s relay a b c\n1s relay a b b\n"
                                "2s relay c a b\n",
                          "canary");
  auto good = tell(plan, {});
  EXPECT_EQ(good.end, story_end::good) << told(good);
  EXPECT_EQ(good.executed, 3u);
  story_options options;  // `serve` again: the last word counts
  options.setup = [](node& host) {
    host.serve(story_nodes::relay, [](context&, std::int64_t, const std::string&) {});
  };
  auto result = tell(plan, options);
  EXPECT_EQ(first_of(result), "C1") << told(result);
}

// ---- damage

TEST(story_checks, DamageSaysWhatItHit) {
  for (auto* how : {"bit", "page", "truncate"}) {
    auto result = tell(parse_story(pair_of_nodes + "1s corrupt a " + how + "\n", "canary"), {});
    EXPECT_NE(told(result).find(" of "), std::string::npos) << told(result);
    EXPECT_EQ(result.end, story_end::good) << told(result);
  }
}

/// A node asks again for what it cannot read, but not at once: that would be for ever, at one moment.
TEST(story_checks, ADamagedRowOfWhatIsDueDoesNotKeepANodeBusy) {
  auto plan = parse_story(pair_of_nodes
                              + "1s queue a a canary.harm\n1500ms corrupt a bit\n"
                                "60s check\n",
                          "canary");
  story_options options;
  options.setup = [](node& host) {
    host.serve(harm, [] { throw std::runtime_error("not yet"); });
    host.configure("canary", {.back_off = std::chrono::seconds(10)});
  };
  int hit = 0;
  for (plan.seed = 1; plan.seed <= 60; ++plan.seed) {
    auto result = tell(plan, options);
    hit += told(result).find("row of due") != std::string::npos ? 1 : 0;
    EXPECT_LT(result.numbers.steps, 20'000u) << told(result);
  }
  EXPECT_GT(hit, 0);
}

}  // namespace
}  // namespace holdfast
