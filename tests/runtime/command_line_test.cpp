#include "tests/crash/processes.hpp"
#include "tests/persistence/temporary_directory.hpp"

#include <holdfast/core/value.hpp>
#include <holdfast/runtime/json.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

// The program `holdfast`, as a user meets it: real processes, real sockets, exit statuses.
namespace {

using holdfast::parse_json;
using holdfast::value;
using holdfast::crash::command_result;
using holdfast::crash::process;
using holdfast::crash::run_command;
using holdfast::crash::wait_for;

class command_line_test : public testing::Test {
protected:
  std::string data(const std::string& name) const { return (folder_.path() / name).string(); }

  std::unique_ptr<process> start(const std::string& name, std::vector<std::string> more = {}) {
    std::vector<std::string> command{
        HOLDFAST_PROGRAM, "node",     "--name",        name,
        "--data",         data(name), "--secret-file", (folder_.path() / "secret").string(),
        "--log-level",    "warn"};
    command.insert(command.end(), more.begin(), more.end());
    auto node = std::make_unique<process>(command, process::how{});
    EXPECT_TRUE(wait_for({node.get()}, [&] { return node->has_printed("ready " + name); }));
    return node;
  }
  static std::string address_of(const process& node) {
    auto& line = node.lines().at(0);
    return line.substr(line.rfind(' ') + 1);
  }

  /// A command for the node `name`.
  command_result run(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), HOLDFAST_PROGRAM);
    words.push_back("--data");
    words.push_back(data(name));
    return run_command(words);
  }
  value json(const std::string& name, std::vector<std::string> words) const {
    words.push_back("--json");
    auto result = run(name, words);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out.empty() ? value() : parse_json(result.out);
  }
  std::string queue(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), "queue");
    auto result = run(name, words);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out.substr(0, result.out.find('\n'));
  }
  std::string write(const std::string& name, const std::string& text) const {
    auto file = (folder_.path() / name).string();
    std::ofstream(file) << text;
    return file;
  }

  holdfast::test::temporary_directory folder_;
};

/// Asks again until it holds; each question is a process of its own. Only a hang reaches the bound.
template <class F>
bool eventually(F holds) {
  auto until = std::chrono::steady_clock::now() + holdfast::crash::patience;
  while (!holds())
    if (std::chrono::steady_clock::now() > until)
      return false;
  return true;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST_F(command_line_test, ANodeServesUntilSigterm) {
  auto alpha = start("alpha", {"--listen", "127.0.0.1:0"});
  EXPECT_FALSE(has(address_of(*alpha), ":0 "));
  auto called = run("alpha", {"call", "alpha", "echo", "{\"a\": [1, null, \"x\"]}"});
  EXPECT_EQ(called.status, 0) << called.err;
  EXPECT_EQ(parse_json(called.out), parse_json("{\"a\": [1, null, \"x\"]}"));
  alpha->signal(SIGTERM);
  EXPECT_EQ(alpha->end(), 0);
}

TEST_F(command_line_test, AQueuedLineIsThereAfterKillNine) {
  auto alpha = start("alpha");
  auto first = queue("alpha", {"beta", "log.append", "notes", "one"});
  EXPECT_FALSE(first.empty());
  alpha->kill();
  auto offline = run("alpha", {"calls"});
  EXPECT_EQ(offline.status, 0) << offline.err;
  EXPECT_TRUE(has(offline.out, first));
  EXPECT_TRUE(has(offline.err, "no node runs on"));

  auto beta = start("beta", {"--listen", "127.0.0.1:0"});
  alpha = start("alpha", {"--peer", "beta=" + address_of(*beta)});
  queue("alpha", {"beta", "log.append", "notes", "two"});
  value lines;
  EXPECT_TRUE(eventually([&] {
    lines = json("beta", {"call", "beta", "log.read", "notes"}).as_dict().at("value");
    return lines.as_array().size() == 2;
  }));
  EXPECT_EQ(lines, value(holdfast::array{"one", "two"}));
  EXPECT_EQ(json("beta", {"state", "get", "log.sizes", "notes"}).as_dict().at("value"), value(2));
  EXPECT_EQ(json("beta", {"state", "range", "log.lines"}).as_array().size(), 2u);
}

TEST_F(command_line_test, CallTellsItsThreeFailuresApart) {
  auto alpha = start("alpha");
  auto gone = run("alpha", {"call", "nobody", "echo", "1"});
  EXPECT_EQ(gone.status, 10) << gone.err;
  EXPECT_TRUE(has(gone.err, "unreachable"));
  auto failed = run("alpha", {"call", "alpha", "log.read", "notes", "1", "0"});
  EXPECT_EQ(failed.status, 11) << failed.err;
  EXPECT_TRUE(has(failed.err, "limit"));
  auto misfit = run("alpha", {"call", "alpha", "log.append", "notes", "3"});
  EXPECT_EQ(misfit.status, 10) << "it did not run";
  EXPECT_TRUE(has(misfit.err, "line: expected string, got integer")) << misfit.err;
}

TEST_F(command_line_test, ABatchReportsBadLinesByNumberAndGoesOn) {
  auto alpha = start("alpha");
  std::string text;
  for (int i = 1; i <= 3000; ++i)
    text +=
        "{\"to\": \"alpha\", \"method\": \"log.append\", \"args\": {\"log\": \"n\", \"line\": \""
        + std::to_string(i) + "\"}}\n";
  text += "no json\n\n{\"to\": \"alpha\", \"method\": \"no method\"}\n";
  text += "{\"to\": \"alpha\", \"method\": \"log.append\", \"args\": [\"n\", \"3001\"], \"id\": "
          "\"last\"}\n";
  auto result = run("alpha", {"queue", "--batch", write("batch", text)});
  EXPECT_EQ(result.status, 4);
  EXPECT_EQ(result.out, "3001 on disk, 2 bad\n");
  EXPECT_TRUE(has(result.err, "line 3001: ")) << result.err;
  EXPECT_TRUE(has(result.err, "line 3003: ") && has(result.err, "no method")) << result.err;
  value last;
  EXPECT_TRUE(eventually([&] {
    last = json("alpha", {"call", "alpha", "log.read", "n", "2999"}).as_dict().at("value");
    return last.as_array().size() == 3;
  }));
  EXPECT_EQ(last, value(holdfast::array{"2999", "3000", "3001"}));
  EXPECT_TRUE(json("alpha", {"audit"}).as_dict().at("is_sound").as_bool());
}

TEST_F(command_line_test, ADuplicateIdStoresNothing) {
  auto alpha = start("alpha");
  auto first = queue("alpha", {"beta", "echo", "1", "--id", "x"});
  auto second = run("alpha", {"queue", "beta", "echo", "1", "--id", "x"});
  EXPECT_EQ(second.out, first + "\n");
  EXPECT_TRUE(has(second.err, "nothing was stored"));
  auto conflict = run("alpha", {"queue", "beta", "echo", "2", "--id", "x"});
  EXPECT_EQ(conflict.status, 1);
  EXPECT_TRUE(has(conflict.err, "id_conflict")) << conflict.err;
}

TEST_F(command_line_test, DeadLettersAreShownTriedAgainAndDropped) {
  auto alpha = start("alpha");
  auto id = queue("alpha", {"alpha", "log.read", "notes", "1", "0", "--attempts", "1"});
  EXPECT_TRUE(eventually([&] {
    return json("alpha", {"calls", "--dead"}).as_array().size() == 1;
  }));
  auto dead = json("alpha", {"calls", "--dead"}).as_array().at(0);
  EXPECT_EQ(dead.as_dict().at("id"), value(id));
  auto shown = run("alpha", {"show", id});
  EXPECT_EQ(shown.status, 0) << shown.err;
  EXPECT_TRUE(has(shown.out, "limit is 0; it goes from 1 to 10000")) << shown.out;
  auto history = json("alpha", {"show", id});
  EXPECT_EQ(history.as_dict().at("arguments"), value(holdfast::array{"notes", 1, 0}));
  EXPECT_NE(history.as_dict().at("steps").as_array().at(0).as_dict().at("at"), value(""));
  EXPECT_EQ(run("alpha", {"retry", id}).status, 0);
  EXPECT_TRUE(eventually([&] {
    return json("alpha", {"calls", "--dead"}).as_array().size() == 1;
  }));
  EXPECT_EQ(run("alpha", {"drop", id}).status, 0);
  EXPECT_EQ(json("alpha", {"calls", "--dead"}).as_array().size(), 0u);
  EXPECT_EQ(run("alpha", {"retry", id}).status, 1);
}

TEST_F(command_line_test, WhatDoesNotFitOnesOwnMethodIsRefusedAndNotStored) {
  auto alpha = start("alpha");
  auto misfit = run("alpha", {"queue", "alpha", "log.append", "notes", "3"});
  EXPECT_EQ(misfit.status, 1);
  EXPECT_TRUE(has(misfit.err, "line: expected string, got integer")) << misfit.err;
  EXPECT_EQ(json("alpha", {"calls"}).as_array().size(), 0u);
  EXPECT_EQ(json("alpha", {"calls", "--dead"}).as_array().size(), 0u);
}

TEST_F(command_line_test, AParkedCallIsSeenAndDropped) {
  auto alpha = start("alpha");
  auto id = queue("alpha", {"alpha", "not.served", "1"});
  EXPECT_TRUE(eventually([&] {
    return json("alpha", {"calls", "--parked"}).as_array().size() == 1;
  }));
  EXPECT_EQ(run("alpha", {"drop", id}).status, 0);
  EXPECT_EQ(json("alpha", {"calls", "--parked"}).as_array().size(), 0u);
  EXPECT_TRUE(has(run("alpha", {"show", id}).out, "dropped"));
}

TEST_F(command_line_test, AQueuedCallIsDroppedWhileItsPeerIsAway) {
  auto alpha = start("alpha");
  auto id = queue("alpha", {"beta", "echo", "1"});
  EXPECT_EQ(run("alpha", {"drop", id}).status, 0);
  EXPECT_EQ(json("alpha", {"calls"}).as_array().size(), 0u);
  EXPECT_EQ(json("alpha", {"peers"}).as_array().at(0).as_dict().at("waiting"), value(0));
  auto again = run("alpha", {"drop", id});
  EXPECT_EQ(again.status, 1);
  EXPECT_TRUE(has(again.err, "unknown_call")) << again.err;
  EXPECT_TRUE(json("alpha", {"audit"}).as_dict().at("is_sound").as_bool());
}

TEST_F(command_line_test, CommandsThatNeedANodeSayThatNoneRuns) {
  auto alpha = start("alpha");
  alpha->signal(SIGTERM);
  EXPECT_EQ(alpha->end(), 0);
  auto refused = run("alpha", {"queue", "beta", "echo", "1"});
  EXPECT_EQ(refused.status, 3);
  EXPECT_TRUE(has(refused.err, "no node runs on")) << refused.err;
  for (std::vector<std::string> words :
       {std::vector<std::string>{"status"}, {"peers"}, {"calls", "--inbox"}, {"state", "tables"}})
    EXPECT_EQ(run("alpha", words).status, 0) << words[0];
  EXPECT_EQ(run("alpha", {"retry", "9f86d081884c7d65-2-1041"}).status, 3);
}

TEST_F(command_line_test, WrongCommandLinesAreRefusedWithOneSentence) {
  EXPECT_EQ(run_command({HOLDFAST_PROGRAM}).status, 2);
  EXPECT_EQ(run_command({HOLDFAST_PROGRAM, "fly"}).status, 2);
  EXPECT_EQ(run_command({HOLDFAST_PROGRAM, "--version"}).status, 0);
  auto insecure = run("alpha", {"node", "--name", "alpha", "--listen", "0.0.0.0:0"});
  EXPECT_EQ(insecure.status, 2);
  EXPECT_TRUE(has(insecure.err, "--insecure")) << insecure.err;
  auto config = write("alpha.toml", "name = \"alpha\"\n\nlisen = \"127.0.0.1:0\"\n");
  auto wrong = run("alpha", {"node", "--config", config});
  EXPECT_EQ(wrong.status, 2);
  EXPECT_TRUE(has(wrong.err, "alpha.toml:3: ")) << wrong.err;
  auto nowhere = run("nowhere", {"status"});
  EXPECT_EQ(nowhere.status, 2);
  EXPECT_TRUE(has(nowhere.err, "nowhere")) << nowhere.err;
}

TEST_F(command_line_test, AConfigFileSaysTheSameThings) {
  auto config =
      write("alpha.toml",
            "name = \"alpha\"\nlisten = \"127.0.0.1:0\"\nlog_level = \"off\"\n[services.log]\n"
            "attempts = 3\n");
  process alpha({HOLDFAST_PROGRAM, "node", "--config", config, "--data", data("alpha"),
                 "--secret-file", (folder_.path() / "secret").string()},
                process::how{});
  EXPECT_TRUE(wait_for({&alpha}, [&] { return alpha.has_printed("ready alpha 127.0.0.1:"); }));
  alpha.signal(SIGTERM);
  EXPECT_EQ(alpha.end(), 0);
}

TEST_F(command_line_test, AProgramOfOnesOwnHasTheSameCommands) {
  process hello({HOLDFAST_HELLO, "node", "--name", "alpha", "--data", data("alpha"),
                 "--secret-file", (folder_.path() / "secret").string(), "--log-level", "off"},
                process::how{});
  EXPECT_TRUE(wait_for({&hello}, [&] { return hello.has_printed("ready alpha -"); }));
  auto greeted =
      run_command({HOLDFAST_HELLO, "call", "--data", data("alpha"), "alpha", "hello.greet", "Ann"});
  EXPECT_EQ(greeted.out, "\"Hello, Ann!\"\n") << greeted.err;
  auto served = json("alpha", {"methods"});
  ASSERT_EQ(served.as_array().size(), 1u)
      << "the built-in methods are the holdfast program's alone";
  EXPECT_EQ(served.as_array()[0].as_dict().at("name"), value("hello.greet"));
}

TEST_F(command_line_test, TwoNodesMayNotShareADirectory) {
  auto alpha = start("alpha");
  auto second = run(
      "alpha", {"node", "--name", "alpha", "--secret-file", (folder_.path() / "secret").string()});
  EXPECT_EQ(second.status, 1);
  EXPECT_TRUE(has(second.err, "journal_locked")) << second.err;
}

TEST_F(command_line_test, PeersShowLinksAndTheirEnds) {
  auto beta = start("beta", {"--listen", "127.0.0.1:0"});
  auto alpha = start("alpha", {"--peer", "beta=" + address_of(*beta)});
  auto state_of_beta = [&] {
    auto peers = json("alpha", {"peers"});
    return peers.as_array().empty() ? std::string()
                                    : peers.as_array()[0].as_dict().at("state").as_string();
  };
  EXPECT_TRUE(eventually([&] { return state_of_beta() == "up"; }));
  beta->signal(SIGTERM);
  EXPECT_EQ(beta->end(), 0);
  EXPECT_TRUE(eventually([&] { return state_of_beta() == "waiting"; }));
  // link_goodbye until the next dial, which finds nobody and says so.
  auto why = json("alpha", {"peers"}).as_array()[0].as_dict().at("reason").as_string();
  EXPECT_TRUE(why == "link_goodbye" || why == "link_lost") << why;
  auto unknown = run("alpha", {"peers", "accept", "nobody"});
  EXPECT_EQ(unknown.status, 1);
}

}  // namespace
