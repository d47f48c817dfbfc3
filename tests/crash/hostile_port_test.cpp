#include "tests/crash/nodes.hpp"
#include "tests/crash/raw_peer.hpp"

#include <gtest/gtest.h>

#include <random>

namespace holdfast::crash {
namespace {

/// Far above what a handful of connections may cost, far below one believed announcement. Sanitizers keep what is freed.
constexpr std::int64_t growth_max_kb = 200 * 1024;

class hostile_port : public testing::Test {
protected:
  hostile_port() : node(home, "node"), good(home, "good") { good.dials(node); }

  void SetUp() override {
    ASSERT_TRUE(node.start() && good.start()) << node.errors() << good.errors();
    ASSERT_TRUE(wait_for({&good.run()}, [&] { return good.run().has_printed("up node"); }));
    before = memory_of(node.run().id(), "VmRSS");
    ASSERT_GT(before, 0);
  }

  /// Unharmed: it serves its peer, over the same session, and has not grown.
  void TearDown() override {
    auto result = good.command({"queue", "node", "instants.touch", "1"});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_TRUE(wait_for({&node.run()}, [&] { return node.run().has_printed("instant 1"); }))
        << node.errors();
    EXPECT_FALSE(node.run().has_printed("down good")) << node.errors();
    EXPECT_LT(memory_of(node.run().id(), "VmRSS"), before + growth_max_kb);
    EXPECT_EQ(good.stop(), 0) << good.errors();
    EXPECT_EQ(node.stop(), 0) << node.errors();
  }

  cluster home;
  test_node node;
  test_node good;
  std::int64_t before = 0;
};

std::string random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 chance(seed);
  std::string bytes(count, '\0');
  for (auto& byte : bytes)
    byte = static_cast<char>(chance());
  return bytes;
}

TEST_F(hostile_port, RandomBytes) {
  auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (std::uint64_t i = 0; i < 50; ++i) {
    raw_peer stranger(node.address);
    stranger.try_write(random_bytes(1 + (i * i * 37) % 100'000, seed + i));
    stranger.finish();
    EXPECT_TRUE(stranger.is_closed_by_node());
  }
}

TEST_F(hostile_port, FourGibibytesAnnounced) {
  for (std::string_view length : {"\xff\xff\xff\xff", "\xf0\xff\xff\x7f", "\x00\x00\x00\x02"}) {
    raw_peer stranger(node.address);
    stranger.try_write(std::string(length.data(), 4) + '\x01');
    stranger.try_write(std::string(1 << 20, 'x'));
    EXPECT_TRUE(stranger.is_closed_by_node());
  }
}

// Of the largest length a stranger may announce nothing is set aside, and he who stops there is cut off.
TEST_F(hostile_port, ConnectAndSayNothing) {
  std::vector<raw_peer> strangers;
  strangers.reserve(20);
  for (int i = 0; i < 20; ++i)
    strangers.emplace_back(node.address);
  strangers[1].write(std::string("\x00\x40", 2));
  strangers[2].write(std::string("\x00\x30\x00\x00\x01", 5));
  for (auto& stranger : strangers)
    EXPECT_TRUE(stranger.is_closed_by_node()) << "a silent connection stays for ever";
}

TEST_F(hostile_port, HalfHandshake) {
  std::vector<raw_peer> strangers;
  strangers.reserve(10);
  for (int i = 0; i < 10; ++i) {
    strangers.emplace_back(node.address);
    strangers.back().begin("stranger", home.secret_file());
  }
  for (auto& stranger : strangers)
    EXPECT_TRUE(stranger.is_closed_by_node()) << "half a handshake stays for ever";
  raw_peer late(node.address);
  late.join("stranger", home.secret_file());
}

// Somebody who does not know the secret gets no further than his hello.
TEST_F(hostile_port, WrongSecret) {
  cluster elsewhere;
  test_node stranger(elsewhere, "stranger");
  stranger.dials(node);
  std::filesystem::remove(elsewhere.secret_file());  // it draws one of its own
  ASSERT_TRUE(stranger.start()) << stranger.errors();
  EXPECT_TRUE(ask_until([&] { return text_in(stranger.peer("node"), "reason") == "wrong_secret"; }))
      << stranger.command({"peers"}).out;
  EXPECT_FALSE(node.run().has_printed("up stranger"));
}

// More connections than may be unproved at one time: those beyond are closed at once, and a peer that has a link keeps it.
TEST_F(hostile_port, ManyConnections) {
  std::vector<raw_peer> strangers;
  strangers.reserve(500);
  for (int i = 0; i < 500; ++i)
    strangers.emplace_back(node.address);
  for (auto& stranger : strangers)
    EXPECT_TRUE(stranger.is_closed_by_node());
  EXPECT_LT(memory_of(node.run().id(), "VmRSS"), before + growth_max_kb);
  raw_peer late(node.address);
  late.join("late", home.secret_file());
}

TEST(listening, WhereOthersCanReachOnlyWithInsecure) {
  cluster home;
  test_node open(home, "open");
  open.address = "0.0.0.0:0";
  open.spawn();
  EXPECT_EQ(open.run().end(), 2);
  EXPECT_NE(open.errors().find("insecure"), std::string::npos) << open.errors();
  EXPECT_FALSE(open.is_ready());
  open.arguments = {"--insecure"};
  EXPECT_TRUE(open.start()) << open.errors();
  EXPECT_EQ(open.stop(), 0);
}

}  // namespace
}  // namespace holdfast::crash
