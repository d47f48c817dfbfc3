#include "tests/actors/linked_nodes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;
using fate = fake_network::fate;
using strings = std::vector<std::string>;

strings numbered(const std::string& prefix, int count) {
  strings all;
  for (int i = 0; i < count; ++i)
    all.push_back(prefix + std::to_string(i));
  return all;
}

std::size_t count_of(const strings& heard, const std::string& prefix) {
  return static_cast<std::size_t>(std::count_if(
      heard.begin(), heard.end(), [&](auto& line) { return line.starts_with(prefix); }));
}

// L2: up and down take turns, and nothing of a session is heard outside of it.
void expect_sessions_in_order(const strings& heard) {
  bool is_up = false;
  for (auto& line : heard) {
    if (line.starts_with("up ")) {
      EXPECT_FALSE(is_up) << line;
      is_up = true;
    } else if (line.starts_with("down ")) {
      EXPECT_TRUE(is_up) << line;
      is_up = false;
    } else {
      EXPECT_TRUE(is_up) << line << " outside of a session";
    }
  }
}

struct two_nodes {
  two_nodes() : alpha(all, "alpha"), beta(all, "beta") {}
  void start() {
    alpha.start();
    beta.start();
  }
  bool link() {
    alpha.dial("beta");
    return all.advance_until([&] { return alpha.is_up("beta") && beta.is_up("alpha"); });
  }
  bool is_settled() {
    auto there = alpha.lane_to("beta").counters;
    auto back = beta.lane_to("alpha").counters;
    return there.open() == 0 && back.open() == 0;
  }

  cluster all;
  linked_node alpha;
  linked_node beta;
};

TEST(peer_link, carries_calls_messages_and_requests_both_ways) {
  two_nodes nodes;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  for (auto& payload : numbered("a", 10))
    nodes.alpha.queue("beta", payload);
  for (auto& payload : numbered("b", 10))
    nodes.beta.queue("alpha", payload);
  EXPECT_TRUE(nodes.alpha.send("beta", "hello"));
  EXPECT_TRUE(nodes.beta.send("alpha", "hi"));
  nodes.alpha.call("beta", "who");
  nodes.beta.call("alpha", "what");
  EXPECT_TRUE(nodes.all.advance_until([&] {
    return nodes.alpha.executed.size() == 10 && nodes.beta.executed.size() == 10
           && nodes.is_settled();
  }));
  EXPECT_EQ(nodes.beta.executed, numbered("a", 10));
  EXPECT_EQ(nodes.alpha.executed, numbered("b", 10));
  EXPECT_EQ(nodes.alpha.replies, strings{"who!"});
  EXPECT_EQ(nodes.beta.replies, strings{"what!"});
  EXPECT_EQ(count_of(nodes.beta.heard, "message hello"), 1u);
  EXPECT_EQ(count_of(nodes.alpha.heard, "message hi"), 1u);
  EXPECT_EQ(nodes.alpha.heard.front(), "up beta new");
  EXPECT_EQ(nodes.alpha.lane_to("beta").counters.executed, 10u);
  EXPECT_EQ(nodes.alpha.store.read()->count(table_id::outbox), 0u);
  nodes.all.advance(1s);
  EXPECT_EQ(nodes.beta.store.read()->count(table_id::outcomes), 0u);
}

TEST(peer_link, sends_what_was_queued_before_the_first_session) {
  two_nodes nodes;
  nodes.alpha.start();
  for (auto& payload : numbered("a", 5))
    nodes.alpha.queue("beta", payload);
  nodes.alpha.dial("beta");
  EXPECT_TRUE(nodes.all.advance_until([&] { return nodes.all.net.dials == 5; }));
  EXPECT_EQ(nodes.alpha.state("beta"), link_state::waiting);
  EXPECT_EQ(nodes.alpha.status("beta").reason, errc::link_lost);
  nodes.beta.start();
  EXPECT_TRUE(nodes.all.advance_until([&] { return nodes.is_settled(); }));
  EXPECT_EQ(nodes.beta.executed, numbered("a", 5));
}

// The whole exchange, cut at every single frame, and once more at a frame somewhere behind.
void run_with_cuts(std::size_t first, std::size_t second, bool both_dial, bool& was_cut) {
  SCOPED_TRACE("cut at frame " + std::to_string(first) + " and " + std::to_string(second));
  two_nodes nodes;
  nodes.all.net.decide = [&](const std::string&, bool, const frame&) {
    auto at = nodes.all.net.frames;
    return at == first || at == second ? fate::cut : fate::deliver;
  };
  nodes.start();
  nodes.alpha.dial("beta");
  if (both_dial)
    nodes.beta.dial("alpha");
  for (auto& payload : numbered("a", 6)) {
    nodes.alpha.queue("beta", payload);
    nodes.all.run();
  }
  for (auto& payload : numbered("b", 3))
    nodes.beta.queue("alpha", payload);
  nodes.alpha.send("beta", "m");
  auto is_done = [&] {
    return nodes.alpha.executed.size() == 3 && nodes.beta.executed.size() == 6 && nodes.is_settled()
           && nodes.alpha.is_up("beta") && nodes.beta.is_up("alpha");
  };
  EXPECT_TRUE(nodes.all.advance_until(is_done));
  EXPECT_EQ(nodes.beta.executed, numbered("a", 6));
  EXPECT_EQ(nodes.alpha.executed, numbered("b", 3));
  EXPECT_EQ(nodes.alpha.lane_to("beta").counters.executed, 6u);
  EXPECT_EQ(nodes.beta.lane_to("alpha").counters.executed, 3u);
  expect_sessions_in_order(nodes.alpha.heard);
  expect_sessions_in_order(nodes.beta.heard);
  EXPECT_LE(count_of(nodes.beta.heard, "message m"), 1u);
  EXPECT_EQ(nodes.alpha.fatal + nodes.beta.fatal, "");
  was_cut = nodes.all.net.frames >= first;
}

TEST(peer_link, hands_over_exactly_once_whatever_frame_a_cut_falls_on) {
  bool was_cut = true;
  std::size_t at = 1;
  for (; was_cut && at < 200; ++at)
    run_with_cuts(at, 0, false, was_cut);
  EXPECT_GT(at, 20u);
}

TEST(peer_link, hands_over_exactly_once_when_a_second_cut_follows) {
  bool was_cut = true;
  for (std::size_t at = 1; at < 40; ++at)
    run_with_cuts(at, at + 1 + at % 13, true, was_cut);
}

TEST(peer_link, keeps_one_session_when_both_dial_at_the_same_time) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    cluster all;
    linked_node alpha(all, "alpha", make_memory_disk(), seed);
    linked_node beta(all, "beta", make_memory_disk(), seed);
    alpha.start();
    beta.start();
    alpha.dial("beta");
    beta.dial("alpha");
    all.run();
    EXPECT_TRUE(alpha.is_up("beta") && beta.is_up("alpha"));
    all.advance(10s);
    EXPECT_EQ(alpha.heard, strings{"up beta new"});
    EXPECT_EQ(beta.heard, strings{"up alpha new"});
    EXPECT_EQ(alpha.status("beta").sessions, 1u);
  }
}

TEST(peer_link, tells_a_restarted_peer_from_one_that_came_back) {
  two_nodes nodes;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  nodes.all.net.cut_all();
  ASSERT_TRUE(nodes.all.advance_until([&] { return count_of(nodes.alpha.heard, "up") == 2; }));
  EXPECT_EQ(nodes.alpha.heard, (strings{"up beta new", "down beta link_lost", "up beta same"}));
}

TEST(peer_link, replaces_the_session_of_a_peer_that_died_unnoticed) {
  cluster all;
  linked_node alpha(all, "alpha");
  alpha.start();
  auto disk = make_memory_disk();
  {
    linked_node beta(all, "beta", disk);
    beta.start();
    beta.dial("alpha");
    ASSERT_TRUE(all.advance_until([&] { return alpha.is_up("beta"); }));
    // Its connections stay open: the machine lost power.
    beta.kill();
    beta.store.crash(false);
  }
  linked_node beta(all, "beta", disk, 2);
  beta.start();
  beta.dial("alpha");
  all.run();
  EXPECT_EQ(alpha.heard, (strings{"up beta new", "down beta link_replaced", "up beta new"}));
  EXPECT_EQ(alpha.status("beta").incarnation, 2u);
  all.advance(5s);
  EXPECT_TRUE(alpha.is_up("beta") && beta.is_up("alpha"));
}

TEST(peer_link, finds_a_frozen_peer_within_the_bound) {
  two_nodes nodes;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  nodes.all.advance(10s);
  nodes.all.net.decide = [](const std::string&, bool from_dialer, const frame&) {
    return from_dialer ? fate::deliver : fate::vanish;
  };
  auto begun = nodes.all.time.steady;
  ASSERT_TRUE(nodes.all.advance_until([&] { return !nodes.alpha.is_up("beta"); }));
  EXPECT_EQ(nodes.alpha.heard.back(), "suspect beta");
  ASSERT_TRUE(nodes.all.advance_until([&] { return count_of(nodes.alpha.heard, "down") == 1; }));
  EXPECT_LE(nodes.all.time.steady - begun, duration(3s).count());
  EXPECT_GE(nodes.all.time.steady - begun, duration(2s).count());
  EXPECT_EQ(nodes.alpha.heard.back(), "down beta link_silent");
}

TEST(peer_link, raises_no_alarm_in_ten_quiet_minutes) {
  two_nodes nodes;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  for (int i = 0; i < 6000; ++i)
    nodes.all.advance(100ms);
  EXPECT_EQ(nodes.alpha.heard, strings{"up beta new"});
  EXPECT_EQ(nodes.beta.heard, strings{"up alpha new"});
}

TEST(peer_link, stops_sending_when_the_credit_is_used_up_and_goes_on_when_it_is_back) {
  two_nodes nodes;
  nodes.beta.env.settings.send_bytes = 10'000;
  nodes.beta.is_holding = true;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  int sent = 0;
  while (nodes.alpha.send("beta", std::string(500, 'x')) && sent < 100) {
    ++sent;
    nodes.all.run();
  }
  EXPECT_EQ(sent, 9);  // 1012 bytes of credit each
  EXPECT_EQ(nodes.alpha.status("beta").messages_refused, 1u);
  EXPECT_EQ(nodes.beta.held.size(), 9u);
  for (auto& taken : nodes.beta.held)
    taken();
  nodes.all.run();
  EXPECT_EQ(nodes.alpha.env.peers.find("beta")->send_credit, 10'000);
  EXPECT_TRUE(nodes.alpha.send("beta", "again"));
  EXPECT_TRUE(nodes.alpha.is_up("beta"));
}

TEST(peer_link, says_of_a_request_whether_it_may_have_run) {
  two_nodes nodes;
  nodes.beta.is_answering = false;
  nodes.start();
  nodes.alpha.call("beta", "no such peer yet");
  EXPECT_EQ(nodes.alpha.replies, strings{"unreachable"});
  ASSERT_TRUE(nodes.link());
  nodes.alpha.call("beta", "too slow", 1s);
  nodes.all.run();
  nodes.all.advance(900ms);
  EXPECT_EQ(nodes.alpha.replies.size(), 1u);
  nodes.all.advance(150ms);
  EXPECT_EQ(nodes.alpha.replies.back(), "unknown");
  nodes.alpha.call("beta", "cut off", 1s);
  nodes.all.run();
  nodes.all.net.cut_all();
  nodes.all.run();
  EXPECT_EQ(nodes.alpha.replies, (strings{"unreachable", "unknown", "unknown"}));
}

TEST(peer_link, lets_a_request_wait_for_the_first_dial_and_no_longer) {
  two_nodes nodes;
  nodes.start();
  nodes.alpha.dial("beta");
  nodes.alpha.dial("gamma");
  nodes.all.jobs.run_once();  // the switchboard has made the links
  nodes.all.jobs.run_once();
  ASSERT_TRUE(nodes.alpha.env.peers.find("beta") && nodes.alpha.env.peers.find("gamma"));
  nodes.alpha.call("beta", "first");
  nodes.alpha.call("gamma", "nobody");
  nodes.all.run();
  std::sort(nodes.alpha.replies.begin(), nodes.alpha.replies.end());
  EXPECT_EQ(nodes.alpha.replies, (strings{"first!", "unreachable"}));
}

TEST(peer_link, says_goodbye_after_everything_else) {
  two_nodes nodes;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  for (auto& payload : numbered("m", 5))
    nodes.alpha.send("beta", payload);
  caf::anon_send(nodes.alpha.env.switchboard, say_goodbye{});
  nodes.all.run();
  EXPECT_EQ(nodes.beta.heard, (strings{"up alpha new", "message m0", "message m1", "message m2",
                                       "message m3", "message m4", "down alpha link_goodbye"}));
}

TEST(peer_link, closes_only_the_connection_on_which_a_frame_is_out_of_place) {
  two_nodes nodes;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  nodes.alpha.queue("beta", "a0");
  ASSERT_TRUE(nodes.all.advance_until([&] { return nodes.is_settled(); }));
  auto connection = nodes.all.net.ends.rbegin()->first;
  for (auto& bytes : {make_frame(frame_type::beat, 4711), make_frame(frame_type::hello, 1)}) {
    auto before = count_of(nodes.beta.heard, "down");
    caf::anon_send(nodes.alpha.env.wire, wire_write{nodes.all.net.ends.rbegin()->first - 1, bytes});
    ASSERT_TRUE(nodes.all.advance_until([&] {
      return count_of(nodes.beta.heard, "down") == before + 1 && nodes.beta.is_up("alpha")
             && nodes.alpha.is_up("beta");
    }));
    EXPECT_EQ(*(nodes.beta.heard.rbegin() + 1), "down alpha bad_frame");
  }
  EXPECT_GT(nodes.all.net.ends.rbegin()->first, connection);
  nodes.alpha.queue("beta", "a1");
  EXPECT_TRUE(nodes.all.advance_until([&] { return nodes.is_settled(); }));
  EXPECT_EQ(nodes.beta.executed, numbered("a", 2));
}

TEST(peer_link, holds_the_lane_and_nothing_else_while_the_targets_disk_is_full) {
  two_nodes nodes;
  nodes.start();
  ASSERT_TRUE(nodes.link());
  nodes.beta.store.set_bytes_max(1);
  for (auto& payload : numbered("a", 5)) {
    nodes.alpha.queue("beta", payload);
    nodes.all.run();
  }
  nodes.all.advance(3s);
  EXPECT_TRUE(nodes.alpha.is_up("beta"));
  EXPECT_TRUE(nodes.beta.executed.empty());
  EXPECT_EQ(nodes.beta.status("alpha").reason, errc::disk_full);
  EXPECT_TRUE(nodes.alpha.send("beta", "still here"));
  nodes.all.run();
  EXPECT_EQ(count_of(nodes.beta.heard, "message still here"), 1u);
  nodes.beta.store.set_bytes_max(0);
  EXPECT_TRUE(nodes.all.advance_until([&] { return nodes.is_settled(); }));
  EXPECT_EQ(nodes.beta.executed, numbered("a", 5));
  EXPECT_EQ(nodes.beta.status("alpha").reason, errc::none);
}

TEST(peer_link, transfers_a_backlog_larger_than_its_window) {
  two_nodes nodes;
  nodes.beta.env.settings.window_bytes = 4096;
  nodes.start();
  for (int i = 0; i < 300; ++i)
    nodes.alpha.queue("beta", std::to_string(i) + std::string(i == 7 ? 9000 : 100, 'x'));
  nodes.all.run();
  ASSERT_TRUE(nodes.link());
  ASSERT_TRUE(nodes.all.advance_until([&] { return nodes.is_settled(); }));
  ASSERT_EQ(nodes.beta.executed.size(), 300u);
  for (int i = 0; i < 300; ++i)
    EXPECT_EQ(std::stoi(nodes.beta.executed[static_cast<std::size_t>(i)]), i);
}

}  // namespace
}  // namespace holdfast::testing
