#include "examples/demo/comparison.hpp"
#include "tests/persistence/temporary_directory.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <string>
#include <sys/wait.h>

// The demo proves something only if it would also say that something is wrong.

namespace {

using demo::file_row;
using demo::measurement;
using holdfast::test::temporary_directory;

const demo::plain_pass files{{"/a", {1, "aa"}}, {"/b", {2, "bb"}}};

std::vector<file_row> equal_rows() {
  return {{"/a", {1, "aa"}, 1, 1}, {"/b", {2, "bb"}, 1, 1}};
}

struct finished {
  int status = -1;
  std::string output;
};

finished run_demo(const std::string& arguments) {
  auto command = std::string(HOLDFAST_DEMO) + " " + arguments + " 2>&1";
  finished result;
  auto* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> block{};
  while (auto count = fread(block.data(), 1, block.size(), pipe))
    result.output.append(block.data(), count);
  auto status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

void fill(const std::filesystem::path& tree, int folders, int files_each) {
  for (int folder = 0; folder < folders; ++folder) {
    auto path = tree / std::to_string(folder);
    std::filesystem::create_directory(path);
    for (int file = 0; file < files_each; ++file)
      std::ofstream(path / std::to_string(file))
          << std::string(static_cast<std::size_t>(folder * file), 'x');
  }
}

/// The figure of a line of the report.
std::string figure_of(const std::string& output, const std::string& name) {
  auto line = output.find("\n  " + name + "  ");
  if (line == output.npos)
    return "no line '" + name + "' in:\n" + output;
  auto from = output.find_first_not_of(' ', line + 3 + name.size());
  return output.substr(from, output.find(' ', from) - from);
}

}  // namespace

TEST(Comparison, FindsNothingInEqualTables) {
  auto found = demo::compare(files, equal_rows());
  EXPECT_TRUE(found.is_equal());
  EXPECT_EQ(found.repeated, 0u);
  EXPECT_TRUE(found.examples.empty());
}

TEST(Comparison, CountsMissingFiles) {
  auto rows = equal_rows();
  rows.pop_back();
  auto found = demo::compare(files, rows);
  EXPECT_EQ(found.missing, 1u);
  EXPECT_FALSE(found.is_equal());
  EXPECT_EQ(found.examples, std::vector<std::string>{"/b: is not in the table"});
}

TEST(Comparison, CountsWhatTookEffectTwice) {
  auto rows = equal_rows();
  rows[0].times = 2;
  EXPECT_EQ(demo::compare(files, rows).twice, 1u);
  rows = equal_rows();
  rows.push_back(rows[0]);
  EXPECT_EQ(demo::compare(files, rows).twice, 1u);
  EXPECT_FALSE(demo::compare(files, rows).is_equal());
}

TEST(Comparison, CountsOtherSizesDigestsAndFiles) {
  for (auto& wrong : {file_row{"/a", {3, "aa"}, 1, 1}, file_row{"/a", {1, "ab"}, 1, 1}}) {
    auto rows = equal_rows();
    rows[0] = wrong;
    auto found = demo::compare(files, rows);
    EXPECT_EQ(found.different, 1u);
    EXPECT_EQ(found.missing, 0u);
  }
  auto rows = equal_rows();
  rows.push_back({"/c", {1, "cc"}, 1, 1});
  EXPECT_EQ(demo::compare(files, rows).different, 1u);
}

TEST(Comparison, SuccessAtALaterAttemptIsNoDifference) {
  auto rows = equal_rows();
  rows[1].attempt = 2;
  auto found = demo::compare(files, rows);
  EXPECT_TRUE(found.is_equal());
  EXPECT_EQ(found.repeated, 1u);
}

TEST(WorkEnds, AreGoodWhenBothAccountsAgree) {
  demo::work_ends ends{2, 2, 2, 2, demo::compare(files, equal_rows())};
  EXPECT_EQ(ends.lost(), 0u);
  EXPECT_EQ(ends.twice(), 0u);
  EXPECT_TRUE(ends.is_good());
}

TEST(WorkEnds, EitherAccountCanTellThatAnItemIsLost) {
  EXPECT_EQ((demo::work_ends{2, 2, 1, 1, demo::compare(files, equal_rows())}.lost()), 1u);
  auto rows = equal_rows();
  rows.pop_back();
  demo::work_ends unheard{2, 2, 2, 2, demo::compare(files, rows)};
  EXPECT_EQ(unheard.lost(), 1u);
  EXPECT_FALSE(unheard.is_good());
}

TEST(WorkEnds, EitherAccountCanTellThatAnItemEndedTwice) {
  EXPECT_EQ((demo::work_ends{2, 2, 2, 3, demo::compare(files, equal_rows())}.twice()), 1u);
  auto rows = equal_rows();
  rows[0].times = 2;
  demo::work_ends heard_twice{2, 2, 2, 2, demo::compare(files, rows)};
  EXPECT_EQ(heard_twice.twice(), 1u);
  EXPECT_FALSE(heard_twice.is_good());
}

TEST(WorkEnds, AnItemThatNobodySubmittedIsNotGood) {
  EXPECT_FALSE((demo::work_ends{2, 3, 2, 2, demo::compare(files, equal_rows())}.is_good()));
}

TEST(Demo, LosesNothingInASmallTree) {
  temporary_directory tree;
  fill(tree.path(), 10, 40);
  auto result = run_demo("--items 0 --kills 3 --seed 7 '" + tree.path().string() + "'");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("Equal: both tables"), result.output.npos) << result.output;
  EXPECT_NE(result.output.find("kill -9                 8"), result.output.npos) << result.output;
}

TEST(Demo, EndsEachItemOnceWhoeverIsKilled) {
  temporary_directory tree;
  fill(tree.path(), 4, 25);
  auto result =
      run_demo("--files 20 --items 100 --kills 2 --seed 7 '" + tree.path().string() + "'");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("Equal: every item ended once"), result.output.npos)
      << result.output;
  auto part = result.output.substr(result.output.find("Work that moves"));
  EXPECT_EQ(figure_of(part, "items"), "100");
  EXPECT_EQ(figure_of(part, "kill -9"), "11");  // 2 and 1 of the controller, 4 and 4 of workers
  EXPECT_EQ(figure_of(part, "frozen"), "1");
  EXPECT_EQ(figure_of(part, "lost"), "0");
  EXPECT_EQ(figure_of(part, "done twice"), "0");
  EXPECT_EQ(figure_of(part, "different"), "0");
}

TEST(Demo, RefusesAFolderWithoutFiles) {
  temporary_directory tree;
  auto result = run_demo("'" + tree.path().string() + "'");
  EXPECT_NE(result.status, 0);
  EXPECT_NE(result.output.find("no files below"), result.output.npos) << result.output;
}
