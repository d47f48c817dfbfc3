#include "tests/crash/nodes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>

// Journals that do not fit each other any more: found in the handshake, refused on both sides with one sentence, nothing
// eaten, and what the sentence tells the operator to do works.

namespace holdfast::crash {
namespace {

using list = std::vector<std::int64_t>;

list range(std::int64_t first, std::int64_t last) {
  list all;
  for (auto n = first; n <= last; ++n)
    all.push_back(n);
  return all;
}

list joined(list front, const list& back) {
  front.insert(front.end(), back.begin(), back.end());
  return front;
}

class diverged_history : public testing::Test {
protected:
  diverged_history() : source(home, "source"), target(home, "target") { source.dials(target); }

  void SetUp() override { start_both(); }

  void start_both() { ASSERT_TRUE(target.start() && source.start()) << logs(); }

  std::string logs() const { return source.errors() + target.errors(); }

  void queue(const test_node& from, const list& numbers, const std::string& method,
             const std::string& mailbox) const {
    auto file = home.folder() / "calls.jsonl";
    {
      std::ofstream out(file);
      for (auto n : numbers)
        out << R"({"to":"target","method":")" << method << R"(","args":[")" << mailbox << "\"," << n
            << "]}\n";
    }
    auto result = from.command({"queue", "--batch", file.string()});
    ASSERT_EQ(result.status, 0) << result.err;
  }

  void append(const test_node& from, const list& numbers) const {
    queue(from, numbers, "numbers.append", "m");
  }

  list appended(const std::string& mailbox = "m") const {
    list found;
    auto answer = target.call("lists.list", {mailbox, "0", "1000"});
    for (auto& n : answer.as_array())
      found.push_back(n.as_integer());
    return found;
  }

  testing::AssertionResult becomes(const list& wanted, const std::string& mailbox = "m") const {
    if (ask_until([&] { return appended(mailbox) == wanted; }, milliseconds(30'000)))
      return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "it holds " << testing::PrintToString(appended(mailbox)) << "\n"
           << source.command({"peers"}).out << target.command({"peers"}).out << logs();
  }

  bool is_drained(const test_node& node) const {
    return ask_until([&] { return node.status("outbox") == 0; }, milliseconds(30'000));
  }

  void copy_data(const test_node& from, const std::filesystem::path& to) const {
    std::filesystem::remove_all(to);
    std::filesystem::create_directory(to);
    std::filesystem::permissions(to, std::filesystem::perms::owner_all);
    for (auto& file : std::filesystem::directory_iterator(from.data))
      if (file.is_regular_file())
        std::filesystem::copy_file(file.path(), to / file.path().filename());
  }

  void restore(const std::filesystem::path& backup, const test_node& node) const {
    std::filesystem::remove_all(node.data);
    std::filesystem::rename(backup, node.data);
  }

  static bool is_refused(const test_node& node, const std::string& peer) {
    auto line = node.peer(peer);
    auto text = text_in(line, "reason_text");
    return text_in(line, "reason") == "diverged_history"
           && text.find("diverged history between '") != text.npos
           && text.find("peers accept") != text.npos && text.find('\n') == text.npos;
  }

  testing::AssertionResult are_refused() const {
    if (ask_until([&] { return is_refused(source, "target") && is_refused(target, "source"); },
                  milliseconds(30'000)))
      return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << source.command({"peers"}).out << target.command({"peers"}).out << logs();
  }

  /// Does what the sentence says, as often as there is a new one, then has the orphans queued again.
  testing::AssertionResult take_advice(const test_node& at) const {
    std::set<std::string> taken;
    auto step = [&] {
      auto line = at.peer("target");
      if (text_in(line, "state") == "up")
        return true;
      auto text = text_in(line, "reason_text");
      std::smatch found;
      if (std::regex_search(text, found,
                            std::regex("holdfast (peers accept \\S+) --data DIR` on '(\\w+)'"))
          && taken.insert(text).second) {
        auto& node = found[2] == "target" ? target : at;
        auto name = found[2] == "target" ? "source" : "target";
        node.command({"peers", "accept", name});
        node.command({"peers", "requeue", name});
      }
      return false;
    };
    if (ask_until(step, milliseconds(60'000)))
      return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << testing::PrintToString(taken) << at.command({"peers"}).out << logs();
  }

  cluster home;
  test_node source;
  test_node target;
};

TEST_F(diverged_history, RestoredBackupOfTheSource) {
  append(source, range(1, 10));
  ASSERT_TRUE(becomes(range(1, 10)));
  ASSERT_TRUE(is_drained(source));
  ASSERT_EQ(source.stop(), 0);
  copy_data(source, home.folder() / "backup");
  ASSERT_TRUE(source.start());
  append(source, range(11, 20));
  ASSERT_TRUE(becomes(range(1, 20)));

  source.kill();
  restore(home.folder() / "backup", source);
  ASSERT_TRUE(source.start()) << logs();
  append(
      source,
      range(21, 25));  // where 11 to 15 stood before: a target that trusts its mark would eat them
  ASSERT_TRUE(are_refused());
  EXPECT_EQ(source.status("outbox"), 5);
  EXPECT_EQ(appended(), range(1, 20));

  ASSERT_TRUE(take_advice(source));
  EXPECT_TRUE(becomes(range(1, 25)));
  EXPECT_TRUE(is_drained(source));
}

TEST_F(diverged_history, RestoredBackupOfTheTarget) {
  append(source, range(1, 10));
  ASSERT_TRUE(becomes(range(1, 10)));
  ASSERT_EQ(target.stop(), 0);
  copy_data(target, home.folder() / "backup");
  ASSERT_TRUE(target.start());
  append(source, range(11, 20));
  ASSERT_TRUE(becomes(range(1, 20)));
  queue(source, range(31, 35), "held.append", "h");
  ASSERT_TRUE(ask_until([&] { return target.status("parked") == 5; })) << logs();

  target.kill();
  restore(home.folder() / "backup", target);
  target.environment["HOLDFAST_SERVE_HELD"] = "1";
  ASSERT_TRUE(target.start()) << logs();
  append(source, range(41, 45));
  ASSERT_TRUE(are_refused());
  EXPECT_EQ(source.status("outbox"), 10) << "the source is to keep what had not been executed";

  ASSERT_TRUE(take_advice(source));
  EXPECT_TRUE(becomes(range(31, 35), "h"));
  EXPECT_TRUE(becomes(joined(range(1, 10), range(41, 45))));
  EXPECT_TRUE(is_drained(source));
}

TEST_F(diverged_history, LostDiskOfTheSource) {
  append(source, range(1, 10));
  ASSERT_TRUE(becomes(range(1, 10)));
  source.kill();
  std::filesystem::remove_all(source.data);
  ASSERT_TRUE(source.start()) << logs();
  append(source, range(11, 15));
  ASSERT_TRUE(are_refused());
  EXPECT_EQ(source.status("outbox"), 5);
  ASSERT_TRUE(take_advice(source));
  EXPECT_TRUE(becomes(range(1, 15)));
  EXPECT_TRUE(is_drained(source));
}

TEST_F(diverged_history, LostDiskOfTheTarget) {
  append(source, range(1, 10));
  ASSERT_TRUE(becomes(range(1, 10)));
  queue(source, range(31, 35), "held.append", "h");
  ASSERT_TRUE(ask_until([&] { return target.status("parked") == 5; })) << logs();
  target.kill();
  std::filesystem::remove_all(target.data);
  target.environment["HOLDFAST_SERVE_HELD"] = "1";
  ASSERT_TRUE(target.start()) << logs();
  append(source, range(41, 45));
  ASSERT_TRUE(are_refused());
  ASSERT_TRUE(take_advice(source));
  EXPECT_TRUE(becomes(range(31, 35), "h"));
  EXPECT_TRUE(becomes(range(41, 45)));
  EXPECT_TRUE(is_drained(source));
}

TEST_F(diverged_history, CopiedDirectoryRunTwice) {
  append(source, range(1, 10));
  ASSERT_TRUE(becomes(range(1, 10)));
  ASSERT_TRUE(is_drained(source));
  ASSERT_EQ(source.stop(), 0);
  test_node copy(home, "source");
  copy.data = home.folder() / "copy";
  copy.dials(target);
  copy_data(source, copy.data);
  ASSERT_TRUE(source.start());
  append(source, range(11, 15));
  ASSERT_TRUE(becomes(range(1, 15)));

  // The copy is found by its start; started once more, by its marks. The true one stays linked all the time.
  for (int start = 0; start < 2; ++start) {
    ASSERT_TRUE(copy.start()) << logs();
    append(copy, {101 + start});
    ASSERT_TRUE(ask_until([&] { return is_refused(copy, "target"); }))
        << copy.command({"peers"}).out << logs();
    EXPECT_EQ(copy.status("outbox"), 1 + start);
    append(source, {16 + start});
    EXPECT_TRUE(becomes(range(1, 16 + start)));
    EXPECT_EQ(copy.stop(), 0);
  }
  std::ifstream log(home.folder() / "target.log");
  std::string text(std::istreambuf_iterator<char>(log), {});
  EXPECT_NE(text.find("diverged history between"), text.npos) << text;

  // The operator decides for the copy.
  ASSERT_EQ(source.stop(), 0);
  ASSERT_TRUE(copy.start());
  ASSERT_TRUE(take_advice(copy));
  EXPECT_TRUE(becomes(joined(range(1, 17), {101, 102})));
  EXPECT_TRUE(is_drained(copy));
}

}  // namespace
}  // namespace holdfast::crash
