#include "tests/crash/nodes.hpp"

#include <holdfast/actors/sockets.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>

#include <gtest/gtest.h>

#include <poll.h>
#include <random>
#include <string>
#include <sys/socket.h>
#include <vector>

// The foreign port, and those who do not keep to docs/wire.md.
namespace holdfast::crash {
namespace {

constexpr std::int64_t growth_max_kb = 200 * 1024;

std::string framed(const std::string& body) {
  std::string bytes;
  append_foreign_frame(bytes, body);
  return bytes;
}

std::string message(const std::string& method, array params,
                    foreign_body body = foreign_body::json) {
  return framed(encode_foreign({method, std::move(params), {}, body}));
}

std::string length(std::uint32_t announced) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(announced >> shift & 0xff);
  return bytes;
}

std::string repeated(const std::string& piece, int times) {
  std::string all;
  for (int i = 0; i < times; ++i)
    all += piece;
  return all;
}

/// A connection that writes what a test says, and reads what the node says.
class stranger {
public:
  explicit stranger(const std::string& address)
      : socket_(sockets::connect_to(address, std::chrono::seconds(30))) {}

  void join(const std::string& name) {
    write(message("holdfast.hello", {dict{{"name", name}, {"type", "test"}}}));
    auto answer = next();
    if (!answer || answer->method != "holdfast.welcome")
      throw std::runtime_error(name + " was not welcome");
  }

  /// What the connection takes; false when it is broken.
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      pollfd ready{socket_.get(), POLLOUT, 0};
      if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1)
        return false;
      auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  /// What goes in; 0 when the node takes nothing more.
  std::size_t push(std::string_view bytes) {
    pollfd ready{socket_.get(), POLLOUT, 0};
    if (::poll(&ready, 1, 3000) != 1)
      return 0;
    auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent > 0 ? static_cast<std::size_t>(sent) : 0;
  }

  void finish() { ::shutdown(socket_.get(), SHUT_WR); }

  /// The node's next message; nothing when it has closed the connection, or says nothing.
  std::optional<foreign_call> next() {
    for (;;) {
      if (auto body = reader_.next())
        return decode_foreign(*body);
      pollfd ready{socket_.get(), POLLIN, 0};
      char bytes[4096];
      if (::poll(&ready, 1, static_cast<int>(patience.count())) != 1)
        return std::nullopt;
      auto count = ::recv(socket_.get(), bytes, sizeof bytes, 0);
      if (count <= 0)
        return std::nullopt;
      reader_.feed({bytes, static_cast<std::size_t>(count)});
    }
  }

  /// "REASON: TEXT" of holdfast.refused, with which the node closes.
  std::string refusal() {
    while (auto said = next())
      if (said->method == "holdfast.refused")
        return said->params.at(0).as_string() + ": " + said->params.at(1).as_string();
    return "closed without a word";
  }

private:
  sockets::descriptor socket_;
  foreign_frame_reader reader_;
};

class foreign_port_under_attack : public testing::Test {
protected:
  foreign_port_under_attack() : node(home, "node"), address(cluster::new_address()) {
    node.arguments = {"--foreign", address, "--foreign-allow", "*"};
    node.environment["ASAN_OPTIONS"] = "quarantine_size_mb=16";  // what is freed is not kept
  }

  void SetUp() override {
    ASSERT_TRUE(node.start()) << node.errors();
    good = std::make_unique<stranger>(address);
    good->join("good");
    ASSERT_TRUE(printed("up good"));
    before = memory_of(node.run().id(), "VmRSS");
  }

  /// Unharmed: the one that behaves has the session it had, and memory has not grown.
  void TearDown() override {
    good->write(message("holdfast.call", {1, "echo", array{"still here"}}));
    auto answer = good->next();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->method, "holdfast.result");
    EXPECT_EQ(answer->params.at(1), value("still here"));
    EXPECT_FALSE(node.run().has_printed("down good")) << node.errors();
    EXPECT_LT(memory_of(node.run().id(), "VmRSS"), before + growth_max_kb);
    EXPECT_EQ(node.stop(), 0) << node.errors();
  }

  bool printed(const std::string& line) {
    return wait_for({&node.run()}, [&] { return node.run().has_printed(line); });
  }

  cluster home;
  test_node node;
  std::string address;
  std::unique_ptr<stranger> good;
  std::int64_t before = 0;
};

TEST_F(foreign_port_under_attack, GoodMessagesInAnyPieces) {
  stranger py(address);
  py.join("py");
  for (auto body : {foreign_body::json, foreign_body::xml})
    for (auto byte : message("instants.touch", {1}, body))
      ASSERT_TRUE(py.write(std::string_view(&byte, 1)));
  auto whole = message("instants.touch", {2}, foreign_body::xml);
  for (std::size_t cut = 1; cut < whole.size(); ++cut)
    ASSERT_TRUE(py.write(whole.substr(0, cut)) && py.write(whole.substr(cut)));
  std::string many;
  for (int n = 0; n < 100; ++n)
    many += message("instants.touch", {1000 + n}, n % 2 ? foreign_body::json : foreign_body::xml);
  ASSERT_TRUE(py.write(many));
  ASSERT_TRUE(printed("instant 1099"));
  EXPECT_EQ(node.run().count("instant 1"), 2u + 100u);
  EXPECT_EQ(node.run().count("instant 2"), whole.size() - 1);
  int expected = 1000;
  for (auto& line : node.run().lines())
    if (line.starts_with("instant 10")) {
      EXPECT_EQ(line, "instant " + std::to_string(expected++));
    }
}

TEST_F(foreign_port_under_attack, TheLargestMessage) {
  stranger py(address);
  py.join("py");
  std::string front = R"({"method": "messages.take", "params": [1, ")", back = R"("]})";
  auto room = limits::foreign_body_bytes_max - front.size() - back.size();
  ASSERT_TRUE(py.write(framed(front + std::string(room, 'x') + back)));
  EXPECT_TRUE(printed("message 1 damaged")) << node.errors();
}

struct bad_case {
  const char* name;
  std::string bytes;
  const char* text;
};

std::vector<bad_case> bad_cases() {
  auto laughs = std::string("<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"ha\">");
  for (char c = 'b'; c < 'l'; ++c) {
    laughs += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i)
      laughs += std::string("&") + static_cast<char>(c - 1) + ";";
    laughs += "\">";
  }
  laughs += "]><methodCall><methodName>instants.touch</methodName><params><param><value>&k;</value>"
            "</param></params></methodCall>";
  std::string external = "<?xml version=\"1.0\"?><!DOCTYPE m SYSTEM \"file:///etc/passwd\">"
                         "<methodCall><methodName>m</methodName></methodCall>";
  constexpr int levels = 1'000'000;
  return {
      {"LengthZero", length(0), "length 0"},
      {"OneTooMany", length(limits::foreign_body_bytes_max + 1), "is announced"},
      {"FourGigabytes", length(0xffffffffu) + std::string(1000, 'x'), "is announced"},
      {"Text", "GET / HTTP/1.0\r\n\r\n", "is announced"},
      {"Garbage", framed("\x01\x02garbage"), "begins with the byte"},
      {"Pickle", framed(std::string("\x80\x04K\x01.", 5)), "pickle"},
      {"NoJson", framed("{\"method\": "), "JSON"},
      {"NoXml", framed("<methodCall><methodName>m"), ""},
      {"BillionLaughs", framed(laughs), ""},
      {"ExternalEntity", framed(external), ""},
      {"DeepJson", framed("{\"method\": \"m\", \"params\": " + std::string(levels, '[')), ""},
      {"DeepXml",
       framed("<methodCall><methodName>m</methodName><params><param>"
              + repeated("<value><array><data>", levels / 2)),
       ""},
      {"UnknownReserved", message("holdfast.nothing", {}), "no reserved method"},
      {"CallWithoutId", message("holdfast.call", {"m", array{}}), "takes an id"},
      {"QueueWithoutId", message("holdfast.queue", {nullptr, "m", array{}}), "takes an id"},
      {"SecondHello", message("holdfast.hello", {dict{{"name", "other"}}}), "no reserved method"},
  };
}

TEST_F(foreign_port_under_attack, BadMessagesCloseTheirConnection) {
  for (auto& bad : bad_cases()) {
    SCOPED_TRACE(bad.name);
    auto name = std::string("py-") + bad.name;
    stranger py(address);
    py.join(name);
    py.write(message("instants.touch", {5}) + bad.bytes);
    auto refusal = py.refusal();
    EXPECT_TRUE(refusal.starts_with("bad_frame: ")) << refusal;
    EXPECT_NE(refusal.find(bad.text), refusal.npos) << refusal;
    EXPECT_TRUE(printed("down " + name + " bad_frame")) << node.errors();
  }
  EXPECT_TRUE(
      wait_for({&node.run()}, [&] { return node.run().count("instant 5") == bad_cases().size(); }));
}

TEST_F(foreign_port_under_attack, HalfAMessage) {
  stranger py(address);
  py.join("py");
  py.write(message("instants.touch", {1}).substr(0, 30));
  py.finish();
  EXPECT_TRUE(printed("down py link_lost")) << node.errors();
  EXPECT_EQ(node.run().count("instant "), 0u);
}

TEST_F(foreign_port_under_attack, WhoMayComeIn) {
  auto refused = [&](const std::string& bytes) {
    stranger other(address);
    other.write(bytes);
    return other.refusal();
  };
  auto hello = [](dict given) { return message("holdfast.hello", {std::move(given)}); };
  EXPECT_TRUE(refused(message("instants.touch", {1})).starts_with("bad_frame: the first message"));
  EXPECT_TRUE(refused(hello({})).starts_with("bad_name"));
  EXPECT_TRUE(refused(hello({{"name", "a/b"}})).starts_with("bad_name"));
  EXPECT_TRUE(refused(hello({{"name", 7}})).starts_with("bad_frame"));
  EXPECT_TRUE(refused(hello({{"name", "node"}})).starts_with("wrong_name"));
  EXPECT_TRUE(
      refused(hello({{"name", "py"}}) + message("instants.touch", {1})).starts_with("bad_frame"));
  EXPECT_TRUE(refused(std::string("\x00\x10", 2)).starts_with("handshake_late"));
  EXPECT_TRUE(refused(length(1 << 20) + std::string(1 << 20, ' ')).starts_with("bad_frame"));
  EXPECT_EQ(node.run().count("instant "), 0u);
}

TEST_F(foreign_port_under_attack, OneNameOneSession) {
  stranger first(address), second(address);
  first.join("py");
  ASSERT_TRUE(printed("up py"));
  second.join("py");
  EXPECT_TRUE(first.refusal().starts_with("link_replaced"));
  EXPECT_TRUE(wait_for({&node.run()}, [&] { return node.run().count("up py") == 2; }));
  EXPECT_EQ(node.run().count("down py link_replaced"), 1u);
}

TEST_F(foreign_port_under_attack, OneThatAsksAndDoesNotRead) {
  stranger py(address);
  py.join("py");
  auto call = message("holdfast.call", {1, "echo", array{std::string(100'000, 'x')}});
  std::size_t pushed = 0;
  std::string_view rest = call;
  for (std::size_t count = 1; count != 0 && pushed < (64u << 20);) {
    count = py.push(rest);
    pushed += count;
    rest.remove_prefix(count);
    if (rest.empty())
      rest = call;
  }
  EXPECT_LT(pushed, 64u << 20) << "the node takes whatever comes";
}

TEST(foreign_port, BeyondLoopbackOnlyWithInsecureAndAToken) {
  cluster home;
  test_node node(home, "node");
  node.arguments = {"--foreign", "0.0.0.0:0"};
  node.spawn();
  EXPECT_EQ(node.run().end(), 2);
  EXPECT_NE(node.errors().find("--insecure"), std::string::npos) << node.errors();
  node.arguments.push_back("--insecure");
  node.spawn();
  EXPECT_EQ(node.run().end(), 2);
  EXPECT_NE(node.errors().find("--foreign-token-file"), std::string::npos) << node.errors();
}

TEST(foreign_port, TheTokenIsAsked) {
  cluster home;
  test_node node(home, "node");
  auto address = cluster::new_address();
  node.arguments = {"--foreign", address, "--foreign-token-file", home.secret_file().string()};
  ASSERT_TRUE(node.start()) << node.errors();
  stranger wrong(address);
  wrong.write(message("holdfast.hello", {dict{{"name", "py"}, {"token", "guessed"}}}));
  EXPECT_TRUE(wrong.refusal().starts_with("wrong_secret"));
  stranger right(address);
  right.write(message("holdfast.hello",
                      {dict{{"name", "py"}, {"token", "the secret of a cluster under test"}}}));
  auto answer = right.next();
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->method, "holdfast.welcome");
  EXPECT_EQ(node.stop(), 0);
}

}  // namespace
}  // namespace holdfast::crash
