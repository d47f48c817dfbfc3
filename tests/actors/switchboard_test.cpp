#include "tests/actors/linked_nodes.hpp"

#include <holdfast/actors/handshake.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Who knocks at a node's door, and what becomes of them before a link exists.

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;

link_hello hello_of(const std::string& name) {
  link_hello hello;
  hello.cluster = "holdfast";
  hello.name = name;
  hello.id.bytes[0] = 77;
  hello.incarnation = 1;
  hello.heartbeat_interval = 500ms;
  hello.silence_max = 3s;
  hello.window_bytes = hello.send_bytes = hello.record_bytes_max = 1 << 20;
  return hello;
}

/// Dials a node and says what a test wants.
class stranger {
public:
  stranger(cluster& all, const std::string& address) : all_(all) {
    self_ = all.system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {
          [this](const wire_connected& fact) { connection = fact.connection; },
          [this](const wire_frames& fact) {
            frames.insert(frames.end(), fact.content.begin(), fact.content.end());
          },
          [this](const wire_closed&) { is_closed = true; },
      };
    });
    caf::anon_send(all.wire, wire_dial{address, 1, 1s, self_});
    all.run();
  }
  ~stranger() {
    caf::anon_send_exit(self_, caf::exit_reason::kill);
    all_.run();
  }

  void say(std::string bytes) {
    caf::anon_send(all_.wire, wire_write{connection, std::move(bytes)});
    all_.run();
  }

  connection_number connection = 0;
  std::vector<frame> frames;
  bool is_closed = false;

private:
  cluster& all_;
  caf::actor self_;
};

struct door : ::testing::Test {
  door() : alpha(all, "alpha") { alpha.start(); }
  cluster all;
  linked_node alpha;
};

TEST_F(door, closes_on_one_who_says_nothing) {
  stranger silent(all, "alpha");
  all.advance(2900ms);
  EXPECT_FALSE(silent.is_closed);
  all.advance(200ms);
  EXPECT_TRUE(silent.is_closed);
  EXPECT_TRUE(silent.frames.empty());
}

TEST_F(door, closes_on_half_a_handshake) {
  stranger half(all, "alpha");
  half.say(make_frame(frame_type::hello, 0, encode_hello(hello_of("beta"))));
  ASSERT_EQ(half.frames.size(), 1u);
  EXPECT_EQ(half.frames[0].type, frame_type::hello);
  all.advance(2900ms);
  EXPECT_FALSE(half.is_closed);
  all.advance(200ms);
  EXPECT_TRUE(half.is_closed);
  EXPECT_FALSE(alpha.env.peers.find("beta"));
}

TEST_F(door, gives_a_proved_node_that_stops_there_its_time_and_no_more) {
  stranger beta(all, "alpha");
  handshake shake(link_role::dialer, hello_of("beta"), "secret", "alpha");
  beta.say(shake.send_hello());
  std::string proof;
  shake.take(beta.frames.at(0), proof);
  beta.say(proof);
  ASSERT_EQ(beta.frames.size(), 2u);
  EXPECT_EQ(beta.frames[1].type, frame_type::proof);
  ASSERT_TRUE(alpha.env.peers.find("beta"));
  all.advance(2900ms);
  EXPECT_FALSE(beta.is_closed);
  all.advance(200ms);
  EXPECT_TRUE(beta.is_closed);
  EXPECT_TRUE(alpha.heard.empty());
}

TEST_F(door, dials_again_when_a_proved_connection_came_to_nothing) {
  linked_node beta(all, "beta");
  beta.start();
  alpha.dial("beta");
  ASSERT_TRUE(all.advance_until([&] { return alpha.is_up("beta"); }));
  // The peer comes again while its session seems to live, and gets as far as its proof.
  auto session = all.net.ends.begin()->second.first;
  stranger again(all, "alpha");
  auto hello = hello_of("beta");
  hello.id = beta.env.self.id;
  hello.incarnation = 2;
  handshake shake(link_role::dialer, hello, "secret", "alpha");
  again.say(shake.send_hello());
  std::string proof;
  shake.take(again.frames.at(0), proof);
  again.say(proof);
  ASSERT_EQ(again.frames.size(), 2u);
  // Then the session ends, and later that connection without having become one.
  all.net.cut(*session);
  ASSERT_TRUE(all.advance_until([&] { return again.is_closed; }));
  EXPECT_TRUE(all.advance_until([&] { return alpha.is_up("beta"); }));
}

TEST_F(door, tells_a_wrong_secret_and_makes_no_link) {
  stranger beta(all, "alpha");
  handshake shake(link_role::dialer, hello_of("beta"), "guess", "alpha");
  beta.say(shake.send_hello());
  std::string proof;
  shake.take(beta.frames.at(0), proof);
  beta.say(proof);
  ASSERT_EQ(beta.frames.size(), 2u);
  EXPECT_EQ(decode_refusal(beta.frames[1]).code, errc::wrong_secret);
  EXPECT_TRUE(beta.is_closed);
  EXPECT_FALSE(alpha.env.peers.find("beta"));
}

TEST_F(door, takes_nothing_else_before_the_proof) {
  for (int type = 1; type <= 15; ++type) {
    auto kind = static_cast<frame_type>(type);
    stranger peer(all, "alpha");
    if (kind == frame_type::hello)
      peer.say(make_frame(kind, 0, "no hello"));
    else
      peer.say(make_frame(kind, 0, std::string(20, '\0')));
    EXPECT_TRUE(peer.is_closed) << to_string(kind);
  }
  EXPECT_TRUE(alpha.env.peers.statuses().empty());
}

TEST_F(door, is_shut_when_the_node_stops) {
  stranger waiting(all, "alpha");
  caf::anon_send(alpha.env.switchboard, say_goodbye{});
  all.run();
  EXPECT_TRUE(waiting.is_closed);
}

TEST_F(door, makes_links_for_the_peers_that_the_journal_knows) {
  alpha.queue("beta", "a0");
  alpha.queue("gamma", "a1");
  all.run();
  EXPECT_EQ(alpha.env.peers.statuses().size(), 2u);
  alpha.kill();
  alpha.store.crash(false);
  linked_node again(all, "alpha", alpha.store.disk(), 2);
  again.start();
  EXPECT_EQ(again.env.peers.statuses().size(), 2u);
  EXPECT_EQ(again.state("beta"), link_state::idle);
}

TEST_F(door, serves_a_node_that_only_dials_out_both_ways) {
  linked_node worker(all, "worker");
  worker.start();
  all.net.listeners.erase("worker");  // behind a firewall
  worker.dial("alpha");
  ASSERT_TRUE(all.advance_until([&] { return alpha.is_up("worker"); }));
  alpha.queue("worker", "job");
  ASSERT_TRUE(all.advance_until([&] { return worker.executed.size() == 1; }));
  all.net.cut_all();
  ASSERT_TRUE(all.advance_until([&] { return alpha.state("worker") == link_state::idle; }));
  EXPECT_TRUE(all.advance_until([&] { return alpha.is_up("worker"); }));
}

}  // namespace
}  // namespace holdfast::testing
