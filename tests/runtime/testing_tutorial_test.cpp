#include "examples/testing_tutorial/till.hpp"

#include <holdfast/runtime/fault_plan.hpp>
#include <holdfast/runtime/story_shrink.hpp>

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

// What docs/testing.md shows: the tests of a cluster of one's own, and a bug that they find.
namespace {

using namespace std::chrono_literals;

const std::vector<std::string> nothing;

holdfast::simulation::setup_function shop(bool is_bug_planted) {
  return [=](holdfast::node& node) { set_up_shop(node, is_bug_planted); };
}

// By hand: one fault, at the moment that one thought of.
TEST(testing_tutorial, PaymentsAreBookedThroughACrashOfTheOffice) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    holdfast::simulation sim({.seed = seed});
    sim.add("office", shop(false));
    sim.add("till", shop(false), {.peers = {"office"}});
    sim.advance(1s);
    sim.queue("till", "till", pay, 1, 250);
    sim.advance(std::chrono::milliseconds(seed));
    sim.crash("office");
    sim.queue("till", "till", pay, 2, 400);
    sim.restart("office");
    EXPECT_TRUE(sim.settle()) << sim.replay();
    EXPECT_EQ(sim.check(), nothing) << sim.replay();
    EXPECT_EQ(not_booked(sim), nothing) << sim.replay();
  }
}

// From a seed: payments by hand, and faults that nobody thought of.
holdfast::story busy_day(std::uint64_t seed) {
  auto day = holdfast::parse_story("node office\nnode till peers=office\n", "busy day");
  day.seed = seed;
  for (int receipt = 1; receipt <= 40; ++receipt)
    day.acts.push_back(
        {receipt * 500ms, "queue till till till.pay " + std::to_string(receipt) + " 250"});
  holdfast::fault_plan_options faults{.seed = seed, .length = 20s};
  holdfast::set_fault_kinds(faults, "crash,freeze,partition,delay");
  holdfast::add_faults(day, faults);
  return day;
}

holdfast::story_options options_of(bool is_bug_planted) {
  return {.setup = shop(is_bug_planted), .check_at_end = not_booked};
}

holdfast::story kept_story() {
  std::ifstream file(HOLDFAST_KEPT_STORY);
  std::ostringstream text;
  text << file.rdbuf();
  return holdfast::parse_story(text.str(), HOLDFAST_KEPT_STORY);
}

std::string told(const holdfast::story& day, const holdfast::story_result& result) {
  std::string text = "seed " + std::to_string(day.seed) + "\n";
  for (auto& line : result.transcript)
    text += line + "\n";
  return text;
}

TEST(testing_tutorial, PaymentsAreBookedWhateverBreaks) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    auto day = busy_day(seed);
    auto result = tell(day, options_of(false));
    ASSERT_EQ(result.end, holdfast::story_end::good) << told(day, result);
  }
}

// The bug is found, is the same in every run of its seed, and what is left of its story fails from a file again.
TEST(testing_tutorial, ThePlantedBugIsFoundAndShrunk) {
  auto planted = options_of(true);
  std::uint64_t seed = 1;
  while (seed < 100 && tell(busy_day(seed), planted).end == holdfast::story_end::good)
    ++seed;
  auto day = busy_day(seed);
  auto failed = tell(day, planted);
  ASSERT_EQ(failed.end, holdfast::story_end::safety) << "not found in 100 seeds";
  EXPECT_TRUE(failed.findings.at(0).starts_with("T1 till: the payment ")) << failed.findings[0];
  EXPECT_EQ(tell(day, planted).fingerprint, failed.fingerprint);

  holdfast::story_failure failure(day, failed, planted);
  auto left = shrink(day, [&](const holdfast::story& smaller) { return failure.is_in(smaller); });
  auto text = to_text(left.smallest);
  EXPECT_TRUE(left.is_minimal);
  EXPECT_LE(left.smallest.acts.size(), 4u) << text;
  auto kept = kept_story();
  kept.why.clear();
  EXPECT_EQ(text, to_text(kept)) << "docs/testing.md shows another one";
  auto again = holdfast::parse_story(text, "shrunk");
  EXPECT_EQ(tell(again, planted).end, holdfast::story_end::safety) << text;
  EXPECT_EQ(tell(again, options_of(false)).end, holdfast::story_end::good) << text;
}

}  // namespace
