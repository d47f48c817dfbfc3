#include "tests/crash/methods.hpp"
#include "tests/crash/namespaces.hpp"
#include "tests/crash/nodes.hpp"
#include "tests/crash/raw_peer.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <iostream>

// However a peer is lost, the handler sees the first so many of its messages, whole and in order, then one `peer_down`, then
// nothing of that session any more (L2).

namespace holdfast::crash {
namespace {

constexpr std::int64_t sent = 60;  // 1 MB: within the credit of a link, so that none is refused

class peer_loss : public testing::Test {
protected:
  peer_loss() : node(home, "node") { node.arguments = patient; }

  void SetUp() override { ASSERT_TRUE(node.start()) << node.errors(); }

  bool node_prints(const std::string& beginning) {
    return wait_for({&node.run()}, [&] { return node.run().has_printed(beginning); });
  }

  /// What the node printed is: up, messages 0, 1, 2 ..., perhaps a suspicion, down; and after a question in the same mailbox
  /// still no more. Returns how many messages.
  std::int64_t check_story(const std::string& peer, const std::string& reason) {
    EXPECT_TRUE(node_prints("down " + peer)) << node.errors();
    EXPECT_EQ(node.command({"call", "node", "messages.fence", "1"}).status, 0);
    EXPECT_TRUE(node_prints("fence 1"));
    std::int64_t next = 0;
    bool is_up = false;
    bool is_down = false;
    for (auto& line : node.run().lines()) {
      if (line == "up " + peer) {
        EXPECT_FALSE(is_up);
        is_up = true;
      } else if (line.starts_with("message ")) {
        EXPECT_TRUE(is_up && !is_down) << line;
        EXPECT_EQ(line, "message " + std::to_string(next) + " "
                            + std::to_string(message_content(next).size()));
        ++next;
      } else if (line.starts_with("down ")) {
        EXPECT_FALSE(is_down) << "a second one";
        EXPECT_EQ(line, "down " + peer + " " + reason);
        is_down = true;
      }
    }
    return next;
  }

  /// A peer that has sent its messages, all written, and waits for its death.
  raw_peer sender(milliseconds silence_max = milliseconds(1200)) {
    raw_peer peer(node.address);
    peer.join("raw", home.secret_file(), silence_max);
    for (std::int64_t n = 0; n < sent; ++n)
      peer.write(peer.message_frame("node", n));
    return peer;
  }

  const std::vector<std::string> patient{"--heartbeat", "200ms", "--silence", "1200ms"};
  cluster home;
  test_node node;
};

TEST_F(peer_loss, Reset) {
  auto peer = sender();
  peer.reset();
  check_story("raw", "link_lost");
}

TEST_F(peer_loss, Closed) {
  auto peer = sender();
  peer.finish();
  EXPECT_EQ(check_story("raw", "link_lost"), sent) << "all of it had been written";
}

TEST_F(peer_loss, HalfAFrame) {
  auto peer = sender();
  auto half = peer.message_frame("node", 7);
  peer.write(std::string_view(half).substr(0, half.size() / 2));
  peer.finish();
  EXPECT_EQ(check_story("raw", "link_lost"), sent);
}

TEST_F(peer_loss, NoFrameAtAll) {
  auto peer = sender();
  peer.write("\xff\xff\xff\x7f\x0a this is no frame");
  EXPECT_EQ(check_story("raw", "bad_frame"), sent);
  EXPECT_TRUE(peer.is_closed_by_node());
}

TEST_F(peer_loss, Silence) {
  auto peer = sender();
  EXPECT_EQ(check_story("raw", "link_silent"), sent);
  EXPECT_TRUE(node.run().has_printed("suspect raw"));
}

class process_loss : public peer_loss {
protected:
  process_loss() : peer(home, "peer") {
    peer.arguments = patient;
    peer.dials(node);
  }

  void start_peer() {
    ASSERT_TRUE(peer.start()) << peer.errors();
    ASSERT_TRUE(node_prints("up peer")) << peer.errors() << node.errors();
  }

  /// Its messages leave with the handler's commit, which the answer tells of.
  void emit() {
    auto result = peer.command({"call", "peer", "emitters.emit", "node", std::to_string(sent)});
    ASSERT_EQ(result.status, 0) << result.err;
  }

  test_node peer;
};

TEST_F(process_loss, Killed) {
  for (int round = 0; round < 5; ++round) {
    start_peer();
    emit();
    peer.kill();
    check_story("peer", "link_lost");
    node.run().forget_lines();
  }
}

TEST_F(process_loss, KilledWhileItSends) {
  start_peer();
  auto result = peer.command({"queue", "peer", "emitters.emit", "node", std::to_string(sent)});
  ASSERT_EQ(result.status, 0) << result.err;
  ASSERT_TRUE(node_prints("message 20"));
  peer.kill();
  EXPECT_GE(check_story("peer", "link_lost"), 21);
}

TEST_F(process_loss, Stopped) {
  start_peer();
  emit();
  peer.run().signal(SIGSTOP);
  check_story("peer", "link_silent");
  node.run().forget_lines();
  // It comes back as the same process, in a new session.
  peer.run().signal(SIGCONT);
  EXPECT_TRUE(node_prints("up peer")) << node.errors();
  EXPECT_TRUE(wait_for({&peer.run()}, [&] { return peer.run().count("up node") == 2; }));
  EXPECT_FALSE(node.run().has_printed("message ")) << "of the session that was lost";
}

// Nothing tells either side that the cable is out: packets just do not arrive. Where namespaces cannot be made, a frozen
// process stands in for it.
TEST_F(process_loss, PacketsDropped) {
  namespaces cable;
  if (cable.is_made()) {
    ASSERT_EQ(node.stop(), 0);
    node.before = inside(cable.near());
    node.address = std::string(namespaces::near_address) + ":7101";
    node.arguments.emplace_back("--insecure");
    ASSERT_TRUE(node.start()) << node.errors();
    peer.before = inside(cable.far());
    peer.address.clear();
    peer.dials(node);
  } else {
    std::cout << "no network namespaces here (" << cable.problem()
              << "): a stopped process instead of dropped packets\n";
  }
  start_peer();
  emit();
  ASSERT_TRUE(node_prints("message " + std::to_string(sent - 1)));
  if (cable.is_made())
    ASSERT_TRUE(cable.pull()) << cable.problem();
  else
    peer.run().signal(SIGSTOP);
  EXPECT_EQ(check_story("peer", "link_silent"), sent);
  EXPECT_TRUE(node.run().has_printed("suspect peer"));
}

}  // namespace
}  // namespace holdfast::crash
