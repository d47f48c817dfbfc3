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

TEST(Demo, LosesNothingInASmallTree) {
  temporary_directory tree;
  for (int folder = 0; folder < 10; ++folder) {
    auto path = tree.path() / std::to_string(folder);
    std::filesystem::create_directory(path);
    for (int file = 0; file < 40; ++file)
      std::ofstream(path / std::to_string(file))
          << std::string(static_cast<std::size_t>(folder * file), 'x');
  }
  auto result = run_demo("--kills 3 --seed 7 '" + tree.path().string() + "'");
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("Equal: both tables"), result.output.npos) << result.output;
  EXPECT_NE(result.output.find("kill -9                 8"), result.output.npos) << result.output;
}

TEST(Demo, RefusesAFolderWithoutFiles) {
  temporary_directory tree;
  auto result = run_demo("'" + tree.path().string() + "'");
  EXPECT_NE(result.status, 0);
  EXPECT_NE(result.output.find("no files below"), result.output.npos) << result.output;
}
