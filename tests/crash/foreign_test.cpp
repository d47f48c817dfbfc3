#include "tests/crash/nodes.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

// Foreign nodes as processes: a node with a foreign port, and the clients of examples/foreign. Their peers, foreign_peer.py
// and ForeignPeer.java, are one program in two languages; the former runs with the small client too.
namespace holdfast::crash {
namespace {

std::vector<std::string> peer_command(const std::string& language) {
  if (language == "python")
    return {"/usr/bin/env", "python3", HOLDFAST_FOREIGN_PEER, HOLDFAST_FOREIGN_CLIENT};
  if (language == "python_small")
    return {"/usr/bin/env", "python3", HOLDFAST_FOREIGN_PEER, HOLDFAST_FOREIGN_CLIENT "_small"};
  return {HOLDFAST_JAVA,      "-Xshare:auto", "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC", "-cp",          HOLDFAST_FOREIGN_JAVA,
          "ForeignPeer"};
}

class foreign_nodes : public testing::Test {
protected:
  foreign_nodes() : node(home, "node"), foreign_address(cluster::new_address()) {
    node.arguments = {"--foreign", foreign_address, "--foreign-allow", "*"};
  }

  std::unique_ptr<process> peer(const std::string& body, std::vector<std::string> steps = {},
                                const std::string& name = "py") {
    auto command = peer_command(language);
    command.insert(command.end(), {foreign_address, name, body});
    command.insert(command.end(), steps.begin(), steps.end());
    return std::make_unique<process>(
        command, process::how{{{"LC_ALL", "C.UTF-8"}}, home.folder() / "peer.log"});
  }

  bool said(process& by, const std::string& beginning) {
    return wait_for({&by, &node.run()}, [&] { return by.has_printed(beginning); });
  }
  std::string trouble() { return node.errors() + tail_of(home.folder() / "peer.log"); }

  /// What was queued for other nodes has ended.
  bool nothing_is_open() {
    return ask_until([&] {
      auto calls = node.json({"calls", "--outbox"});
      auto* rows = calls.get_if<array>();
      return rows && rows->empty();
    });
  }

  /// Queues so many calls that each queue `numbers.append` for py, with a completion.
  void relay(int count) {
    auto file = home.folder() / "relays";
    std::ofstream lines(file);
    for (int n = 0; n < count; ++n)
      lines << R"({"to": "node", "method": "relays.relay", "args": ["py", "box", )" << n << "]}\n";
    lines.close();
    auto result = node.command({"queue", "--batch", file.string()});
    EXPECT_EQ(result.status, 0) << result.err;
  }

  cluster home;
  test_node node;
  std::string foreign_address;
  std::string language = "python";
};

class foreign_languages : public foreign_nodes, public testing::WithParamInterface<const char*> {
protected:
  foreign_languages() { language = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(languages, foreign_languages,
                         testing::Values("python", "java", "python_small"),
                         [](auto& each) { return std::string(each.param); });

using language_and_body = std::tuple<const char*, const char*>;

class foreign_bodies : public foreign_nodes, public testing::WithParamInterface<language_and_body> {
protected:
  foreign_bodies() : body(std::get<1>(GetParam())) { language = std::get<0>(GetParam()); }

  std::string body;
};

TEST_P(foreign_bodies, AllVerbsFromTheForeignNode) {
  ASSERT_TRUE(node.start()) << trouble();
  auto py = peer(body, {"call", "echo",
                        R"([{"a": [1, 2.5, null, true, "дом"], "b": {"$bytes": "AAH/"}}])", "send",
                        "instants.touch", "[7]", "queue", "numbers.append", R"(["box", 8])", "call",
                        "lists.list", R"(["box", 0, 10])"});
  ASSERT_TRUE(said(*py, "call echo ")) << trouble();
  EXPECT_TRUE(py->has_printed(
      R"(call echo {"a": [1, 2.5, null, true, "\u0434\u043e\u043c"], "b": {"$bytes": "AAH/"}})"))
      << py->lines().back();
  EXPECT_TRUE(said(node.run(), "up py")) << trouble();
  EXPECT_TRUE(said(node.run(), "instant 7")) << trouble();
  EXPECT_TRUE(said(*py, "queue numbers.append ")) << trouble();
  EXPECT_TRUE(said(node.run(), "append 8 1")) << trouble();
  EXPECT_EQ(text_in(node.peer("py"), "state"), "up");
  py->kill();
  EXPECT_TRUE(said(node.run(), "down py link_lost")) << trouble();
  EXPECT_EQ(node.stop(), 0) << trouble();
}

TEST_P(foreign_bodies, AllVerbsToTheForeignNode) {
  ASSERT_TRUE(node.start()) << trouble();
  auto py = peer(body);
  ASSERT_TRUE(said(node.run(), "up py")) << trouble();
  auto sum = node.json({"call", "py", "py.add", "2", "3"});
  ASSERT_TRUE(sum.get_if<dict>()) << trouble();
  EXPECT_EQ(number_in(sum, "value"), 5);
  EXPECT_NE(node.command({"call", "py", "py.nothing"}).status, 0);
  EXPECT_NE(node.command({"call", "py", "py.fail", "1"}).err.find("never"), std::string::npos);
  EXPECT_EQ(node.command({"send", "py", "instants.touch", "9"}).status, 0);
  EXPECT_TRUE(said(*py, "instant 9")) << trouble();
  // Typed, through the signatures of this program, with a completion.
  EXPECT_EQ(node.command({"queue", "node", "relays.relay", "py", "box", "10"}).status, 0);
  EXPECT_TRUE(said(*py, "append 10 1")) << trouble();
  EXPECT_TRUE(said(node.run(), "confirm 10")) << trouble();
  EXPECT_EQ(node.command({"queue", "py", "py.fail_until", "3"}).status, 0);
  EXPECT_TRUE(said(*py, "try 3 3")) << trouble();
  EXPECT_TRUE(nothing_is_open()) << node.command({"calls"}).out << trouble();
  EXPECT_EQ(node.command({"queue", "py", "py.fail", "5", "--attempts", "2"}).status, 0);
  EXPECT_TRUE(said(*py, "fail 5 2")) << trouble();
  EXPECT_TRUE(nothing_is_open()) << node.command({"calls"}).out << trouble();
  EXPECT_EQ(node.stop(), 0) << trouble();
}

INSTANTIATE_TEST_SUITE_P(small, foreign_bodies,
                         testing::Values(language_and_body("python_small", "json")));
INSTANTIATE_TEST_SUITE_P(bodies, foreign_bodies,
                         testing::Combine(testing::Values("python", "java"),
                                          testing::Values("json", "xml", "mixed")),
                         [](auto& each) {
                           return std::string(std::get<0>(each.param)) + "_"
                                  + std::get<1>(each.param);
                         });

TEST_P(foreign_languages, AThousandMessagesEachWayAtTheSameTime) {
  ASSERT_TRUE(node.start()) << trouble();
  auto py = peer("mixed", {"flood", "1000", "store", "1000"});
  ASSERT_TRUE(said(node.run(), "up py")) << trouble();
  EXPECT_EQ(node.command({"queue", "node", "emitters.touch", "py", "1000"}).status, 0);
  relay(1000);
  EXPECT_TRUE(wait_for({py.get(), &node.run()},
                       [&] {
                         return py->count("instant ") == 1000
                                && node.run().count("instant ") == 1000
                                && py->has_printed("stored 1000")
                                && node.run().count("append ") == 1000
                                && node.run().count("confirm ") == 1000;
                       }))
      << py->count("instant ") << " " << node.run().count("instant ") << " "
      << node.run().count("append ") << " " << node.run().count("confirm ") << trouble();
  EXPECT_EQ(py->count("append "), 1000u);
  EXPECT_EQ(node.stop(), 0) << trouble();
}

// A thousand queued calls each way; the foreign node is killed in the middle, then the node.
TEST_P(foreign_languages, NoQueuedCallIsLostWhenEitherSideIsKilled) {
  ASSERT_TRUE(node.start()) << trouble();
  relay(1000);
  auto first = peer("json", {"store", "1000"});
  ASSERT_TRUE(wait_for({first.get()}, [&] { return first->count("append ") >= 300; })) << trouble();
  first->kill();
  auto second = peer("mixed", {"store", "1000"});  // the same ids
  ASSERT_TRUE(wait_for({second.get()}, [&] { return second->count("append ") >= 200; }))
      << trouble();
  node.kill();
  ASSERT_TRUE(node.start()) << trouble();
  EXPECT_TRUE(said(*second, "stored 1000")) << trouble();
  EXPECT_TRUE(nothing_is_open()) << trouble();
  array stored;
  EXPECT_TRUE(ask_until([&] {
    auto listed = node.call("lists.list", {"py", "0", "2000"});
    stored = listed.get_if<array>() ? listed.as_array() : array();
    return stored.size() >= 1000;
  })) << trouble();
  std::set<std::int64_t> once;
  for (auto& n : stored)
    EXPECT_TRUE(once.insert(n.as_integer()).second) << n.as_integer() << " was executed twice";
  EXPECT_EQ(once.size(), 1000u);
  array confirmed;
  EXPECT_TRUE(ask_until([&] {
    auto listed = node.call("lists.confirmed", {"0", "2000"});
    confirmed = listed.get_if<array>() ? listed.as_array() : array();
    return confirmed.size() >= 2000;
  })) << confirmed.size()
      << trouble();
  for (std::size_t i = 1; i < confirmed.size(); i += 2)
    EXPECT_EQ(confirmed[i].as_integer(), 1) << "of " << confirmed[i - 1].as_integer();
  EXPECT_EQ(node.stop(), 0) << trouble();
}

// Each attempt after the first says so, also behind a death of both sides.
TEST_P(foreign_languages, AnAttemptAfterTheFirstSaysSo) {
  ASSERT_TRUE(node.start()) << trouble();
  EXPECT_EQ(node.command({"queue", "py", "py.die_once"}).status, 0);
  auto first = peer("xml");
  EXPECT_EQ(first->end(), 128 + 9);
  node.kill();
  ASSERT_TRUE(node.start()) << trouble();
  auto second = peer("json");
  EXPECT_TRUE(said(*second, "survived 2")) << trouble();
  EXPECT_TRUE(nothing_is_open()) << trouble();
  EXPECT_EQ(node.stop(), 0) << trouble();
}

TEST_P(foreign_languages, AGoodbyeIsNoLoss) {
  ASSERT_TRUE(node.start()) << trouble();
  auto py = peer("json", {"stop"});
  EXPECT_TRUE(said(node.run(), "down py link_goodbye")) << trouble();
  EXPECT_EQ(node.stop(), 0) << trouble();
}

TEST_P(foreign_languages, ANodeThatIsKilledIsFoundAgain) {
  ASSERT_TRUE(node.start()) << trouble();
  auto py = peer("mixed");
  ASSERT_TRUE(said(*py, "up")) << trouble();
  node.kill();
  ASSERT_TRUE(said(*py, "down")) << trouble();
  ASSERT_TRUE(node.start()) << trouble();
  ASSERT_TRUE(said(node.run(), "up py")) << trouble();
  EXPECT_EQ(node.command({"send", "py", "instants.touch", "3"}).status, 0);
  EXPECT_TRUE(said(*py, "instant 3")) << trouble();
  EXPECT_EQ(node.stop(), 0) << trouble();
}

TEST_F(foreign_nodes, WhatIsNotAllowedIsRefusedAlsoWhereItIsForwarded) {
  node.arguments = {"--foreign", foreign_address, "--foreign-allow", "echo"};
  test_node beta(home, "beta");
  beta.arguments = {"--foreign-allow", "instants.*"};
  beta.dials(node);
  ASSERT_TRUE(node.start() && beta.start()) << trouble();
  ASSERT_TRUE(wait_for({&node.run()}, [&] { return node.run().has_printed("up beta"); }));
  auto py = peer("json", {"call",
                          "echo",
                          "[1]",
                          "call",
                          "instants.touch",
                          "[1]",
                          "queue",
                          "instants.touch",
                          "[2]",
                          "send",
                          "instants.touch",
                          "[3]",
                          "call",
                          "beta/echo",
                          "[4]",
                          "queue",
                          "beta/instants.touch",
                          "[5]",
                          "call",
                          "beta/instants.touch",
                          "[6]",
                          "queue",
                          "beta/numbers.append",
                          R"(["box", 7])",
                          "queue",
                          "gamma/instants.touch",
                          "[8]"});
  ASSERT_TRUE(said(*py, "queue gamma/instants.touch refused unreachable")) << trouble();
  EXPECT_TRUE(py->has_printed("call echo 1"));
  EXPECT_TRUE(py->has_printed("call instants.touch refused not_allowed"));
  EXPECT_TRUE(py->has_printed("queue instants.touch refused not_allowed"));
  EXPECT_TRUE(py->has_printed("call beta/echo refused unreachable"));
  EXPECT_TRUE(py->has_printed("call beta/instants.touch null"));
  EXPECT_TRUE(wait_for({&beta.run()}, [&] {
    return beta.run().has_printed("instant 5") && beta.run().has_printed("instant 6");
  })) << beta.errors();
  EXPECT_FALSE(node.run().has_printed("instant ")) << trouble();
  EXPECT_TRUE(ask_until([&] {
    return beta.command({"calls", "--dead"}).out.find("foreign nodes may not") != std::string::npos;
  })) << beta.command({"calls", "--dead"}).out;
  EXPECT_FALSE(beta.run().has_printed("append")) << trouble();
  EXPECT_EQ(beta.stop(), 0);
  EXPECT_EQ(node.stop(), 0) << trouble();
}

}  // namespace
}  // namespace holdfast::crash
