#include <holdfast/actors/submit_options.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_file.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using holdfast::cluster_role;
using holdfast::cluster_verb;
using holdfast::parse_cluster;
using names = std::vector<std::string>;
using kind = cluster_verb::kind;

std::string refusal(const std::string& text) {
  try {
    parse_cluster(text, "c.toml");
  } catch (const holdfast::error& problem) {
    EXPECT_EQ(problem.code(), holdfast::errc::bad_config);
    return problem.what();
  }
  ADD_FAILURE() << "it was not refused:\n" << text;
  return {};
}

const std::string hub = "[[node]]\nname = \"hub\"\nrole = \"controller\"\n";
const std::string alone = "[[node]]\nname = \"a\"\n";

TEST(cluster_file_test, SaysNodesLinksAndFaults) {
  auto cluster = parse_cluster(R"(
[cluster]
name = "studio"
heartbeat = "250ms"
silence = "2s"
[[node]]
name = "hub"
role = "controller"
listen = "127.0.0.1:7101"
[[node]]
name = "w"
count = 3
role = "worker"
type = "render"
slots = 2
labels = ["gpu", "big"]
allow_exec = true
peers = ["alpha", "hub", "w"]
[[node]]
name = "alpha"
[[link]]
between = ["hub", "w1"]
delay = "20ms"
loss = 0.01
[[fault]]
at = "10s"
do = "crash  w1"
[[fault]]
at = "500ms"
do = "partition hub w2 oneway"
)",
                               "c.toml");
  EXPECT_EQ(cluster.name, "studio");
  EXPECT_EQ(cluster.heartbeat, 250ms);
  EXPECT_EQ(cluster.silence, 2s);
  ASSERT_EQ(cluster.nodes.size(), 5u);
  EXPECT_EQ(cluster.nodes[0].role, cluster_role::controller);
  EXPECT_EQ(cluster.nodes[0].listen, "127.0.0.1:7101");
  auto& second = cluster.nodes[2];
  EXPECT_EQ(second.name, "w2");
  EXPECT_EQ(second.role, cluster_role::worker);
  EXPECT_EQ(second.controller, "hub") << "there is no other";
  EXPECT_EQ(second.type, "render");
  EXPECT_EQ(second.slots, 2u);
  EXPECT_EQ(second.labels, (names{"gpu", "big"}));
  EXPECT_TRUE(second.allow_exec);
  EXPECT_EQ(second.peers, (names{"alpha", "w1", "w3"})) << "neither itself nor its controller";
  EXPECT_EQ(cluster.nodes[4].role, cluster_role::node);
  ASSERT_EQ(cluster.links.size(), 1u);
  EXPECT_EQ(cluster.links[0].delay, 20ms);
  EXPECT_EQ(cluster.links[0].loss, 0.01);
  ASSERT_EQ(cluster.faults.size(), 2u) << "in the order of their times";
  EXPECT_EQ(cluster.faults[0].at, 500ms);
  EXPECT_TRUE(cluster.faults[0].verb.is_one_way);
  EXPECT_EQ(cluster.faults[1].verb.text, "crash w1");
}

TEST(cluster_file_test, ACountOfOneHasANumberAndNoCountHasNone) {
  auto cluster = parse_cluster(alone + "[[node]]\nname = \"b\"\ncount = 1\n", "c.toml");
  ASSERT_EQ(cluster.nodes.size(), 2u);
  EXPECT_EQ(cluster.nodes[0].name, "a");
  EXPECT_EQ(cluster.nodes[1].name, "b1");
}

TEST(cluster_file_test, EachPairDialsOnceAndWorkersTheirController) {
  auto cluster = parse_cluster(hub
                                   + "[[node]]\nname = \"w\"\ncount = 2\nrole = \"worker\"\n"
                                     "peers = [\"w\"]\n[[node]]\nname = \"a\"\npeers = [\"w1\"]\n",
                               "c.toml");
  using pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(dials_of(cluster), (pairs{{"w1", "hub"}, {"w2", "hub"}, {"w1", "w2"}, {"a", "w1"}}));
}

TEST(cluster_file_test, TheLastLinkThatFitsCounts) {
  auto cluster = parse_cluster(hub
                                   + "[[node]]\nname = \"w\"\ncount = 3\nrole = \"worker\"\n"
                                     "[[link]]\nbetween = [\"*\", \"hub\"]\ndelay = \"5ms\"\n"
                                     "[[link]]\nbetween = [\"hub\", \"w2\"]\nloss = 0.5\n",
                               "c.toml");
  EXPECT_EQ(link_between(cluster, "w1", "hub").delay, 5ms);
  EXPECT_EQ(link_between(cluster, "hub", "w3").delay, 5ms);
  EXPECT_EQ(link_between(cluster, "w2", "hub").delay, 0ms);
  EXPECT_EQ(link_between(cluster, "w2", "hub").loss, 0.5);
  EXPECT_EQ(link_between(cluster, "w1", "w2").delay, 0ms) << "the file says nothing of it";
}

TEST(cluster_file_test, AGroupInALinkIsEachOfItsNodes) {
  auto cluster =
      parse_cluster("[[node]]\nname = \"n\"\ncount = 3\n[[link]]\nbetween = [\"n\", \"n\"]\n"
                    "loss = 1\n",
                    "c.toml");
  EXPECT_EQ(link_between(cluster, "n1", "n3").loss, 1);
  EXPECT_EQ(cluster.links.size(), 6u);
}

TEST(cluster_file_test, MistakesOfTheFormAreToldWithTheirPlace) {
  for (auto& [text, sentence] : std::vector<std::pair<std::string, std::string>>{
           {"[cluster\n", "c.toml:1:9: "},
           {"", "c.toml:1:1: the cluster has no node; add one: [[node]] and name = \"hub\""},
           {"nodes = 3\n",
            "c.toml:1:1: there is no setting 'nodes' of the file; there are cluster, fault, link, "
            "node"},
           {"cluster = 3\n", "c.toml:1:11: 'cluster' is a table: [cluster]"},
           {"[node]\nname = \"a\"\n", "c.toml:1:1: 'node' is written [[node]], once for each"},
           {"node = [3]\n", "c.toml:1:9: 'node' is written [[node]], once for each"},
           {alone + "[cluster]\nnam = \"x\"\n",
            "c.toml:4:1: there is no setting 'nam' of cluster; there are heartbeat, name, silence"},
           {alone + "[cluster]\nname = \"a b\"\n", "c.toml:4:8: the cluster name 'a b' may hold"},
           {alone + "[cluster]\nsilence = \"0s\"\n",
            "c.toml:4:11: 'silence' must be longer than nothing"},
           {"[[node]]\nname = 3\n", "c.toml:2:8: 'name' is a string, in quotes"},
           {"[[node]]\nname = \"a b\"\n", "c.toml:2:8: the node name 'a b' may hold"},
           {alone + "count = 0\n", "c.toml:3:9: 'count' is an integer from 1 to 10000"},
           {alone + "peers = \"b\"\n", "c.toml:3:9: 'peers' is a list of strings: peers = ["},
           {alone + "peers = [3]\n", "c.toml:3:10: 'peers' is a string, in quotes"},
           {alone + "[[link]]\nbetween = [\"a\", \"*\"]\nloss = 2\n",
            "c.toml:5:8: 'loss' is a number from 0, nothing, to 1, all"},
           {alone + "[[link]]\nbetween = [\"a\", \"*\"]\ndelay = \"x\"\n",
            "c.toml:5:9: 'delay': 'x' is no duration; write 300ms, 10s, 5m, 1h or 2d"}})
    EXPECT_TRUE(refusal(text).starts_with(sentence)) << refusal(text) << "\n" << text;
}

TEST(cluster_file_test, MistakesAboutNodesAreToldWithTheRemedy) {
  auto worker = hub + "[[node]]\nname = \"w\"\nrole = \"worker\"\n";
  for (auto& [text, sentence] : std::vector<std::pair<std::string, std::string>>{
           {"[[node]]\nrole = \"node\"\n", "c.toml:1:1: a node needs a name: name = \"hub\""},
           {alone + "role = \"boss\"\n",
            "c.toml:3:8: there is no role 'boss'; there are node, controller, worker"},
           {hub + "slots = 2\n",
            "c.toml:4:9: 'slots' is of workers, and 'hub' is a controller; give it role = "
            "\"worker\", or leave it out"},
           {worker + "slots = 2000\n", "c.toml:7:9: 'slots' is an integer from 1 to 1024"},
           {alone + alone,
            "c.toml:4:8: there are two nodes 'a', the other one in line 1; give one another name"},
           {"[[node]]\nname = \"a1\"\n" + alone + "count = 2\n",
            "c.toml:4:8: there are two nodes 'a1', the other one in line 1"},
           {alone + "listen = \"here\"\n", "c.toml:3:10: the address 'here' has no port; write "},
           {alone + "count = 2\nlisten = \"127.0.0.1:7\"\n",
            "c.toml:4:10: 2 nodes cannot share the address 127.0.0.1:7; leave listen out, or write "
            "port 0"},
           {alone + "listen = \"[::1]:7\"\n[[node]]\nname = \"b\"\nlisten = \"[::1]:7\"\n",
            "c.toml:6:10: the node 'a' listens on [::1]:7 already; choose another port"},
           {alone + "peers = [\"b\"]\n", "c.toml:3:10: there is no node 'b'; there are a"},
           {alone + "peers = [\"a\"]\n",
            "c.toml:3:9: 'a' cannot dial itself; take it out of its peers"},
           {alone + "[[node]]\nname = \"w\"\nrole = \"worker\"\n",
            "c.toml:3:1: the worker 'w' has no controller; add a node with role = \"controller\""},
           {worker + "[[node]]\nname = \"hub2\"\nrole = \"controller\"\n",
            "c.toml:4:1: the worker 'w' has a choice of controllers; write controller = \"hub\", "
            "or another of hub, hub2"},
           {worker + "controller = \"w\"\n", "c.toml:7:14: 'w' is no controller; there are hub"}})
    EXPECT_TRUE(refusal(text).starts_with(sentence)) << refusal(text) << "\n" << text;
}

TEST(cluster_file_test, MistakesAboutLinksAndFaultsAreToldWithTheRemedy) {
  auto two = "[[node]]\nname = \"n\"\ncount = 2\n";
  auto fault = [&](const std::string& line) {
    return two + ("[[fault]]\nat = \"1s\"\ndo = \"" + line + "\"\n");
  };
  for (auto& [text, sentence] : std::vector<std::pair<std::string, std::string>>{
           {two + std::string("[[link]]\nloss = 0.1\n"), "c.toml:4:1: a link is between two: "},
           {two + std::string("[[link]]\nbetween = [\"n1\", \"n2\"]\n"),
            "c.toml:4:1: the link says nothing; give it delay = \"20ms\" or loss = 0.01"},
           {two + std::string("[[link]]\nbetween = [\"n1\", \"m\"]\nloss = 0.1\n"),
            "c.toml:5:11: there is no node 'm'; there are n1, n2"},
           {two + std::string("[[link]]\nbetween = [\"n1\", \"n1\"]\nloss = 0.1\n"),
            "c.toml:5:11: a link is between two nodes, not 'n1' alone"},
           {two + std::string("[[fault]]\ndo = \"crash n1\"\n"),
            "c.toml:4:1: a fault needs 'at': at = \"10s\""},
           {two + std::string("[[fault]]\nat = \"1s\"\n"),
            "c.toml:4:1: a fault needs 'do': do = \"crash w1\""},
           {fault("crash m"), "c.toml:6:6: there is no node 'm'; there are n1, n2"},
           {fault("crash n"), "c.toml:6:6: a fault is of one node, and 'n' stands for 2; write n1"},
           {fault("explode n1"), "c.toml:6:6: there is no verb 'explode' here; there are crash, "},
           {fault("  "), "c.toml:6:6: the line of a fault is empty; write a verb and a node"},
           {fault("crash n1 n2"), "c.toml:6:6: 'crash n1 n2' is written 'crash NODE'"},
           {fault("partition n1"),
            "c.toml:6:6: 'partition n1' is written 'partition NODE NODE [oneway]'"},
           {fault("partition n1 n2 twoway"),
            "c.toml:6:6: 'partition n1 n2 twoway' is written 'partition NODE NODE [oneway]'"},
           {fault("partition n1 n1"),
            "c.toml:6:6: 'partition n1 n1' names 'n1' twice; a link has two ends"},
           {fault("heal n1"), "c.toml:6:6: 'heal n1' is written 'heal NODE NODE' or 'heal'"},
           {fault("delay n1 n2"), "c.toml:6:6: 'delay n1 n2' is written 'delay NODE NODE 20ms'"},
           {fault("delay n1 n2 soon"), "c.toml:6:6: 'soon' is no duration"},
           {fault("drop n1 n2 much"), "c.toml:6:6: 'much' is no number from 0 to 1"},
           {fault("drop n1 n2 1.5"),
            "c.toml:6:6: the share '1.5' goes from 0, nothing is lost, to 1"},
           {fault("full_disk n1 -1"), "c.toml:6:6: '-1' is no number of bytes"},
           {fault("corrupt n1 all"),
            "c.toml:6:6: 'corrupt n1 all' is written 'corrupt NODE bit|page|truncate'"}})
    EXPECT_TRUE(refusal(text).starts_with(sentence)) << refusal(text) << "\n" << text;
}

TEST(cluster_file_test, VerbsHaveTheirArguments) {
  EXPECT_EQ(holdfast::parse_verb("heal").nodes, names{});
  EXPECT_EQ(holdfast::parse_verb("heal a b").nodes, (names{"a", "b"}));
  EXPECT_EQ(holdfast::parse_verb("delay a b 20ms").time, 20ms);
  EXPECT_EQ(holdfast::parse_verb("skew_clock a -1h").time, -1h);
  EXPECT_EQ(holdfast::parse_verb("slow_disk a 5ms").time, 5ms);
  EXPECT_EQ(holdfast::parse_verb("full_disk a 4096").bytes, 4096u);
  EXPECT_EQ(holdfast::parse_verb("drop a b 0.25").share, 0.25);
  EXPECT_EQ(holdfast::parse_verb("corrupt a page").how, "page");
  EXPECT_FALSE(holdfast::parse_verb("partition a b").is_one_way);
  for (int i = 0; i <= static_cast<int>(kind::drop); ++i)
    EXPECT_NE(to_string(static_cast<kind>(i)), "unknown") << i;
}

TEST(cluster_file_test, AWorkerOfTheFileMayHaveAsManySlotsAsOneOfTheCommandLine) {
  auto text = hub + "[[node]]\nname = \"w\"\nrole = \"worker\"\nslots = ";
  auto most = std::to_string(holdfast::item_slots_max);
  EXPECT_EQ(parse_cluster(text + most + "\n", "c.toml").nodes[1].slots,
            static_cast<unsigned>(holdfast::item_slots_max));
}

TEST(cluster_file_test, AFileThatIsNotThereIsNamed) {
  EXPECT_THROW(holdfast::read_cluster("/nonexistent/c.toml"), holdfast::error);
}

}  // namespace
