#include <holdfast/actors/sockets.hpp>
#include <holdfast/runtime/cluster_wire.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>

// The wire between two nodes, with plain sockets at both ends and its loop turned here. Every wait is for bytes that come.
namespace {

using namespace std::chrono_literals;
using holdfast::cluster_wire;
using holdfast::poll_set;
using holdfast::sockets::descriptor;

/// Listens and takes what came, without waiting.
class target_end {
public:
  target_end() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* as_any = reinterpret_cast<sockaddr*>(&at);
    EXPECT_EQ(::bind(socket_.get(), as_any, sizeof at), 0);
    EXPECT_EQ(::listen(socket_.get(), 8), 0);
    EXPECT_EQ(::getsockname(socket_.get(), as_any, &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  }
  const std::string& address() const { return address_; }
  descriptor accept() {
    return descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

private:
  descriptor socket_;
  std::string address_;
};

class cluster_wire_test : public testing::Test {
protected:
  cluster_wire_test() { wire_.lead_to(target_.address()); }

  /// Turns the loop until it holds; only a hang reaches the bound.
  template <class F>
  bool turn_until(F holds) {
    auto until = std::chrono::steady_clock::now() + 60s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until)
        return false;
      poll_set turn;
      wire_.watch(turn);
      turn.wake_at(std::chrono::steady_clock::now());
      turn.wait();
    }
    return true;
  }

  void turn(int times) {
    EXPECT_TRUE(turn_until([&] { return times-- == 0; }));
  }

  /// Dials through the wire; both ends.
  void connect() {
    near_ = holdfast::sockets::connect_to(wire_.address(), 10s);
    EXPECT_TRUE(turn_until([&] {
      far_ = target_.accept();
      return static_cast<bool>(far_);
    }));
  }

  static void say(const descriptor& from, const std::string& text) {
    EXPECT_EQ(::send(from.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  /// What has arrived; nothing when the other end is closed.
  static std::optional<std::string> heard(const descriptor& at) {
    std::array<char, 4096> buffer{};
    auto got = ::recv(at.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
      return "";
    if (got <= 0)
      return std::nullopt;
    return std::string(buffer.data(), static_cast<std::size_t>(got));
  }
  std::string hear(const descriptor& at, std::size_t size) {
    std::string all;
    EXPECT_TRUE(turn_until([&] {
      all += heard(at).value_or("");
      return all.size() >= size;
    })) << all;
    return all;
  }
  bool hears_the_end(const descriptor& at) {
    return turn_until([&] { return !heard(at); });
  }

  target_end target_;
  cluster_wire wire_{"a", "b"};
  descriptor near_, far_;
};

TEST_F(cluster_wire_test, BytesAndEndsGoBothWays) {
  connect();
  say(near_, "there");
  EXPECT_EQ(hear(far_, 5), "there");
  say(far_, "back");
  EXPECT_EQ(hear(near_, 4), "back");
  EXPECT_EQ(wire_.connections(), 1u);
  holdfast::sockets::end_writing(near_.get());
  EXPECT_TRUE(hears_the_end(far_));
  say(far_, "still");
  EXPECT_EQ(hear(near_, 5), "still") << "one way has ended, the other has not";
  far_ = {};
  EXPECT_TRUE(hears_the_end(near_));
  EXPECT_TRUE(turn_until([&] { return wire_.connections() == 0; }));
}

TEST_F(cluster_wire_test, ManyBytesArriveInOrderAtAReaderThatIsSlow) {
  connect();
  std::string much;
  for (int i = 0; much.size() < 3'000'000; ++i)
    much += std::to_string(i) + " ";
  std::string all;
  std::size_t said = 0;
  EXPECT_TRUE(turn_until([&] {
    auto sent =
        ::send(near_.get(), much.data() + said, much.size() - said, MSG_NOSIGNAL | MSG_DONTWAIT);
    said += sent > 0 ? static_cast<std::size_t>(sent) : 0;
    all += heard(far_).value_or("");
    return all.size() == much.size();
  }));
  EXPECT_EQ(all, much);
}

TEST_F(cluster_wire_test, ACutHoldsWhatIsSaidUntilItIsHealed) {
  connect();
  say(near_, "1");
  EXPECT_EQ(hear(far_, 1), "1");
  wire_.way_from("a").is_cut = wire_.way_from("b").is_cut = true;
  say(near_, "2");
  say(far_, "3");
  turn(100);
  EXPECT_EQ(heard(far_), "");
  EXPECT_EQ(heard(near_), "") << "and nobody hears that it is cut";
  wire_.way_from("a").is_cut = wire_.way_from("b").is_cut = false;
  EXPECT_EQ(hear(far_, 1), "2");
  EXPECT_EQ(hear(near_, 1), "3");
}

TEST_F(cluster_wire_test, ACutOneWayLetsTheOtherThrough) {
  connect();
  wire_.way_from("b").is_cut = true;
  say(far_, "held");
  say(near_, "through");
  EXPECT_EQ(hear(far_, 7), "through");
  EXPECT_EQ(heard(near_), "");
  EXPECT_TRUE(wire_.is_cut());
  wire_.way_from("b").is_cut = false;
  EXPECT_EQ(hear(near_, 4), "held");
}

TEST_F(cluster_wire_test, WhatIsDelayedArrivesLaterAndInOrder) {
  connect();
  wire_.way_from("a").delay = 24h;
  say(near_, "never in this test");
  say(far_, "at once");
  EXPECT_EQ(hear(near_, 7), "at once");
  EXPECT_EQ(heard(far_), "");

  near_ = {};
  connect();
  wire_.way_from("a").delay = 5ms;
  say(near_, "1");
  turn(10);
  wire_.way_from("a").delay = 0ms;
  say(near_, "2");
  EXPECT_EQ(hear(far_, 2), "12") << "the second does not overtake the first";
}

TEST_F(cluster_wire_test, ALossIsAStallAndNothingIsMissing) {
  connect();
  wire_.way_from("a").loss = 0.3;
  std::string all;
  for (int i = 0; i < 5; ++i) {
    say(near_, std::to_string(i));
    all += hear(far_, 1);
  }
  EXPECT_EQ(all, "01234");
  wire_.way_from("a").loss = 1;
  say(near_, "stalled");
  say(far_, "through");
  EXPECT_EQ(hear(near_, 7), "through");
  EXPECT_EQ(heard(far_), "");
}

TEST_F(cluster_wire_test, WhereNobodyListensTheDialerHearsTheEndAtOnce) {
  wire_.lead_to("");
  near_ = holdfast::sockets::connect_to(wire_.address(), 10s);
  EXPECT_TRUE(hears_the_end(near_));
  std::string closed;
  {
    target_end gone;
    closed = gone.address();
  }
  wire_.lead_to(closed);
  near_ = holdfast::sockets::connect_to(wire_.address(), 10s);
  EXPECT_TRUE(hears_the_end(near_));
}

}  // namespace
