#include <holdfast/runtime/fault_plan.hpp>
#include <holdfast/runtime/story_shrink.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

// Plans that seeds made up: everything may break, and what was accepted ends all the same.
namespace holdfast {
namespace {

using namespace std::chrono_literals;

story_result run(std::uint64_t seed, std::string_view faults = {}) {
  fault_plan_options options;
  options.seed = seed;
  if (!faults.empty())
    set_fault_kinds(options, faults);
  return tell(make_fault_plan(options).acts, {});
}

std::string told(const story_result& result) {
  std::string text;
  for (auto& line : result.transcript)
    text += line + "\n";
  return text;
}

class fault_plans : public testing::TestWithParam<std::uint64_t> {};

TEST_P(fault_plans, EndWellAndTwiceTheSameWay) {
  auto first = run(GetParam());
  EXPECT_EQ(first.end, story_end::good) << told(first);
  auto second = run(GetParam());
  EXPECT_EQ(first.fingerprint, second.fingerprint);
  EXPECT_EQ(first.transcript, second.transcript);
  EXPECT_EQ(first.numbers.steps, second.numbers.steps);
}

INSTANTIATE_TEST_SUITE_P(seeds, fault_plans, testing::Range<std::uint64_t>(1, 21));

TEST(fault_plan, AStoryIsReadAsItIsWritten) {
  auto plan = make_fault_plan({.seed = 5}).acts;
  auto text = to_text(plan);
  auto read = parse_story(text, "plan");
  EXPECT_EQ(to_text(read), text);
  EXPECT_EQ(read.acts, plan.acts);
}

TEST(fault_plan, AnActWithoutItsNumberIsPassedOver) {
  auto result = tell(parse_story("node a controller\n1s submit a a soon\n", "typo"), {});
  EXPECT_EQ(result.end, story_end::good) << told(result);
  EXPECT_NE(told(result).find("'soon' is no number that fits here"), std::string::npos);
}

// The checks bite: a disk that says "synced" and forgets is found out, at the source and at the target.
TEST(fault_plan, ADiskThatLiesIsFoundOut) {
  auto told_of = [](const char* liar) {
    std::string name = liar;
    auto text = "node b\nnode a peers=b\n1s lying_disk " + name + " 2\n2s queue a b\n" + "2s crash "
                + name + "\n3s restart " + name + "\n";
    return tell(parse_story(text, "canary"), {});
  };
  auto source = told_of("a");
  EXPECT_EQ(source.end, story_end::safety) << told(source);
  ASSERT_FALSE(source.findings.empty());
  EXPECT_EQ(source.findings[0].substr(0, 4), "J1 a");
  int found = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    found += run(seed, "lying_disk,crash").end == story_end::safety ? 1 : 0;
  EXPECT_GT(found, 0);
}

TEST(fault_plan, AFailingStoryShrinksToWhatItNeeds) {
  fault_plan_options options;
  options.seed = 1;
  set_fault_kinds(options, "lying_disk,crash,freeze,delay");
  while (tell(make_fault_plan(options).acts, {}).end != story_end::safety && options.seed < 40)
    ++options.seed;
  auto plan = make_fault_plan(options).acts;
  auto failed = tell(plan, {});
  ASSERT_EQ(failed.end, story_end::safety);
  story_failure failure(plan, failed, {});
  auto left = shrink(plan, [&](const story& smaller) { return failure.is_in(smaller); });
  EXPECT_TRUE(left.is_minimal);
  EXPECT_LE(left.smallest.acts.size(), 8u) << to_text(left.smallest);
  EXPECT_LE(left.smallest.nodes.size(), 3u) << to_text(left.smallest);
  EXPECT_TRUE(failure.is_in(parse_story(to_text(left.smallest), "shrunk")));
}

}  // namespace
}  // namespace holdfast
