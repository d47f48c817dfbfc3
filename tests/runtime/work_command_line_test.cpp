#include "tests/crash/processes.hpp"
#include "tests/persistence/temporary_directory.hpp"

#include <holdfast/core/value.hpp>
#include <holdfast/runtime/json.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

// Work on the command line, as a user meets it: a controller and two workers as processes, and commands.
namespace {

using holdfast::parse_json;
using holdfast::value;
using holdfast::crash::command_result;
using holdfast::crash::process;
using holdfast::crash::run_command;
using holdfast::crash::wait_for;

using words = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string member(const value& row, const char* name) {
  auto& content = row.as_dict().at(name);
  auto* text = content.get_if<std::string>();
  return text ? *text : holdfast::to_json(content);
}

words lines_of(const std::string& text) {
  std::istringstream in(text);
  words lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

template <class F>
bool eventually(F holds) {
  auto until = std::chrono::steady_clock::now() + holdfast::crash::patience;
  while (!holds())
    if (std::chrono::steady_clock::now() > until)
      return false;
  return true;
}

/// As soon as a command reads there.
bool opens(const holdfast::crash::gate& gate) {
  return eventually([&] {
    try {
      gate.open();
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  });
}

class work_command_line_test : public testing::Test {
protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }

  /// `controller` or `worker`, ready.
  process& start(const std::string& kind, const std::string& name, const words& more) {
    words command{HOLDFAST_PROGRAM, kind,           "--name",      name,  "--data", path(name),
                  "--secret-file",  path("secret"), "--log-level", "warn"};
    command.insert(command.end(), more.begin(), more.end());
    auto& node = nodes_[name];
    node.reset();
    node = std::make_unique<process>(command, process::how{{}, path(name + ".log")});
    EXPECT_TRUE(wait_for({node.get()}, [&] { return node->has_printed("ready " + name); }))
        << holdfast::crash::tail_of(path(name + ".log"));
    return *node;
  }
  void start_hub() {
    auto& hub =
        start("controller", "hub", {"--listen", address_.empty() ? "127.0.0.1:0" : address_});
    auto& line = hub.lines().at(0);
    address_ = line.substr(line.rfind(' ') + 1);
  }
  process& start_worker(const std::string& name, const words& more = {"--allow-exec"}) {
    words all{"--controller", "hub=" + address_};
    all.insert(all.end(), more.begin(), more.end());
    return start("worker", name, all);
  }
  void start_all() {
    start_hub();
    start_worker("w1", {"--allow-exec", "--slots", "2", "--label", "one", "--label", "both"});
    start_worker("w2", {"--allow-exec", "--slots", "2", "--label", "both"});
  }

  command_result run(words command, const std::string& node = "hub") const {
    command.insert(command.begin(), HOLDFAST_PROGRAM);
    auto end = std::find(command.begin(), command.end(), "--");
    command.insert(end, {"--data", path(node)});
    return run_command(command);
  }
  value json(words command, const std::string& node = "hub") const {
    command.push_back("--json");
    auto result = run(command, node);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out.empty() ? value() : parse_json(result.out);
  }
  /// `options` -- `command`; the id.
  std::string submit(words options, const words& command, const std::string& node = "hub") const {
    options.insert(options.begin(), "submit");
    options.emplace_back("--");
    options.insert(options.end(), command.begin(), command.end());
    auto result = run(options, node);
    EXPECT_EQ(result.status, 0) << result.err;
    return result.out.substr(0, result.out.find('\n'));
  }
  int wait(const std::string& id) const {
    return run({"work", "wait", id, "--within", "90s"}).status;
  }
  value show(const std::string& id) const { return json({"work", "show", id}); }
  std::string state(const std::string& id) const { return member(show(id), "state"); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  std::string address_;
  holdfast::test::temporary_directory folder_;
  std::map<std::string, std::unique_ptr<process>> nodes_;
};

TEST_F(work_command_line_test, AWorkersDataIsItsOwnersAlone) {
  start_hub();
  start_worker("w1");
  for (auto& folder : {path("w1"), path("w1") + "/work"}) {
    auto others = std::filesystem::status(folder).permissions()
                  & (std::filesystem::perms::group_all | std::filesystem::perms::others_all);
    EXPECT_EQ(others, std::filesystem::perms::none) << folder;
  }
}

TEST_F(work_command_line_test, ACommandRunsAndItsEndIsKept) {
  start_all();
  auto id =
      submit({}, {"sh", "-c", "echo out; echo err >&2; echo $HOLDFAST_ITEM $HOLDFAST_ATTEMPT"});
  EXPECT_EQ(wait(id), 0);
  auto item = show(id);
  EXPECT_EQ(member(item, "state"), "done");
  EXPECT_EQ(member(item, "attempts"), "1");
  EXPECT_TRUE(member(item, "worker") == "w1" || member(item, "worker") == "w2");
  auto& result = item.as_dict().at("result");
  EXPECT_EQ(member(result, "exit_status"), "0");
  EXPECT_EQ(member(result, "output"), "out\nerr\n" + id + " 1\n");
  EXPECT_EQ(nodes_["w1"]->lines().size(), 1u) << "a command wrote to its worker's output";
  auto history = run({"work", "why", id}).out;
  EXPECT_TRUE(has(history, "given to")) << history;

  // From a worker's own directory, and in the folder that it was submitted from.
  auto here = submit({}, {"pwd"}, "w2");
  EXPECT_EQ(wait(here), 0);
  EXPECT_EQ(member(show(here).as_dict().at("result"), "output"),
            std::filesystem::current_path().string() + "\n");
}

TEST_F(work_command_line_test, AFailureIsOneSentenceAndAStatus) {
  start_all();
  auto failing =
      submit({"--attempts", "2", "--back-off", "10ms"}, {"sh", "-c", "echo no page; exit 3"});
  EXPECT_EQ(wait(failing), 11);
  auto item = show(failing);
  EXPECT_EQ(member(item, "state"), "failed");
  EXPECT_EQ(member(item, "attempts"), "2");
  EXPECT_EQ(member(item, "text"), "exit status 3: no page");
  EXPECT_EQ(member(item.as_dict().at("result"), "exit_status"), "3");
  EXPECT_EQ(member(item.as_dict().at("result"), "output"), "no page\n");
  auto missing = submit({"--attempts", "1"}, {"no-such-program"});
  EXPECT_EQ(wait(missing), 11);
  EXPECT_EQ(member(show(missing), "text"), "there is no program 'no-such-program'");
  auto late = submit({"--attempts", "1", "--timeout", "100ms"}, {"sleep", "1000"});
  EXPECT_EQ(wait(late), 11);

  auto shown = run({"work", "ls", "--state", "done,failed"}).out;
  EXPECT_EQ(lines_of(shown).size(), 4u) << shown;
  EXPECT_TRUE(has(shown, "RUNS") && has(shown, "2 (2 failed)")) << shown;
  EXPECT_EQ(json({"work", "ls", "--state", "done,waiting"}).as_array().size(), 0u);
  EXPECT_EQ(member(item, "runs"), "2");
  // What happened is told once.
  auto why = run({"work", "why", failing}).out;
  EXPECT_TRUE(lines_of(why).back().ends_with(" said: exit status 3: no page")) << why;
  for (auto& command : {words{"work", "why", failing}, words{"work", "show", failing},
                        words{"work", "ls"}, words{"work", "top", "--once"}})
    for (auto& line : lines_of(run(command).out))
      EXPECT_FALSE(line.ends_with(" ")) << command[1] << ": '" << line << "'";

  auto again = run({"work", "retry", missing});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(wait(missing), 11);
  EXPECT_EQ(member(show(missing), "attempts"), "2");
}

TEST_F(work_command_line_test, EachLineIsAnItem) {
  start_all();
  std::string text;
  for (int i = 1; i <= 50; ++i)
    text += "dir/" + std::to_string(i) + ".tar.gz\n";
  auto submitted = run({"submit", "--each", write("lines", text + "\n"), "--key", "k{#}", "--",
                        "echo", "{}|{.}|{/}|{//}|{/.}|{#}|{other}"});
  EXPECT_EQ(submitted.status, 0) << submitted.err;
  auto ids = lines_of(submitted.out);
  ASSERT_EQ(ids.size(), 50u);
  auto waited = run({"work", "wait", "--all", "--within", "90s"});
  EXPECT_EQ(waited.status, 0) << waited.err;
  EXPECT_EQ(waited.out, "50 done, 0 failed\n");
  EXPECT_EQ(member(show(ids[6]).as_dict().at("result"), "output"),
            "dir/7.tar.gz|dir/7.tar|7.tar.gz|dir|7.tar|7|{other}\n");
  EXPECT_EQ(json({"work", "ls", "--state", "done"}).as_array().size(), 50u);
  EXPECT_EQ(json({"work", "ls", "--state", "done", "--limit", "7"}).as_array().size(), 7u);
  auto of_one = json({"work", "ls", "--worker", "w1"}).as_array();
  EXPECT_GT(of_one.size(), 0u);
  EXPECT_LT(of_one.size(), 50u);
  for (auto& item : of_one)
    EXPECT_EQ(member(item, "worker"), "w1");

  // Under live keys nothing is done again, and nothing else is done.
  words again{"submit", "--each", path("lines"), "--key",
              "k{#}",   "--",     "echo",        "{}|{.}|{/}|{//}|{/.}|{#}|{other}"};
  auto same = run(again);
  EXPECT_EQ(same.status, 0) << same.err;
  EXPECT_EQ(wait(lines_of(same.out).at(6)), 0);
  EXPECT_EQ(run({"work", "wait", "--all", "--within", "90s"}).out, "50 done, 0 failed\n");
  auto other = run({"submit", "--key", "k7", "--", "false"});
  EXPECT_EQ(other.status, 1);
  EXPECT_TRUE(has(other.err, "belongs to " + ids[6])) << other.err;
}

TEST_F(work_command_line_test, EachLineIsACallOfAMethod) {
  start_hub();
  start_worker("w1");
  auto lines = write("lines", "a.pdf\n3\n");
  auto nobody = run({"submit", "--each", lines, "--method", "render", "{}", "{#}"});
  EXPECT_EQ(nobody.status, 0) << nobody.err;
  auto ids = lines_of(nobody.out);
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(member(show(ids[0]), "title"), "render(\"a.pdf\", 1)");
  EXPECT_EQ(member(show(ids[1]), "title"), "render(3, 2)");
  auto late = run({"work", "wait", ids[0], "--within", "10ms"});
  EXPECT_EQ(late.status, 1);
  EXPECT_TRUE(has(late.err, "1 item has not ended")) << late.err;

  auto command = R"([{"argv": ["echo", "<{}>"], "directory": "", "environment": {}, "input": ""}])";
  auto served = run({"submit", "--each", lines, "--method", "exec.run", "--args", command});
  EXPECT_EQ(served.status, 0) << served.err;
  ids = lines_of(served.out);
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(wait(ids[1]), 0);
  EXPECT_TRUE(has(run({"work", "show", ids[1]}).out, "<3>"));
}

TEST_F(work_command_line_test, CancelEndsWhatRuns) {
  start_all();
  holdfast::crash::gate never(path("never"));
  auto id = submit({"--label", "one"},
                   {"sh", "-c", "sh -c 'read line <" + never.path().string() + "' & wait"});
  EXPECT_TRUE(eventually([&] { return state(id) == "running"; }));
  auto cancelled = run({"work", "cancel", id});
  EXPECT_EQ(cancelled.status, 0) << cancelled.err;
  EXPECT_EQ(state(id), "cancelled");
  EXPECT_EQ(wait(id), 11);
  EXPECT_TRUE(eventually([&] {
    return member(json({"workers", "ls"}).as_array().at(0), "slots_used") == "0";
  }));
  EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(path("w1/work")); }))
      << "the command still runs";
  for (auto* command : {"cancel", "retry", "show", "why"}) {
    auto unknown = run({"work", command, "no-such-item"});
    EXPECT_EQ(unknown.status, 1);
    EXPECT_TRUE(has(unknown.err, "no-such-item")) << unknown.err;
  }
  EXPECT_FALSE(has(holdfast::crash::tail_of(path("hub.log"), 100), "no-such-item"))
      << "the asker's mistake is no warning of the controller";
}

TEST_F(work_command_line_test, LabelsDrainAndForget) {
  start_all();
  auto nobody = submit({"--label", "gpu"}, {"true"});
  EXPECT_EQ(state(nobody), "waiting");
  auto why = run({"work", "why", nobody}).out;
  EXPECT_TRUE(has(why, "gpu")) << why;
  EXPECT_EQ(json({"work", "ls", "--label", "gpu"}).as_array().size(), 1u);

  EXPECT_EQ(run({"workers", "drain", "w1"}).status, 0);
  for (int i = 0; i < 6; ++i) {
    auto id = submit({"--label", "both"}, {"true"});
    EXPECT_EQ(wait(id), 0);
    EXPECT_EQ(member(show(id), "worker"), "w2");
  }
  auto only = submit({"--label", "one"}, {"true"});
  EXPECT_EQ(state(only), "waiting");
  EXPECT_EQ(run({"workers", "resume", "w1"}).status, 0);
  EXPECT_EQ(wait(only), 0);

  auto busy = run({"workers", "forget", "w1"});
  EXPECT_EQ(busy.status, 1);
  EXPECT_EQ(lines_of(busy.err).size(), 1u) << busy.err;
  EXPECT_TRUE(has(busy.err, "w1")) << busy.err;
  nodes_["w1"]->signal(SIGTERM);
  EXPECT_EQ(nodes_["w1"]->end(), 0);
  EXPECT_TRUE(eventually([&] { return run({"workers", "forget", "w1"}).status == 0; }));
  EXPECT_EQ(json({"workers", "ls"}).as_array().size(), 1u);
  EXPECT_TRUE(has(run({"work", "top", "--once"}).out, "w2"));
}

TEST_F(work_command_line_test, WithoutAllowExecNobodyRunsCommands) {
  start_hub();
  start_worker("w1", {});
  auto id = submit({}, {"true"});
  EXPECT_TRUE(eventually([&] { return json({"workers", "ls"}).as_array().size() == 1; }));
  EXPECT_EQ(state(id), "waiting");
  auto why = run({"work", "why", id}).out;
  EXPECT_TRUE(has(why, "exec.run") || has(why, "command")) << why;
  start_worker("w2", {"--allow-exec"});
  EXPECT_EQ(wait(id), 0);
}

TEST_F(work_command_line_test, BadInputIsOneSentenceEach) {
  start_hub();
  auto refused = [&](words command, int status, const std::string& part) {
    auto result = run(std::move(command));
    EXPECT_EQ(result.status, status) << result.err;
    EXPECT_EQ(lines_of(result.err).size(), 1u) << result.err;
    EXPECT_TRUE(has(result.err, part)) << result.err;
  };
  refused({"submit", "--after", "nobody", "--", "true"}, 1, "'nobody'");
  refused({"submit", "--key", "me", "--after", "me", "--", "true"}, 1, "itself");
  refused({"submit", "--attempts", "5000", "--", "true"}, 1, "attempts");
  refused({"submit", "--on-lost", "pray", "--", "true"}, 1, "move, suspend");
  refused({"submit"}, 2, "--");
  refused({"submit", "true"}, 2, "-- true");
  refused({"submit", "--each", "/no/such/file", "--", "true"}, 2, "/no/such/file");
  refused({"submit", "--each", write("lines", "x\n"), "--method", "m", "--args", "[1]"}, 2, "{}");
  refused({"submit", "--env", "=x", "--", "true"}, 2, "NAME=VALUE");
  refused({"work", "show", "no-such-item"}, 1, "no-such-item");
  refused({"work", "ls", "--state", "asleep"}, 1, "suspended");
  refused({"work", "wait"}, 2, "--all");
  refused({"workers", "drain", "nobody"}, 1, "nobody");
  EXPECT_EQ(run({"work", "ls"}, "no-node").status, 2);
  nodes_["hub"]->kill();
  refused({"work", "ls"}, 3, "start it with: node, controller or worker");
}

TEST_F(work_command_line_test, ANameIsLearnedAndATakenOneRefused) {
  start_hub();
  words alone{"--controller", address_, "--allow-exec"};
  start("worker", "w1", alone);
  auto id = submit({}, {"true"});
  EXPECT_EQ(wait(id), 0);
  // Its name is known to it now, with the controller away as well.
  nodes_["w1"]->kill();
  nodes_["hub"]->kill();
  start_hub();
  start("worker", "w1", alone);
  id = submit({}, {"true"});
  EXPECT_EQ(wait(id), 0);

  // Another process under that name.
  words command{HOLDFAST_PROGRAM, "worker",         "--name",        "w1",
                "--data",         path("other"),    "--secret-file", path("secret"),
                "--controller",   "hub=" + address_};
  process other(command, process::how{{}, path("other.log")});
  EXPECT_TRUE(
      eventually([&] { return has(holdfast::crash::tail_of(path("other.log"), 50), "refused"); }));
  id = submit({}, {"true"});
  EXPECT_EQ(wait(id), 0);
  EXPECT_EQ(json({"workers", "ls"}).as_array().size(), 1u);
}

TEST_F(work_command_line_test, AKilledWorkersItemsMoveAndItsCommandsEnd) {
  start_all();
  holdfast::crash::gate held(path("held"));
  auto script = "echo $HOLDFAST_WORKER >>" + path("ran") + "; head -c 1 " + held.path().string();
  auto id = submit({"--grace", "50ms"}, {"sh", "-c", script});
  EXPECT_TRUE(
      eventually([&] { return state(id) == "running" && std::filesystem::exists(path("ran")); }));
  auto first = member(show(id), "worker");
  auto second = first == "w1" ? "w2" : "w1";
  nodes_[first]->kill();
  EXPECT_TRUE(eventually([&] {
    auto item = show(id);
    return member(item, "state") == "running" && member(item, "worker") == second;
  }));
  EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(path(first + "/work")); }))
      << "the command of the dead worker still runs";
  EXPECT_TRUE(eventually([&] {
    std::ifstream in(path("ran"));
    std::string one, two;
    return bool(in >> one >> two);
  }));
  EXPECT_TRUE(opens(held));
  EXPECT_EQ(wait(id), 0);
  auto why = run({"work", "why", id}).out;
  EXPECT_TRUE(has(why, "given to " + first) && has(why, std::string("given to ") + second)) << why;
}

TEST_F(work_command_line_test, ARunFindsTheCheckpointOfOneThatWasLostOrStopped) {
  start_hub();
  start_worker("w1");
  holdfast::crash::gate held(path("held"));
  auto script = "cat $HOLDFAST_CHECKPOINT_FILE >>" + path("found") + "; echo $HOLDFAST_WORKER. >>"
                + path("found")
                + "; echo after $HOLDFAST_WORKER, >$HOLDFAST_CHECKPOINT_FILE.new; "
                  "mv $HOLDFAST_CHECKPOINT_FILE.new $HOLDFAST_CHECKPOINT_FILE; head -c 1 "
                + held.path().string();
  auto id = submit({}, {"sh", "-c", script});
  // What the controller has for the next run: encoded, for nobody else reads it.
  auto is_saved_by = [&](const std::string& worker) {
    auto rows = json({"state", "range", "work.checkpoints"});
    for (auto& row : rows.as_array()) {
      auto& bytes = *row.as_dict().at("value").get_if<holdfast::binary>();
      std::string text;
      for (auto byte : bytes)
        text += static_cast<char>(byte);
      if (has(text, "after " + worker + ","))
        return true;
    }
    return false;
  };
  EXPECT_TRUE(eventually([&] { return is_saved_by("w1"); }));
  nodes_["w1"]->kill();
  start_worker("w2");
  EXPECT_TRUE(eventually([&] { return is_saved_by("w2"); }));
  nodes_["w2"]->signal(SIGTERM);
  EXPECT_EQ(nodes_["w2"]->end(), 0);
  start_worker("w3");
  EXPECT_TRUE(eventually([&] { return is_saved_by("w3"); }));
  std::ifstream in(path("found"));
  std::stringstream found;
  found << in.rdbuf();
  EXPECT_EQ(found.str(), "w1.\nafter w1,\nw2.\nafter w2,\nw3.\n");
  EXPECT_TRUE(opens(held));
  EXPECT_EQ(wait(id), 0);
  EXPECT_FALSE(is_saved_by("w3")) << "what is done leaves no checkpoint";
}

TEST_F(work_command_line_test, AStoppedWorkerHandsBackAtOnce) {
  start_all();
  holdfast::crash::gate held(path("held"));
  auto id = submit({"--grace", "1h"}, {"sh", "-c", "read line <" + held.path().string()});
  EXPECT_TRUE(eventually([&] { return state(id) == "running"; }));
  auto first = member(show(id), "worker");
  nodes_[first]->signal(SIGTERM);
  EXPECT_EQ(nodes_[first]->end(), 0);
  EXPECT_TRUE(eventually([&] {
    auto item = show(id);
    return member(item, "state") == "running" && member(item, "worker") != first;
  }));
  EXPECT_EQ(member(show(id), "failures"), "0");
  EXPECT_EQ(run({"work", "cancel", id}).status, 0);
}

}  // namespace
