#include "tests/crash/nodes.hpp"

#include <holdfast/core/value.hpp>
#include <holdfast/runtime/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

// `holdfast cluster` as a user meets it: a file, real processes, faults, and none of them left behind.
namespace {

using holdfast::value;
using holdfast::crash::ask_until;
using holdfast::crash::command_result;
using holdfast::crash::process;
using holdfast::crash::run_command;
using holdfast::crash::text_in;
using holdfast::crash::wait_for;
using words = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Whether it runs; one that is dead and not yet reaped does not.
bool is_alive(std::int64_t id) {
  std::ifstream in("/proc/" + std::to_string(id) + "/stat");
  std::string text;
  std::getline(in, text);
  auto state = text.rfind(") ");
  return state != text.npos && text[state + 2] != 'Z' && text[state + 2] != 'X';
}

class cluster_test : public testing::Test {
protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  std::string node_data(const std::string& node) const { return path("c.data/" + node); }

  std::string write(const std::string& text) const {
    std::ofstream(path("c.toml")) << text;
    return path("c.toml");
  }

  /// A controller and two workers that run commands.
  static std::string farm() {
    return "[cluster]\nname = \"farm\"\nheartbeat = \"200ms\"\nsilence = \"2s\"\n"
           "[[node]]\nname = \"hub\"\nrole = \"controller\"\n"
           "[[node]]\nname = \"w\"\ncount = 2\nrole = \"worker\"\nallow_exec = true\n";
  }

  std::unique_ptr<process> spawn(const std::string& text) const {
    return std::make_unique<process>(
        words{HOLDFAST_PROGRAM, "cluster", "up", write(text), "--log-level", "warn"},
        process::how{{}, path("up.err")});
  }
  std::unique_ptr<process> up(const std::string& text) const {
    auto started = spawn(text);
    EXPECT_TRUE(wait_for({started.get()}, [&] { return started->has_printed("up "); }))
        << story(*started);
    return started;
  }
  std::string story(const process& of) const {
    std::string all = holdfast::crash::tail_of(path("up.err"));
    for (auto& line : of.lines())
      all += line + "\n";
    return all;
  }

  command_result cluster(words said) const {
    said.insert(said.begin(), {HOLDFAST_PROGRAM, "cluster"});
    said.insert(said.end(), {"--data", path("c.data")});
    return run_command(said);
  }
  value status() const {
    auto said = cluster({"status", "--json"});
    EXPECT_EQ(said.status, 0) << said.err;
    return said.out.empty() ? value() : holdfast::parse_json(said.out);
  }
  value row(const char* kind, const std::string& member, const std::string& name) const {
    auto all = status();
    for (auto& each : all.as_dict().at(kind).as_array())
      if (text_in(each, member) == name)
        return each;
    return {};
  }
  std::string state(const std::string& node) const {
    return text_in(row("nodes", "name", node), "state");
  }
  std::vector<std::int64_t> processes() const {
    auto all = status();
    std::vector<std::int64_t> ids;
    for (auto& each : all.as_dict().at("nodes").as_array())
      ids.push_back(each.as_dict().at("process").as_integer());
    return ids;
  }

  command_result at(const std::string& node, words said) const {
    said.insert(said.begin(), HOLDFAST_PROGRAM);
    auto mark = std::find(said.begin(), said.end(), "--");
    said.insert(mark, {"--data", node_data(node)});
    return run_command(said);
  }
  value json(const std::string& node, words said) const {
    said.emplace_back("--json");
    auto result = at(node, said);
    return result.status == 0 ? holdfast::parse_json(result.out) : value();
  }
  std::string submit(const std::string& command) const {
    auto result = at("hub", {"submit", "--", "sh", "-c", command});
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out.substr(0, result.out.find('\n'));
  }
  std::string phase(const std::string& worker) const {
    auto all = json("hub", {"workers", "ls"});
    if (auto* rows = all.get_if<holdfast::array>())
      for (auto& each : *rows)
        if (text_in(each, "name") == worker)
          return text_in(each, "phase");
    return {};
  }
  std::string link_to(const std::string& node, const std::string& peer) const {
    auto all = json(node, {"peers"});
    if (auto* rows = all.get_if<holdfast::array>())
      for (auto& each : *rows)
        if (text_in(each, "name") == peer)
          return text_in(each, "state");
    return {};
  }
  /// The first word of a line that a command has written there.
  std::string content(const std::string& name) const {
    std::ifstream in(path(name));
    std::string word;
    in >> word;
    return word;
  }

  holdfast::test::temporary_directory folder_;
};

TEST_F(cluster_test, WorkMovesAwayFromAKilledWorkerWhichIsRestarted) {
  auto running = up(farm());
  EXPECT_TRUE(running->has_printed("ready hub 127.0.0.1:"));
  EXPECT_TRUE(running->has_printed("ready w1 ") && running->has_printed("ready w2 "));
  // Runs until the gate is opened, and tells who runs it.
  auto item = submit("echo $HOLDFAST_WORKER >" + path("by") + "; mkfifo " + path("gate")
                     + "-$HOLDFAST_WORKER; cat " + path("gate") + "-$HOLDFAST_WORKER");
  ASSERT_TRUE(ask_until([&] { return !content("by").empty(); })) << story(*running);
  auto first = content("by");
  auto second = first == "w1" ? "w2" : "w1";
  auto killed = cluster({"kill", first});
  EXPECT_EQ(killed.status, 0) << killed.err;
  EXPECT_EQ(killed.out, first + " down\n");
  EXPECT_EQ(text_in(row("nodes", "name", first), "ended"), "signal 9");
  EXPECT_TRUE(has(cluster({"status"}).out, "signal 9"));
  EXPECT_TRUE(ask_until([&] { return content("by") == second; })) << story(*running);

  auto restarted = cluster({"restart", first});
  EXPECT_EQ(restarted.status, 0) << restarted.err;
  EXPECT_EQ(restarted.out, first + " ready\n");
  EXPECT_EQ(row("nodes", "name", first).as_dict().at("starts"), value(2));
  EXPECT_TRUE(ask_until([&] { return phase(first) == "ready"; }));
  EXPECT_TRUE(ask_until([&] { return std::filesystem::exists(path("gate") + "-" + second); }));
  std::ofstream(path("gate") + "-" + second) << "open\n";
  EXPECT_EQ(at("hub", {"work", "wait", item}).status, 0) << story(*running);
}

TEST_F(cluster_test, AFrozenNodeIsSilentUntilItIsThawed) {
  auto running = up(farm());
  ASSERT_TRUE(ask_until([&] { return phase("w1") == "ready"; }));
  EXPECT_EQ(cluster({"freeze", "w1"}).out, "w1 frozen\n");
  EXPECT_EQ(state("w1"), "frozen");
  EXPECT_TRUE(ask_until([&] { return phase("w1") == "lost"; })) << story(*running);
  auto again = cluster({"freeze", "w1"});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.err, "bad_argument: w1 is frozen already\n");
  EXPECT_EQ(cluster({"thaw", "w1"}).out, "w1 ready\n");
  EXPECT_TRUE(ask_until([&] { return phase("w1") == "ready"; })) << story(*running);
  EXPECT_EQ(cluster({"thaw", "w1"}).err, "bad_argument: w1 is not frozen\n");
  // One that is frozen ends in order, too.
  EXPECT_EQ(cluster({"freeze", "w2"}).status, 0);
  EXPECT_EQ(cluster({"stop", "w2"}).out, "w2 down\n");
  EXPECT_EQ(text_in(row("nodes", "name", "w2"), "ended"), "exit status 0");
}

TEST_F(cluster_test, ACutLinkIsNoticedAndHealed) {
  auto running = up(farm());
  ASSERT_TRUE(ask_until([&] { return phase("w1") == "ready" && phase("w2") == "ready"; }));
  EXPECT_EQ(cluster({"cut", "hub", "w1"}).out, "w1 hub cut\n");
  EXPECT_EQ(text_in(row("links", "dialer", "w1"), "state"), "cut");
  EXPECT_EQ(text_in(row("links", "dialer", "w2"), "state"), "open");
  EXPECT_TRUE(ask_until([&] { return phase("w1") == "lost"; })) << story(*running);
  EXPECT_TRUE(ask_until([&] { return link_to("w1", "hub") != "up"; })) << "both ends notice";
  EXPECT_EQ(state("w1"), "ready") << "its process lives";
  EXPECT_EQ(phase("w2"), "ready");
  EXPECT_EQ(cluster({"heal"}).out, "w1 hub open\nw2 hub open\n");
  EXPECT_TRUE(ask_until([&] { return phase("w1") == "ready"; })) << story(*running);
  EXPECT_EQ(cluster({"cut", "--oneway", "hub", "w1"}).out, "w1 hub cut one way\n");
  EXPECT_EQ(cluster({"heal", "w1", "hub"}).out, "w1 hub open\n");
  EXPECT_EQ(cluster({"do", "delay", "hub", "w2", "20ms"}).status, 0);
  EXPECT_EQ(row("links", "dialer", "w2").as_dict().at("delay"), value(0.02));
  auto slow = submit("true");
  EXPECT_EQ(at("hub", {"work", "wait", slow}).status, 0);
}

TEST_F(cluster_test, SigtermLeavesNoProcess) {
  auto running = up(farm());
  auto all = processes();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(cluster({"freeze", "w2"}).status, 0);
  for (auto id : all)
    EXPECT_TRUE(is_alive(id));
  running->signal(SIGTERM);
  EXPECT_EQ(running->end(), 0) << story(*running);
  EXPECT_EQ(running->count("down "), 3u);
  for (auto id : all)
    EXPECT_FALSE(is_alive(id));
  auto gone = cluster({"status"});
  EXPECT_EQ(gone.status, 3);
  EXPECT_TRUE(gone.err.starts_with("no cluster runs in ")) << gone.err;
}

TEST_F(cluster_test, KillNineLeavesNoProcessAndTheNextStartGoesOn) {
  auto running = up(farm());
  auto all = processes();
  submit("echo $$ >" + path("job") + "; exec sh -c 'mkfifo " + path("never") + "; cat "
         + path("never") + "'");
  ASSERT_TRUE(ask_until([&] { return !content("job").empty(); })) << story(*running);
  EXPECT_EQ(cluster({"freeze", "w2"}).status, 0);
  all.push_back(std::stoll(content("job")));
  running->kill();
  EXPECT_TRUE(ask_until([&] { return std::none_of(all.begin(), all.end(), is_alive); }))
      << "nodes, the frozen one and the command of a worker";

  std::filesystem::remove(path("job"));
  std::filesystem::remove(path("never"));
  running = up(farm());
  EXPECT_TRUE(ask_until([&] { return !content("job").empty(); }))
      << "the item is on the controller's disk\n"
      << story(*running);
}

TEST_F(cluster_test, FaultsOfTheFileHappenAtTheirTimes) {
  auto running = up(farm()
                    + "[[link]]\nbetween = [\"*\", \"hub\"]\ndelay = \"1ms\"\nloss = 0.01\n"
                      "[[fault]]\nat = \"10ms\"\ndo = \"slow_disk w1 5ms\"\n"
                      "[[fault]]\nat = \"20ms\"\ndo = \"lose_disk w1\"\n");
  ASSERT_TRUE(wait_for({running.get()}, [&] { return running->has_printed("down w1"); }))
      << story(*running);
  std::vector<std::string> said;
  for (auto& line : running->lines())
    if (line.starts_with("at ") || line.starts_with("down "))
      said.push_back(line);
  EXPECT_EQ(said, (words{"at 10 ms: slow_disk w1 5ms",
                         "at 10 ms: slow_disk w1 5ms: slow_disk happens in a simulation alone; "
                         "nothing was done",
                         "at 20 ms: lose_disk w1", "down w1 signal 9"}));
  auto all = status();
  EXPECT_EQ(text_in(all.as_dict().at("faults").as_array().at(0), "state"), "failed");
  EXPECT_EQ(text_in(all.as_dict().at("faults").as_array().at(1), "state"), "done");
  EXPECT_FALSE(std::filesystem::exists(node_data("w1")));
  EXPECT_EQ(cluster({"restart", "w1"}).out, "w1 ready\n") << "with an empty disk";
  EXPECT_EQ(row("links", "dialer", "w1").as_dict().at("loss"), value(0.01));
}

TEST_F(cluster_test, WhatCannotBeIsRefusedWithOneSentence) {
  auto running = up(farm());
  auto refused = [&](words said) {
    auto result = cluster(said);
    EXPECT_EQ(result.status, 1) << result.out << result.err;
    return result.err;
  };
  EXPECT_EQ(refused({"kill", "w3"}),
            "bad_argument: there is no node 'w3'; there are hub, w1, w2\n");
  EXPECT_EQ(refused({"cut", "w1", "w2"}),
            "bad_argument: there is no link between w1 and w2: neither dials the other\n");
  EXPECT_EQ(cluster({"do", "explode", "w1"}).status, 2);
  EXPECT_EQ(cluster({"kill"}).status, 2);
  EXPECT_EQ(cluster({"kill", "w1"}).status, 0);
  EXPECT_EQ(refused({"kill", "w1"}),
            "bad_argument: w1 does not run, so it cannot be killed; start it with: cluster restart "
            "w1\n");
  auto second = run_command({HOLDFAST_PROGRAM, "cluster", "up", path("c.toml")});
  EXPECT_EQ(second.status, 1);
  EXPECT_TRUE(has(second.err, "a cluster runs in " + path("c.data") + " already; end it"))
      << second.err;
  EXPECT_EQ(state("hub"), "ready") << "the first one has not noticed";
  auto wrong = run_command({HOLDFAST_PROGRAM, "cluster", "up", write("[[node]]\nnam = \"a\"\n")});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(has(wrong.err, "c.toml:2:1: there is no setting 'nam'")) << wrong.err;
  auto nowhere = run_command({HOLDFAST_PROGRAM, "cluster", "status", "--data", path("nowhere")});
  EXPECT_EQ(nowhere.status, 3);
  auto node = run_command({HOLDFAST_PROGRAM, "cluster", "status", "--data", node_data("hub")});
  EXPECT_EQ(node.status, 1) << "that is a node";
}

TEST_F(cluster_test, ANodeThatDoesNotStartEndsTheCluster) {
  auto first = up("[[node]]\nname = \"a\"\n");
  auto taken = text_in(row("nodes", "name", "a"), "address");
  std::ofstream(path("d.toml")) << "[[node]]\nname = \"b\"\n[[node]]\nname = \"c\"\nlisten = \""
                                << taken << "\"\n";
  process second({HOLDFAST_PROGRAM, "cluster", "up", path("d.toml")}, process::how{});
  EXPECT_EQ(second.end(), 1);
  EXPECT_TRUE(second.has_printed("down c exit status 2: ")) << story(second);
  EXPECT_TRUE(has(story(second), "another process has it")) << story(second);
  EXPECT_TRUE(second.has_printed("the cluster ends: a node has not become ready"));
  EXPECT_TRUE(second.has_printed("down b "));
}

}  // namespace
