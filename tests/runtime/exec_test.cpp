#include "tests/crash/processes.hpp"
#include "tests/persistence/temporary_directory.hpp"

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/exec.hpp>
#include <holdfast/runtime/exec_mark.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <poll.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Commands and their guards, with real processes.
namespace {

using holdfast::command_limits;
using holdfast::command_outcome;
using holdfast::command_runner;
using holdfast::command_spec;
using holdfast::crash::patience;
using holdfast::crash::process;

/// A pipe with a name: commands write their process ids to it, and its end is theirs. Whoever still runs holds it open, so
/// that a test can wait until nobody does.
class witness {
public:
  explicit witness(std::filesystem::path path) : path_(std::move(path)) {
    if (::mkfifo(path_.c_str(), 0600) != 0)
      throw std::runtime_error("mkfifo");
    reading_ = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  ~witness() { ::close(reading_); }
  std::string path() const { return path_.string(); }

  /// The next `count` lines; fewer when the time is up.
  std::vector<std::string> lines(std::size_t count) {
    std::vector<std::string> found;
    for (std::string line; found.size() < count && next(line);)
      found.push_back(line);
    return found;
  }
  bool next(std::string& line) {
    for (;;) {
      if (auto end = text_.find('\n'); end != text_.npos) {
        line = text_.substr(0, end);
        text_.erase(0, end + 1);
        return true;
      }
      if (!read_some() && !waits())
        return false;
    }
  }

private:
  bool waits() {
    pollfd event{reading_, POLLIN, 0};
    return ::poll(&event, 1, static_cast<int>(patience.count())) > 0;
  }
  bool read_some() {
    char buffer[512];
    auto got = ::read(reading_, buffer, sizeof buffer);
    if (got > 0)
      text_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }

  std::filesystem::path path_;
  int reading_ = -1;
  std::string text_;
};

/// Waits until the process is gone, a zombie included.
bool has_gone(pid_t process) {
  int held = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  if (held < 0)
    return errno == ESRCH;
  pollfd ends{held, POLLIN, 0};
  bool is_gone = ::poll(&ends, 1, static_cast<int>(patience.count())) == 1;
  ::close(held);
  return is_gone;
}

pid_t number(const std::string& line) {
  return static_cast<pid_t>(std::stol(line));
}

class exec_test : public testing::Test {
protected:
  std::filesystem::path folder() const { return folder_.path() / "work"; }
  std::filesystem::path mark() const { return folder() / "run-1.run"; }

  command_runner& runner(command_limits limits = {}) {
    if (!runner_)
      runner_ = std::make_unique<command_runner>(folder(), limits, HOLDFAST_PROGRAM);
    return *runner_;
  }
  std::future<command_outcome> begin(const command_spec& spec) {
    auto ended = std::make_shared<std::promise<command_outcome>>();
    auto future = ended->get_future();
    last_ = "run-" + std::to_string(++runs_);
    runner().start(last_, spec,
                   [ended](command_outcome outcome) { ended->set_value(std::move(outcome)); });
    return future;
  }
  static command_outcome end_of(std::future<command_outcome>& future) {
    if (future.wait_for(patience) != std::future_status::ready)
      throw std::runtime_error("the command does not end");
    return future.get();
  }
  command_outcome run(const command_spec& spec) {
    auto future = begin(spec);
    return end_of(future);
  }
  command_outcome shell(const std::string& script) {
    return run({{"sh", "-c", script}, {}, {}, {}});
  }

  holdfast::test::temporary_directory folder_;
  std::unique_ptr<command_runner> runner_;
  std::string last_;
  int runs_ = 0;
};

TEST_F(exec_test, TellsStatusOutputAndTime) {
  auto good = shell("echo one; echo two >&2");
  EXPECT_EQ(good.exit_status, 0);
  EXPECT_EQ(good.output, "one\ntwo\n");
  EXPECT_EQ(good.output_bytes, 8u);
  EXPECT_EQ(good.output_file, "");
  EXPECT_GT(good.seconds, 0);
  EXPECT_TRUE(good.is_good());

  auto bad = shell("echo first; echo no such page; exit 3");
  EXPECT_EQ(bad.exit_status, 3);
  EXPECT_EQ(describe_end(bad), "exit status 3: no such page");

  auto killed = shell("kill -SEGV $$");
  EXPECT_EQ(killed.exit_status, -1);
  EXPECT_EQ(killed.signal, SIGSEGV);
  EXPECT_EQ(describe_end(killed), "ended by signal 11 (Segmentation fault)");
  EXPECT_TRUE(std::filesystem::is_empty(folder())) << "a run left a file behind";
}

TEST_F(exec_test, GivesInputDirectoryAndEnvironmentAndNothingElse) {
  auto folder = std::filesystem::canonical(folder_.path()).string();
  EXPECT_EQ(run({{"cat"}, {}, {}, "given\n"}).output, "given\n");
  EXPECT_EQ(run({{"cat"}, {}, {}, {}}).output, "");
  EXPECT_EQ(run({{"pwd", "-P"}, folder, {}, {}}).output, folder + "\n");
  EXPECT_EQ(run({{"printenv", "HOLDFAST_ITEM"}, {}, {{"HOLDFAST_ITEM", "a-1"}}, {}}).output,
            "a-1\n");
  // Three descriptors and the one that lists them; no signal blocked or ignored; a session of its own.
  EXPECT_EQ(run({{"ls", "/proc/self/fd"}, {}, {}, {}}).output, "0\n1\n2\n3\n");
  auto signals = run({{"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"}, {}, {}, {}}).output;
  EXPECT_EQ(signals, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_EQ(shell("test $$ = $(ps -o sid= -p $$) && test $$ = $(ps -o pgid= -p $$)").exit_status,
            0);
}

TEST_F(exec_test, WhatCannotBeRunIsOneSentence) {
  auto missing = run({{"no-such-program-here", "x"}, {}, {}, {}});
  EXPECT_EQ(missing.exit_status, 127);
  EXPECT_EQ(describe_end(missing), "there is no program 'no-such-program-here'");
  auto forbidden = run({{"/etc/passwd"}, {}, {}, {}});
  EXPECT_EQ(forbidden.exit_status, 126);
  EXPECT_EQ(describe_end(forbidden), "the program '/etc/passwd' cannot be run: Permission denied");
  auto lost = run({{"true"}, "/no/such/folder", {}, {}});
  EXPECT_EQ(lost.exit_status, 126);
  EXPECT_EQ(describe_end(lost),
            "the directory /no/such/folder cannot be entered: No such file or directory");
  EXPECT_THROW(begin({{}, {}, {}, {}}), holdfast::error);
  EXPECT_THROW(runner().start("../out", {{"true"}, {}, {}, {}}, {}), holdfast::error);
  EXPECT_EQ(runner().running(), 0u);
}

TEST_F(exec_test, KeepsTheEndInMemoryAndTheRestInAFile) {
  runner({.tail_bytes_max = 1000, .file_bytes_max = 100'000});
  auto outcome = shell("seq 1 5000");
  std::string all;
  for (int i = 1; i <= 5000; ++i)
    all += std::to_string(i) + "\n";
  EXPECT_EQ(outcome.output, all.substr(all.size() - 1000));
  EXPECT_EQ(outcome.output_bytes, all.size());
  EXPECT_FALSE(outcome.is_cut);
  std::ifstream file(outcome.output_file);
  std::stringstream content;
  content << file.rdbuf();
  EXPECT_EQ(content.str(), all);
}

TEST_F(exec_test, TheOldestFilesMakeRoomForNewOnes) {
  runner({.tail_bytes_max = 10, .file_bytes_max = 1000, .folder_bytes_max = 2500});
  std::vector<std::string> files;
  for (int i = 0; i < 4; ++i)
    files.push_back(shell("head -c 2000 /dev/zero").output_file);
  EXPECT_FALSE(std::filesystem::exists(files[0]));
  EXPECT_FALSE(std::filesystem::exists(files[1]));
  EXPECT_TRUE(std::filesystem::exists(files[2]));
  EXPECT_TRUE(std::filesystem::exists(files[3]));
}

TEST_F(exec_test, MuchOutputCostsNeitherMemoryNorDisk) {
  constexpr std::uint64_t much = 200u << 20;
  auto outcome = shell("head -c 209715200 /dev/zero; grep VmHWM /proc/$PPID/status");
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_GT(outcome.output_bytes, much);
  EXPECT_TRUE(outcome.is_cut);
  EXPECT_EQ(std::filesystem::file_size(outcome.output_file), command_limits{}.file_bytes_max);
  EXPECT_EQ(outcome.output.size(), command_limits{}.tail_bytes_max);
  // The guard's peak, in kB, as its child saw it: less than the output, although AddressSanitizer takes much of it.
  auto at = outcome.output.find("VmHWM:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LT(std::stol(outcome.output.substr(at + 6)), 160'000);
}

TEST_F(exec_test, StopEndsAllThatTheCommandStarted) {
  witness seen(folder_.path() / "seen");
  // A child, a grandchild in the background, and one that left the session.
  auto future = begin({{"sh", "-c",
                        "exec 3>" + seen.path()
                            + "; sh -c 'echo $$ >&3; sleep 1000' & "
                              "sh -c 'sh -c \"echo \\$\\$ >&3; sleep 1000\" & sleep 1000' & "
                              "setsid sh -c 'echo $$ >&3; sleep 1000' & wait"},
                       {},
                       {},
                       {}});
  auto started = seen.lines(3);
  ASSERT_EQ(started.size(), 3u);
  runner().stop(last_);
  auto outcome = end_of(future);
  EXPECT_EQ(outcome.signal, SIGTERM);
  for (auto& line : started)
    EXPECT_TRUE(has_gone(number(line))) << line;
}

TEST_F(exec_test, SigtermIsAnsweredInTimeOrFollowedBySigkill) {
  runner({.grace = std::chrono::milliseconds(200)});
  witness seen(folder_.path() / "seen");
  auto script =
      "trap 'echo tidied; exit 4' TERM; echo up >" + seen.path() + "; while :; do sleep 0.01; done";
  auto polite = begin({{"sh", "-c", script}, {}, {}, {}});
  ASSERT_EQ(seen.lines(1).size(), 1u);
  runner().stop(last_);
  auto tidied = end_of(polite);
  EXPECT_EQ(tidied.exit_status, 4);
  // The whole group hears it: the shell may tell of the child that it was waiting for.
  EXPECT_TRUE(tidied.output.ends_with("tidied\n")) << tidied.output;

  auto deaf =
      begin({{"sh", "-c", "trap '' TERM; echo up >" + seen.path() + "; while :; do sleep 1; done"},
             {},
             {},
             {}});
  ASSERT_EQ(seen.lines(1).size(), 1u);
  runner().stop(last_);
  EXPECT_EQ(end_of(deaf).signal, SIGKILL);
}

TEST_F(exec_test, WhatACommandLeavesBehindEndsWithinTheGrace) {
  runner({.grace = std::chrono::milliseconds(100)});
  witness seen(folder_.path() / "seen");
  auto outcome =
      shell("(echo $(exec sh -c 'echo $PPID') >" + seen.path() + "; sleep 1000; :) & echo through");
  EXPECT_EQ(outcome.exit_status, 0);
  EXPECT_EQ(outcome.output, "through\n");
  auto left = seen.lines(1);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_TRUE(has_gone(number(left[0])));
  // But what comes to its own end in that time is heard.
  runner_.reset();
  runner();
  EXPECT_EQ(shell("seq 1 300000 | tail -n 1 & echo early").output, "early\n300000\n");
}

TEST_F(exec_test, AKilledGuardTakesItsCommandAlong) {
  witness seen(folder_.path() / "seen");
  auto future = begin({{"sh", "-c",
                        "setsid sh -c 'echo $$ >" + seen.path() + "; sleep 1000' & echo $PPID >"
                            + seen.path() + "; wait"},
                       {},
                       {},
                       {}});
  auto told = seen.lines(2);
  ASSERT_EQ(told.size(), 2u);
  for (auto& line : told)
    if (auto facts = holdfast::facts_of_process(number(line)); facts)
      if (std::ifstream name("/proc/" + line + "/comm"); name.good()) {
        std::string comm;
        name >> comm;
        if (comm != "sh")
          ::kill(number(line), SIGKILL);  // the guard
      }
  auto outcome = end_of(future);
  EXPECT_EQ(describe_end(outcome), "the guard of the command was killed, and the command with it");
  for (auto& line : told)
    EXPECT_TRUE(has_gone(number(line)));
  EXPECT_TRUE(std::filesystem::is_empty(folder()));
}

TEST_F(exec_test, TheEndOfTheRunnerEndsItsCommands) {
  witness seen(folder_.path() / "seen");
  auto future = begin(
      {{"sh", "-c", "trap '' TERM; echo $$ >" + seen.path() + "; sleep 1000; :"}, {}, {}, {}});
  auto started = seen.lines(1);
  ASSERT_EQ(started.size(), 1u);
  runner_.reset();
  EXPECT_EQ(end_of(future).signal, SIGKILL);
  EXPECT_TRUE(has_gone(number(started[0])));
}

TEST_F(exec_test, KillNineOfTheRunnerEndsItsCommands) {
  witness seen(folder_.path() / "seen");
  auto script = "echo $$ >" + seen.path() + "; setsid sh -c 'echo $$ >" + seen.path()
                + "; trap \"\" TERM; sleep 1000; :' & wait";
  process killed({HOLDFAST_EXEC_PROCESS, folder().string(), HOLDFAST_PROGRAM, "sh", "-c", script},
                 process::how{});
  auto started = seen.lines(2);
  ASSERT_EQ(started.size(), 2u);
  killed.kill();
  for (auto& line : started)
    EXPECT_TRUE(has_gone(number(line))) << line;
}

TEST_F(exec_test, ARestartEndsWhatItsDeadGuardsLeft) {
  witness seen(folder_.path() / "seen");
  // One that hides from its parents: another session, and no command around it any more.
  auto script = "setsid sh -c 'echo $$ >" + seen.path() + "; sleep 1000; :' & echo $PPID >"
                + seen.path() + "; wait";
  std::vector<std::string> command{
      HOLDFAST_EXEC_PROCESS, folder().string(), HOLDFAST_PROGRAM, "sh", "-c", script};
  process first(command, process::how{});
  auto started = seen.lines(2);
  ASSERT_EQ(started.size(), 2u);
  first.signal(SIGSTOP);  // it cannot see the guard's end
  pid_t guard = 0, hidden = 0;
  for (auto& line : started)
    (holdfast::facts_of_process(number(line))->group == number(line)
             && std::ifstream("/proc/" + line + "/environ").good()
             && std::filesystem::read_symlink("/proc/" + line + "/exe")
                    == std::filesystem::canonical(HOLDFAST_PROGRAM)
         ? guard
         : hidden) = number(line);
  ASSERT_NE(guard, 0);
  ::kill(guard, SIGKILL);
  ASSERT_TRUE(holdfast::facts_of_process(hidden));
  first.kill();
  EXPECT_TRUE(std::filesystem::exists(mark()));

  runner();
  EXPECT_EQ(runner().leftovers(), 1u);
  EXPECT_TRUE(has_gone(hidden));
  EXPECT_FALSE(std::filesystem::exists(mark()));
}

TEST_F(exec_test, LooksAgainAndAgainWhileACommandRuns) {
  runner({.look_every = std::chrono::milliseconds(5)});
  std::promise<void> often;
  std::promise<command_outcome> ended;
  int looks = 0;
  bool is_over = false, is_late = false;
  runner().start(
      "looked-at", {{"sleep", "1000"}, {}, {}, {}},
      [&](command_outcome outcome) {
        is_over = true;
        ended.set_value(std::move(outcome));
      },
      [&] {
        is_late |= is_over;
        if (++looks == 3)
          often.set_value();
      });
  ASSERT_EQ(often.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_EQ(shell("echo beside").output, "beside\n");
  runner().stop("looked-at");
  auto end = ended.get_future();
  EXPECT_EQ(end_of(end).signal, SIGTERM);
  EXPECT_EQ(shell("echo behind").output, "behind\n");
  runner_.reset();
  EXPECT_FALSE(is_late) << "it was looked at behind its end";
}

TEST_F(exec_test, ManyAtATime) {
  std::vector<std::future<command_outcome>> all;
  for (int i = 0; i < 50; ++i)
    all.push_back(begin({{"sh", "-c", "echo " + std::to_string(i)}, {}, {}, {}}));
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(end_of(all[static_cast<std::size_t>(i)]).output, std::to_string(i) + "\n");
}

}  // namespace
