#include "tests/crash/methods.hpp"
#include "tests/crash/work_site.hpp"

#include <gtest/gtest.h>

#include <fstream>

// What is too much, or not true: one clear sentence each, and nothing lost.

namespace holdfast::crash {
namespace {

/// The program, its store and its caches; with AddressSanitizer several times as much. A gigabyte it is not.
constexpr std::int64_t memory_kb_max = 400'000;

class work_input : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_TRUE(site.hub().start()) << site.hub().errors();
    ASSERT_TRUE(first.start()) << first.errors();
  }

  void check_still_works() {
    auto id = site.submit({}, {"sh", "-c", "echo $HOLDFAST_WORKER"});
    EXPECT_TRUE(site.comes_to(id, "done")) << site.story(id);
    EXPECT_EQ(site.output(id), "w1\n");
    EXPECT_EQ(number_in(site.counts(), "rolled_back"), 0);
  }

  static std::int64_t count_lines(const std::string& text, const std::string& part) {
    std::istringstream in(text);
    std::int64_t count = 0;
    for (std::string line; std::getline(in, line);)
      count += line.find(part) != line.npos ? 1 : 0;
    return count;
  }

  work_site site;
  test_node& first = site.add_worker("w1");
};

// The command's parent is the process that reads what it writes: its last line is what that one took of memory.
TEST_F(work_input, AGigabyteOfOutputCostsNeitherMemoryNorDisk) {
  auto id = site.submit({}, {"sh", "-c",
                             "yes holdfast | head -c 1073741824; echo; "
                             "grep VmHWM /proc/$PPID/status"});
  ASSERT_TRUE(site.comes_to(id, "done")) << site.story(id);
  auto item = site.item(id);
  auto result = item.as_dict().at("result");
  auto output = text_in(result, "output");
  auto reader_kb = output.rfind("VmHWM:");
  ASSERT_NE(reader_kb, output.npos) << output.substr(output.size() - 100);
  EXPECT_LT(std::stoll(output.substr(reader_kb + 6)), memory_kb_max);
  EXPECT_LE(output.size(), 64u << 10);
  EXPECT_GT(number_in(result, "output_bytes"), 1 << 30);
  EXPECT_EQ(std::filesystem::file_size(text_in(result, "output_file")), 64u << 20);
  EXPECT_EQ(result.as_dict().at("is_cut"), value(true));
  EXPECT_LT(memory_of(first.run().id(), "VmHWM"), memory_kb_max);
  EXPECT_LT(memory_of(site.hub().run().id(), "VmHWM"), memory_kb_max);
  check_still_works();
}

TEST_F(work_input, AResultThatIsTooLargeFailsItsItemAlone) {
  test_node& maker = site.add_node("maker");
  maker.environment["HOLDFAST_WORKS_FOR"] = "hub";
  ASSERT_TRUE(maker.start()) << maker.errors();
  auto small = site.submit_method({}, make_text.name(), {"5"});
  auto large = site.submit_method({"--attempts", "1"}, make_text.name(), {"3000000"});
  EXPECT_TRUE(site.comes_to(large, "failed")) << site.story(large);
  auto text = text_in(site.item(large), "text");
  EXPECT_NE(text.find("3000009 bytes; at most 2097152"), text.npos) << text;
  EXPECT_EQ(count_lines(text, ""), 1) << text;
  EXPECT_TRUE(site.comes_to(small, "done")) << site.story(small);
  EXPECT_EQ(maker.peer("hub").is_null(), false);
  check_still_works();
}

TEST_F(work_input, ArgumentsThatAreTooLargeAreRefusedWhereTheyAreSubmitted) {
  auto file = (site.folder() / "input").string();
  std::ofstream(file) << std::string(3'000'000, 'x');
  auto refused = run_command({HOLDFAST_CRASH_NODE, "submit", "--data", site.hub().data.string(),
                              "--input", file, "--", "cat"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_EQ(count_lines(refused.err, ""), 1) << refused.err;
  EXPECT_NE(refused.err.find("a work item carries at most 2097152"), refused.err.npos)
      << refused.err;
  check_still_works();
}

TEST_F(work_input, NoTimeAtAllIsATimeToo) {
  auto id = site.submit({"--grace", "0s", "--back-off", "0s", "--stop-alone", "0s"}, {"true"});
  EXPECT_TRUE(site.comes_to(id, "done")) << site.story(id);
  auto never = run_command({HOLDFAST_CRASH_NODE, "submit", "--data", site.hub().data.string(),
                            "--timeout", "0s", "--", "true"});
  EXPECT_EQ(never.status, 1);
  EXPECT_EQ(count_lines(never.err, "'timeout' is more than nothing"), 1) << never.err;
}

// The name belongs to the store that had it first, while that one is there.
TEST_F(work_input, ALiveWorkersNameIsRefusedToAnotherOne) {
  auto id = site.submit_held("job", {"--grace", "0s"});
  ASSERT_TRUE(site.is_held("job", "w1"));
  auto& other = site.add_worker("w1", {"--slots", "8"});
  other.data = site.folder() / "other";
  ASSERT_TRUE(other.start()) << other.errors();
  auto refusals = [&] { return count_lines(tail_of(other.log_file(), 200), "refused"); };
  ASSERT_TRUE(ask_until([&] { return refusals() > 0; })) << other.errors();
  EXPECT_EQ(refusals(), 1) << other.errors();
  EXPECT_EQ(count_lines(tail_of(other.log_file(), 200), "w1"), 1) << other.errors();
  EXPECT_EQ(number_in(site.worker("w1"), "slots"), 1);
  EXPECT_EQ(site.state(id), "running");
  ASSERT_TRUE(site.let_go("job", "w1"));
  EXPECT_TRUE(site.comes_to(id, "done")) << site.story(id);
  EXPECT_EQ(site.outside(), (work_site::words{"begin job w1", "end job w1"}));
  check_still_works();
}

}  // namespace
}  // namespace holdfast::crash
