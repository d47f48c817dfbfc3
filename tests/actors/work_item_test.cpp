// The machine of a work item: every state on every event with the whole step that follows, and long random lives.
#include "tests/actors/work_notation.hpp"

#include <holdfast/core/limits.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace holdfast {
namespace {

using namespace notation;

constexpr node_time now = 100;
constexpr std::uint64_t no_jitter = 512;

item_rules rules_of(std::string_view text) {
  item_rules rules;
  rules.attempts = 2;
  rules.losses_max = 3;
  rules.back_off_ns = 1000;
  rules.back_off_max_ns = 5000;
  for (auto& word : words_of(text)) {
    if (word == "suspend")
      rules.on_lost = lost_policy::suspend;
    else if (word == "adopt")
      rules.on_return = return_policy::adopt;
    else if (word == "verify_both")
      rules.on_return = return_policy::verify_both;
    else if (word == "runs_after_failure")
      rules.runs_after_failure = true;
    else
      ADD_FAILURE() << word;
  }
  return rules;
}

/// What every state has in common: cancel and expire end whatever is not over, and what nobody expects is refused.
std::string follows_by_default(const work_item& item, const std::string& event) {
  auto ended = item;
  ended.owners.clear();
  ended.displaced.clear();
  bool is_open = !is_terminal(item.state);
  if (is_open && (event == "cancel" || event == "expire")) {
    ended.state = event == "cancel" ? item_state::cancelled : item_state::expired;
    return show(ended) + " ; settle";
  }
  auto words = words_of(event);
  auto& how = words.back();
  bool is_result =
      words[0] == "ended" && how != "refused" && how != "handed_back" && how != "cancelled";
  return "refused " + show(item) + (is_result ? " ; evidence" : "");
}

void expect_stories(std::string_view text) {
  auto events = all_item_events();
  for (auto& [rules, before, follows] : stories_of(text)) {
    auto item = item_of(before);
    ASSERT_EQ(show(item), before);
    for (auto& [event, unused] : follows)
      EXPECT_TRUE(std::ranges::count(events, event)) << "no such event: " << event;
    for (auto& event : events) {
      auto found = follows.find(event);
      auto made = step(item, rules_of(rules), item_event_of(event), now, no_jitter);
      EXPECT_EQ(show(made),
                found != follows.end() ? found->second : follows_by_default(item, event))
          << "[" << rules << "] " << before << " on " << event;
    }
  }
}

TEST(work_item, waits_for_parents_back_off_and_a_worker) {
  expect_stories(R"(
waiting e5
  assigned w1 -> assigned e6 w1@6#100
  assigned w2 -> assigned e6 w2@6#100
  assigned w3 -> assigned e6 w3@6#100
waiting e5 t100
  assigned w1 -> assigned e6 w1@6#100
  assigned w2 -> assigned e6 w2@6#100
  assigned w3 -> assigned e6 w3@6#100
waiting e5 f1 t101
waiting p2
  parent done -> waiting p1
  parent failed -> failed p1 ; settle
waiting p1
  parent done -> waiting
  parent failed -> failed ; settle
[runs_after_failure]
waiting p1
  parent done|failed -> waiting
)");
}

TEST(work_item, waits_with_the_worker_that_was_lost) {
  expect_stories(R"(
waiting e5 f1 l1 | w1@5+?
  assigned w1 -> assigned e6 f1 l1 w1@6#100
  assigned w2 -> assigned e6 f1 l1 w2@6#100 | w1@5+?
  assigned w3 -> assigned e6 f1 l1 w3@6#100 | w1@5+?
  ended w1 5 done -> done e5 f1 l1 ; take settle
  ended w1 5 failed|timed_out -> failed e5 f2 l1 ; settle
  ended w1 5 never_fits -> failed e5 f1 l1 ; settle
  ended w1 5 refused|cancelled -> waiting e5 f1 l1 t100000100
  ended w1 5 handed_back -> waiting e5 f1 l1
  back w1 5 -> running e5 f1 l1 w1@5+
  back w1 5 running -> running e5 f1 l1 w1@5+
waiting e6 | w1@5+?
  assigned w1 -> assigned e7 w1@7#100
  assigned w2 -> assigned e7 w2@7#100 | w1@5+?
  assigned w3 -> assigned e7 w3@7#100 | w1@5+?
  ended w1 5 done|failed|timed_out|never_fits -> waiting e6 ; evidence
  ended w1 5 refused|cancelled|handed_back -> waiting e6
[adopt]
waiting e6 t200 | w1@5?
  ended w1 5 done|failed|timed_out|never_fits -> waiting e6 t200 ; evidence
  ended w1 5 refused|cancelled|handed_back -> waiting e6 t200
  back w1 5 running -> running e7 t200 w1@7+ | w1@5?
[verify_both]
waiting e6 t200 | w1@5?
  ended w1 5 done|failed|timed_out|never_fits -> waiting e6 t200 ; evidence
  ended w1 5 refused|cancelled|handed_back -> waiting e6 t200
  back w1 5 -> assigned e6 t200 w1@5
  back w1 5 running -> running e6 t200 w1@5+
)");
}

TEST(work_item, is_assigned_and_runs) {
  expect_stories(R"(
assigned e5 w1@5
  started w1 5 -> running e5 w1@5+
  ended w1 5 done -> done e5 ; take settle
  ended w1 5 failed|timed_out -> waiting e5 f1 t1100
  ended w1 5 never_fits -> failed e5 ; settle
  ended w1 5 refused|cancelled -> waiting e5 t100000100
  ended w1 5 handed_back -> waiting e5
  lost w1 -> assigned e5 w1@5?
  dead w1 -> waiting e5 l1 | w1@5?
  back w1 0 -> assigned e5 w1@5
  back w1 5 -> assigned e5 w1@5
  back w1 5 running -> running e5 w1@5+
assigned e5 w1@5?
  started w1 5 -> running e5 w1@5+?
  ended w1 5 done -> done e5 ; take settle
  ended w1 5 failed|timed_out -> waiting e5 f1 t1100
  ended w1 5 never_fits -> failed e5 ; settle
  ended w1 5 refused|cancelled -> waiting e5 t100000100
  ended w1 5 handed_back -> waiting e5
  dead w1 -> waiting e5 l1 | w1@5?
  back w1 0 -> assigned e5 w1@5
  back w1 5 -> assigned e5 w1@5
  back w1 5 running -> running e5 w1@5+
running e5 w1@5+
  ended w1 5 done -> done e5 ; take settle
  ended w1 5 failed|timed_out -> waiting e5 f1 t1100
  ended w1 5 never_fits -> failed e5 ; settle
  ended w1 5 refused|cancelled -> waiting e5 t100000100
  ended w1 5 handed_back -> waiting e5
  lost w1 -> running e5 w1@5+?
  dead w1 -> waiting e5 l1 | w1@5+?
  back w1 0 -> waiting e5 l1 | w1@5+?
  back w1 5 -> running e5 w1@5+
  back w1 5 running -> running e5 w1@5+
running e5 f1 l2 w1@5+?
  ended w1 5 done -> done e5 f1 l2 ; take settle
  ended w1 5 failed|timed_out -> failed e5 f2 l2 ; settle
  ended w1 5 never_fits -> failed e5 f1 l2 ; settle
  ended w1 5 refused|cancelled -> waiting e5 f1 l2 t100000100
  ended w1 5 handed_back -> waiting e5 f1 l2
  dead w1 -> failed e5 f1 l3 ; settle
  back w1 0 -> failed e5 f1 l3 ; settle
  back w1 5 -> running e5 f1 l2 w1@5+
  back w1 5 running -> running e5 f1 l2 w1@5+
)");
}

TEST(work_item, is_given_on_and_the_first_worker_returns) {
  expect_stories(R"(
running e6 w2@6+ | w1@5+?
  ended w1 5 done|failed|timed_out|never_fits -> running e6 w2@6+ ; evidence
  ended w1 5 refused|cancelled|handed_back -> running e6 w2@6+
  ended w2 6 done -> done e6 ; take settle
  ended w2 6 failed|timed_out -> waiting e6 f1 t1100 | w1@5+?
  ended w2 6 never_fits -> failed e6 ; settle
  ended w2 6 refused|cancelled -> waiting e6 t100000100 | w1@5+?
  ended w2 6 handed_back -> waiting e6 | w1@5+?
  lost w2 -> running e6 w2@6+? | w1@5+?
  dead w2 -> waiting e6 l1 | w1@5+? w2@6+?
  back w2 0 -> waiting e6 l1 | w1@5+? w2@6+?
  back w2 6 -> running e6 w2@6+ | w1@5+?
  back w2 6 running -> running e6 w2@6+ | w1@5+?
[adopt]
assigned e6 w2@6 | w1@5+?
  started w2 6 -> running e6 w2@6+ | w1@5+?
  ended w1 5 done|failed|timed_out|never_fits -> assigned e6 w2@6 ; evidence
  ended w1 5 refused|cancelled|handed_back -> assigned e6 w2@6
  ended w2 6 done -> done e6 ; take settle
  ended w2 6 failed|timed_out -> waiting e6 f1 t1100 | w1@5+?
  ended w2 6 never_fits -> failed e6 ; settle
  ended w2 6 refused|cancelled -> waiting e6 t100000100 | w1@5+?
  ended w2 6 handed_back -> waiting e6 | w1@5+?
  lost w2 -> assigned e6 w2@6? | w1@5+?
  dead w2 -> waiting e6 l1 | w1@5+? w2@6?
  back w1 5 running -> running e7 w1@7+ | w1@5+?
  back w2 0 -> assigned e6 w2@6 | w1@5+?
  back w2 6 -> assigned e6 w2@6 | w1@5+?
  back w2 6 running -> running e6 w2@6+ | w1@5+?
running e7 w1@7+ | w1@5+?
  ended w1 5 done -> done e7 ; take settle
  ended w1 7 done -> done e7 ; take settle
  ended w1 5 failed|timed_out -> waiting e7 f1 t1100
  ended w1 7 failed|timed_out -> waiting e7 f1 t1100
  ended w1 5 never_fits -> failed e7 ; settle
  ended w1 7 never_fits -> failed e7 ; settle
  ended w1 5 refused|cancelled -> waiting e7 t100000100
  ended w1 7 refused|cancelled -> waiting e7 t100000100
  ended w1 5 handed_back -> waiting e7
  ended w1 7 handed_back -> waiting e7
  lost w1 -> running e7 w1@7+? | w1@5+?
  dead w1 -> waiting e7 l1 | w1@7+?
  back w1 0 -> waiting e7 l1 | w1@7+?
  back w1 5 -> running e7 w1@7+ | w1@5+?
  back w1 7 -> running e7 w1@7+ | w1@5+?
  back w1 5 running -> running e7 w1@7+ | w1@5+?
  back w1 7 running -> running e7 w1@7+ | w1@5+?
)");
}

TEST(work_item, is_suspended_with_its_worker) {
  expect_stories(R"(
[suspend]
running e5 w1@5+?
  ended w1 5 done -> done e5 ; take settle
  ended w1 5 failed|timed_out -> waiting e5 f1 t1100
  ended w1 5 never_fits -> failed e5 ; settle
  ended w1 5 refused|cancelled -> waiting e5 t100000100
  ended w1 5 handed_back -> waiting e5
  dead w1 -> suspended e5 l1 | w1@5+?
  back w1 0 -> suspended e5 l1 | w1@5+?
  back w1 5 -> running e5 w1@5+
  back w1 5 running -> running e5 w1@5+
suspended e5 l1 | w1@5?
  ended w1 5 done -> done e5 l1 ; take settle
  ended w1 5 failed|timed_out -> waiting e5 f1 l1 t1100
  ended w1 5 never_fits -> failed e5 l1 ; settle
  ended w1 5 refused|cancelled -> waiting e5 l1 t100000100
  ended w1 5 handed_back -> waiting e5 l1
  back w1 5 -> assigned e5 l1 w1@5
  back w1 5 running -> running e5 l1 w1@5+
  fit -> waiting e5 l1 | w1@5?
  retry -> waiting e5 l1 | w1@5?
suspended e6 l2 | w1@5+? w2@6+?
  ended w1 5 done|failed|timed_out|never_fits -> suspended e6 l2 | w2@6+? ; evidence
  ended w1 5 refused|cancelled|handed_back -> suspended e6 l2 | w2@6+?
  ended w2 6 done -> done e6 l2 ; take settle
  ended w2 6 failed|timed_out -> waiting e6 f1 l2 t1100 | w1@5+?
  ended w2 6 never_fits -> failed e6 l2 ; settle
  ended w2 6 refused|cancelled -> waiting e6 l2 t100000100 | w1@5+?
  ended w2 6 handed_back -> waiting e6 l2 | w1@5+?
  back w2 6 -> running e6 l2 w2@6+ | w1@5+?
  back w2 6 running -> running e6 l2 w2@6+ | w1@5+?
  fit -> waiting e6 l2 | w1@5+? w2@6+?
  retry -> waiting e6 l2 | w1@5+? w2@6+?
)");
}

TEST(work_item, is_verified_by_two_runs) {
  expect_stories(R"(
[verify_both]
running e6 w2@6+ | w1@5+?
  ended w1 5 done|failed|timed_out|never_fits -> running e6 w2@6+ ; evidence
  ended w1 5 refused|cancelled|handed_back -> running e6 w2@6+
  ended w2 6 done -> done e6 ; take settle
  ended w2 6 failed|timed_out -> waiting e6 f1 t1100 | w1@5+?
  ended w2 6 never_fits -> failed e6 ; settle
  ended w2 6 refused|cancelled -> waiting e6 t100000100 | w1@5+?
  ended w2 6 handed_back -> waiting e6 | w1@5+?
  lost w2 -> running e6 w2@6+? | w1@5+?
  dead w2 -> waiting e6 l1 | w1@5+? w2@6+?
  back w1 5 -> running e6 w2@6+ w1@5+
  back w1 5 running -> running e6 w2@6+ w1@5+
  back w2 0 -> waiting e6 l1 | w1@5+? w2@6+?
  back w2 6 -> running e6 w2@6+ | w1@5+?
  back w2 6 running -> running e6 w2@6+ | w1@5+?
running e6 w2@6 w1@5+ | w3@4+?
  started w2 6 -> running e6 w2@6+ w1@5+ | w3@4+?
  ended w1 5 done -> assigned e6 w2@6 w1@5! | w3@4+? ; take
  ended w1 5 failed|timed_out|never_fits -> assigned e6 w2@6 | w3@4+? ; evidence
  ended w1 5 refused|cancelled|handed_back -> assigned e6 w2@6 | w3@4+?
  ended w2 6 done -> running e6 w2@6! w1@5+ | w3@4+? ; take
  ended w2 6 failed|timed_out|never_fits -> running e6 w1@5+ | w3@4+? ; evidence
  ended w2 6 refused|cancelled|handed_back -> running e6 w1@5+ | w3@4+?
  ended w3 4 done|failed|timed_out|never_fits -> running e6 w2@6 w1@5+ ; evidence
  ended w3 4 refused|cancelled|handed_back -> running e6 w2@6 w1@5+
  lost w1 -> running e6 w2@6 w1@5+? | w3@4+?
  lost w2 -> running e6 w2@6? w1@5+ | w3@4+?
  dead w1 -> assigned e6 l1 w2@6 | w3@4+? w1@5+?
  dead w2 -> running e6 l1 w1@5+ | w3@4+? w2@6?
  back w1 0 -> assigned e6 l1 w2@6 | w3@4+? w1@5+?
  back w1 5 -> running e6 w2@6 w1@5+ | w3@4+?
  back w1 5 running -> running e6 w2@6 w1@5+ | w3@4+?
  back w2 0 -> running e6 w2@6 w1@5+ | w3@4+?
  back w2 6 -> running e6 w2@6 w1@5+ | w3@4+?
  back w2 6 running -> running e6 w2@6+ w1@5+ | w3@4+?
)");
}

TEST(work_item, is_done_when_the_second_run_is_over) {
  expect_stories(R"(
[verify_both]
running e6 w2@6? w1@5+?
  started w2 6 -> running e6 w2@6+? w1@5+?
  ended w1 5 done -> assigned e6 w2@6? w1@5! ; take
  ended w1 5 failed|timed_out|never_fits -> assigned e6 w2@6? ; evidence
  ended w1 5 refused|cancelled|handed_back -> assigned e6 w2@6?
  ended w2 6 done -> running e6 w2@6! w1@5+? ; take
  ended w2 6 failed|timed_out|never_fits -> running e6 w1@5+? ; evidence
  ended w2 6 refused|cancelled|handed_back -> running e6 w1@5+?
  dead w1 -> assigned e6 l1 w2@6? | w1@5+?
  dead w2 -> running e6 l1 w1@5+? | w2@6?
  back w1 0 -> assigned e6 l1 w2@6? | w1@5+?
  back w1 5 -> running e6 w2@6? w1@5+
  back w1 5 running -> running e6 w2@6? w1@5+
  back w2 0 -> running e6 w2@6 w1@5+?
  back w2 6 -> running e6 w2@6 w1@5+?
  back w2 6 running -> running e6 w2@6+ w1@5+?
running e6 l2 w2@6! w1@5+
  ended w1 5 done|failed|timed_out|never_fits -> done e6 l2 ; evidence settle
  ended w1 5 refused|cancelled|handed_back -> done e6 l2 ; settle
  lost w1 -> running e6 l2 w2@6! w1@5+?
  dead w1 -> done e6 l2 ; settle
  back w1 0 -> done e6 l2 ; settle
  back w1 5 -> running e6 l2 w2@6! w1@5+
  back w1 5 running -> running e6 l2 w2@6! w1@5+
assigned e6 w2@6 w1@5!
  started w2 6 -> running e6 w2@6+ w1@5!
  ended w2 6 done|failed|timed_out|never_fits -> done e6 ; evidence settle
  ended w2 6 refused|cancelled|handed_back -> done e6 ; settle
  lost w2 -> assigned e6 w2@6? w1@5!
  dead w2 -> done e6 ; settle
  back w2 0 -> assigned e6 w2@6 w1@5!
  back w2 6 -> assigned e6 w2@6 w1@5!
  back w2 6 running -> running e6 w2@6+ w1@5!
running e6 l1 w1@5+ | w2@6+?
  ended w1 5 done -> done e6 l1 ; take settle
  ended w1 5 failed|timed_out -> waiting e6 f1 l1 t1100 | w2@6+?
  ended w1 5 never_fits -> failed e6 l1 ; settle
  ended w1 5 refused|cancelled -> waiting e6 l1 t100000100 | w2@6+?
  ended w1 5 handed_back -> waiting e6 l1 | w2@6+?
  ended w2 6 done -> running e6 l1 w1@5+ w2@6! ; take
  ended w2 6 failed|timed_out|never_fits -> running e6 l1 w1@5+ ; evidence
  ended w2 6 refused|cancelled|handed_back -> running e6 l1 w1@5+
  lost w1 -> running e6 l1 w1@5+? | w2@6+?
  dead w1 -> waiting e6 l2 | w2@6+? w1@5+?
  back w1 0 -> waiting e6 l2 | w2@6+? w1@5+?
  back w1 5 -> running e6 l1 w1@5+ | w2@6+?
  back w1 5 running -> running e6 l1 w1@5+ | w2@6+?
  back w2 6 -> running e6 l1 w1@5+ w2@6+
  back w2 6 running -> running e6 l1 w1@5+ w2@6+
)");
}

TEST(work_item, is_over) {
  expect_stories(R"(
done e5 f1 l1
failed e5 f2 l1 t77
  retry -> waiting e5
failed e5 p2
  retry -> waiting e5 p2
  parent done|failed -> failed e5 p1
cancelled e5 f1 l2 p1
  retry -> waiting e5 p1
  parent done|failed -> cancelled e5 f1 l2
expired e5
  retry -> waiting e5
)");
}

TEST(work_item, backs_off_doubling_with_jitter_of_a_quarter) {
  auto rules = rules_of("");
  rules.attempts = 1000;
  rules.back_off_ns = 1'000'000;
  rules.back_off_max_ns = 50'000'000;
  for (std::uint32_t failures = 0; failures < 200; ++failures) {
    auto plain = std::min(1'000'000ll << std::min(failures, 20u), 50'000'000ll);
    auto item = item_of("running e5 w1@5+");
    item.failures = failures;
    auto wait = [&](std::uint64_t chance) {
      auto made = step(item, rules, item_event_of("ended w1 5 failed"), now, chance);
      return made.next.not_before - now;
    };
    EXPECT_EQ(wait(no_jitter), plain);
    EXPECT_NEAR(static_cast<double>(wait(0)), static_cast<double>(plain) * 0.75,
                0.01 * static_cast<double>(plain));
    EXPECT_NEAR(static_cast<double>(wait(1023)), static_cast<double>(plain) * 1.25,
                0.01 * static_cast<double>(plain));
  }
}

TEST(work_item, bears_the_rules_that_a_submitter_may_send) {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  for (auto first :
       {std::int64_t{0}, std::int64_t{-1}, most, std::numeric_limits<std::int64_t>::min()})
    for (auto longest : {std::int64_t{0}, std::int64_t{-1}, most})
      for (auto moment : {node_time{0}, most}) {
        item_rules rules;
        rules.back_off_ns = first;
        rules.back_off_max_ns = longest;
        for (auto how : {"failed", "refused"}) {
          auto event = item_event_of(std::string("ended w1 5 ") + how);
          auto made = step(item_of("running e5 w1@5+"), rules, event, moment, 1023);
          EXPECT_EQ(made.next.state, item_state::waiting);
          EXPECT_GE(made.next.not_before, moment);
        }
      }
  item_rules none;
  none.attempts = 0;
  none.losses_max = 0;
  auto item = item_of("running e5 w1@5+");
  EXPECT_EQ(show(step(item, none, item_event_of("ended w1 5 failed"), 0, 0)),
            "failed e5 f1 ; settle");
  EXPECT_EQ(show(step(item, none, item_event_of("dead w1"), 0, 0)), "failed e5 l1 ; settle");
}

TEST(work_item, forgets_the_oldest_of_many_lost_workers) {
  item_rules rules;
  rules.losses_max = 1000;
  auto item = item_of("waiting");
  constexpr auto workers = limits::displaced_owners_max + 5;
  for (std::size_t at = 1; at <= workers; ++at) {
    auto worker = "w" + std::to_string(at);
    item = step(item, rules, item_event::assigned{worker}, now, 0).next;
    item = step(item, rules, item_event::worker_dead{worker}, now, 0).next;
  }
  ASSERT_EQ(item.displaced.size(), limits::displaced_owners_max);
  EXPECT_EQ(item.displaced.front().worker, "w6");
  EXPECT_EQ(item.displaced.back().worker, "w" + std::to_string(workers));
}

TEST(work_item, tells_why) {
  auto note = [](const char* rules, const char* item, const char* event) {
    return step(item_of(item), rules_of(rules), item_event_of(event), now, no_jitter).note;
  };
  EXPECT_EQ(note("", "waiting e5", "assigned w1"), "given to w1 under epoch 6");
  EXPECT_EQ(note("", "running e5 w1@5+", "ended w1 5 failed"),
            "attempt 1 of 2, by w1 under epoch 5, failed");
  EXPECT_EQ(note("", "running e6 w2@6+", "ended w1 5 done"),
            "a late result of w1 under epoch 5 (done) was refused and is kept as evidence: the "
            "item is at epoch 6");
  EXPECT_EQ(note("", "done e6", "ended w1 5 done"),
            "a late result of w1 under epoch 5 (done) was refused and is kept as evidence: the "
            "item is done already");
  EXPECT_EQ(note("", "running e5 w1@5+", "dead w1"),
            "w1 under epoch 5 did not return in time; the item is moved");
  auto death = [](worker_death how) {
    return step(item_of("running e5 w1@5+"), rules_of("suspend"),
                item_event::worker_dead{"w1", how}, now, no_jitter)
        .note;
  };
  constexpr auto suspended = "; the item is suspended until a worker that fits comes";
  for (auto& [how, words] :
       {std::pair(worker_death::grace_over, "did not return in time"),
        {worker_death::nobody_listens, "is dead: nobody listens there any more"},
        {worker_death::restarted, "is dead: its node was started again"},
        {worker_death::goodbye, "has said goodbye"},
        {worker_death::forgotten, "was forgotten by the operator"}})
    EXPECT_EQ(death(how), std::string("w1 under epoch 5 ") + words + suspended);
  EXPECT_EQ(note("", "running e5 w1@5+", "ended w1 5 handed_back"),
            "handed back by w1 under epoch 5");
  EXPECT_EQ(note("", "running e5 w1@5+", "retry"),
            "it is running; only failed, cancelled, expired and suspended items are retried");
  EXPECT_EQ(note("verify_both", "running e6 w2@6! w1@5+", "ended w1 5 done"),
            "done by w2 under epoch 6; the second result, of w1 under epoch 5, is kept beside it");
  for (auto* state : {"waiting e5", "running e5 w1@5+", "suspended e5 | w1@5+?", "done e5"})
    for (auto& event : all_item_events()) {
      auto made = step(item_of(state), rules_of(""), item_event_of(event), now, 0);
      bool is_told = !made.note.empty() || (!made.is_refused && made.next == item_of(state));
      EXPECT_TRUE(is_told) << state << " on " << event;
    }
}

}  // namespace
}  // namespace holdfast
