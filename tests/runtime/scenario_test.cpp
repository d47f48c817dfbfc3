#include <holdfast/runtime/simulation_story.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

// The files of tests/scenarios: each tells one failure, why it matters, and what comes of it. `holdfast sim --scenario FILE
// --rewrite` writes a transcript anew; whoever does that reads what has changed.
namespace holdfast {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view mark = "\n---\n";

fs::path folder() {
  return fs::path(HOLDFAST_SOURCE_DIR) / "tests" / "scenarios";
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> names;
  for (auto& entry : fs::directory_iterator(folder()))
    if (entry.path().extension() == ".txt")
      names.push_back(entry.path().stem().string());
  std::sort(names.begin(), names.end());
  return names;
}

std::string text_of(const std::string& name) {
  std::ifstream in(folder() / (name + ".txt"));
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (auto& line : lines)
    text += line + "\n";
  return text;
}

class scenarios : public testing::TestWithParam<std::string> {};

TEST_P(scenarios, AreToldTwiceTheSameWayAndAsTheirTranscript) {
  auto text = text_of(GetParam());
  auto at = text.find(mark);
  ASSERT_NE(at, std::string::npos) << "no transcript: run holdfast sim --scenario FILE --rewrite";
  auto what = parse_story(text, GetParam());
  auto first = tell(what, {});
  auto second = tell(what, {});
  EXPECT_EQ(first.fingerprint, second.fingerprint);
  EXPECT_EQ(first.numbers.steps, second.numbers.steps);
  EXPECT_EQ(first.transcript, second.transcript);
  EXPECT_EQ(joined(first.transcript), text.substr(at + mark.size()));
}

TEST_P(scenarios, AreShortAndSayWhy) {
  auto text = text_of(GetParam());
  EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 60);
  EXPECT_EQ(text.substr(0, 2), "# ");
  EXPECT_GE(parse_story(text, GetParam()).why.size(), 80u) << "say what is at stake";
}

/// Only what calls itself that may end otherwise than well.
TEST_P(scenarios, EndWellUnlessTheySayThatTheyFail) {
  auto text = text_of(GetParam());
  auto last = text.rfind('\n', text.size() - 2) + 1;
  bool is_failure = text.find("An expected failure.") != std::string::npos;
  EXPECT_TRUE(text.substr(last).starts_with(is_failure ? "safety: " : "good: "))
      << text.substr(last);
}

INSTANTIATE_TEST_SUITE_P(files, scenarios, testing::ValuesIn(scenario_names()),
                         [](auto& file) { return file.param; });

TEST(scenario_files, ThereAreAtLeastFifteen) {
  EXPECT_GE(scenario_names().size(), 15u);
}

// What a transcript does not show: the item of a worker that stands still was taken from it, once.
TEST(scenario_files, TheItemOfAFrozenWorkerMoves) {
  auto result = tell(parse_story(text_of("frozen_worker_is_late"), "frozen"), {});
  EXPECT_EQ(result.moved, 1u);
  EXPECT_EQ(result.done, 1u);
}

}  // namespace
}  // namespace holdfast
