#include <holdfast/actors/failure_detector.hpp>
#include <holdfast/actors/lane_window.hpp>
#include <holdfast/actors/redial.hpp>
#include <holdfast/actors/sequence_set.hpp>

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using verdict = failure_detector::verdict;

node_time at(std::chrono::milliseconds time) {
  return duration(time).count();
}

// Checks as the link does, from `from` to `to`; the first moment with that verdict, or -1.
std::chrono::milliseconds first_with(failure_detector& detector, verdict wanted,
                                     std::chrono::milliseconds from, std::chrono::milliseconds to) {
  auto step = std::chrono::duration_cast<std::chrono::milliseconds>(detector.check_every());
  for (auto now = from; now <= to; now += step)
    if (detector.check(at(now)) == wanted)
      return now;
  return -1ms;
}

TEST(failure_detector, finds_a_frozen_peer_within_the_bound) {
  failure_detector detector(500ms, 3s, at(0ms));
  detector.heard(at(90ms));
  auto suspect = first_with(detector, verdict::suspect, 0ms, 10s);
  EXPECT_GT(suspect, 1000ms);
  EXPECT_LE(suspect, 1500ms);
  auto judged = first_with(detector, verdict::judge, suspect, 10s);
  EXPECT_GT(judged, 2000ms);
  EXPECT_LE(judged, 90ms + 3000ms);
  EXPECT_TRUE(detector.judged(at(judged)));
}

TEST(failure_detector, never_suspects_a_peer_that_keeps_its_interval) {
  failure_detector detector(500ms, 3s, at(0ms));
  for (auto now = 0ms; now < 60s; now += 250ms) {
    if (now % 500ms == 0ms)
      detector.heard(at(now));
    ASSERT_EQ(detector.check(at(now)), verdict::fine) << now.count();
  }
}

TEST(failure_detector, does_not_hold_its_own_standstill_against_the_peer) {
  failure_detector detector(500ms, 3s, at(0ms));
  detector.heard(at(200ms));
  EXPECT_EQ(detector.check(at(250ms)), verdict::fine);
  // This process was stopped for a minute; the peer's beats wait in the socket.
  EXPECT_EQ(detector.check(at(60'250ms)), verdict::fine);
  EXPECT_EQ(first_with(detector, verdict::judge, 60'500ms, 62'000ms), -1ms);
  EXPECT_NE(first_with(detector, verdict::judge, 62'000ms, 64'000ms), -1ms);
}

TEST(failure_detector, lets_what_had_arrived_speak_before_it_judges) {
  failure_detector detector(500ms, 3s, at(0ms));
  auto judged = first_with(detector, verdict::judge, 0ms, 10s);
  ASSERT_NE(judged, -1ms);
  detector.heard(at(judged));
  EXPECT_FALSE(detector.judged(at(judged)));
  EXPECT_EQ(detector.check(at(judged + 250ms)), verdict::fine);
}

TEST(failure_detector, knows_settings_that_cannot_work) {
  EXPECT_TRUE(failure_detector::is_workable(500ms, 3s));
  EXPECT_TRUE(failure_detector::is_workable(1s, 3s));
  EXPECT_FALSE(failure_detector::is_workable(1001ms, 3s));
  EXPECT_FALSE(failure_detector::is_workable(0ms, 3s));
}

TEST(lane_window, bounds_what_is_in_flight) {
  lane_window window(100, 10);
  EXPECT_EQ(window.next(), 11u);
  window.transmit(11, 15, 60);
  EXPECT_EQ(window.room(), 40u);
  EXPECT_FALSE(window.fits(41));
  EXPECT_TRUE(window.fits(40));
  window.transmit(16, 16, 40);
  EXPECT_EQ(window.room(), 0u);
  EXPECT_TRUE(window.stored(15));
  EXPECT_EQ(window.room(), 60u);
  EXPECT_EQ(window.transmitted(), 16u);
  EXPECT_TRUE(window.stored(16));
  EXPECT_TRUE(window.is_empty());
  EXPECT_EQ(window.stored_through(), 16u);
}

TEST(lane_window, lets_a_call_larger_than_itself_go_alone) {
  lane_window window(100, 0);
  EXPECT_TRUE(window.fits(1000));
  window.transmit(1, 1, 1000);
  EXPECT_FALSE(window.fits(1));
  EXPECT_EQ(window.room(), 0u);
  EXPECT_TRUE(window.stored(1));
  EXPECT_EQ(window.room(), 100u);
}

TEST(lane_window, keeps_a_batch_in_flight_until_its_last_call_is_stored) {
  lane_window window(100, 0);
  window.transmit(1, 10, 50);
  EXPECT_TRUE(window.stored(9));
  EXPECT_EQ(window.bytes_in_flight(), 50u);
  EXPECT_TRUE(window.stored(10));
  EXPECT_EQ(window.bytes_in_flight(), 0u);
}

TEST(lane_window, refuses_what_a_target_cannot_say) {
  lane_window window(100, 5);
  window.transmit(6, 7, 20);
  EXPECT_FALSE(window.stored(8));
  EXPECT_FALSE(window.stored(4));
  EXPECT_EQ(window.stored_through(), 5u);
}

TEST(sequence_set, agrees_with_a_plain_set) {
  std::mt19937 chance(7);
  sequence_set runs;
  std::set<sequence_number> plain;
  for (int round = 0; round < 5000; ++round) {
    sequence_number first = 1 + chance() % 60;
    sequence_number last = first + chance() % 8;
    auto is_add = chance() % 2 == 0;
    is_add ? runs.add(first, last) : runs.remove(first, last);
    for (auto i = first; i <= last; ++i)
      is_add ? void(plain.insert(i)) : void(plain.erase(i));
    std::vector<sequence_number> missing, expected;
    for (auto [from, to] : runs.missing(1, 70))
      for (auto i = from; i <= to; ++i)
        missing.push_back(i);
    for (sequence_number i = 1; i <= 70; ++i)
      if (!plain.contains(i))
        expected.push_back(i);
    ASSERT_EQ(missing, expected) << round;
  }
  std::size_t runs_in_plain = 0;
  for (auto i : plain)
    runs_in_plain += !plain.contains(i - 1);
  EXPECT_EQ(runs.runs(), runs_in_plain);
}

class fixed_random final : public random_source {
public:
  std::uint64_t next() override { return value; }
  std::uint64_t value = 0;
};

TEST(redial, doubles_up_to_its_bound_and_starts_over_after_a_success) {
  fixed_random random;
  redial pace(50ms, 500ms);
  std::vector<duration> shortest;
  for (int i = 0; i < 6; ++i)
    shortest.push_back(pace.after_failure(random));
  EXPECT_EQ(shortest, (std::vector<duration>{25ms, 50ms, 100ms, 200ms, 250ms, 250ms}));
  pace.succeeded();
  EXPECT_EQ(pace.after_failure(random), 25ms);
}

TEST(redial, stays_between_half_of_the_step_and_all_of_it) {
  std::mt19937_64 chance(3);
  fixed_random random;
  for (int i = 0; i < 1000; ++i) {
    random.value = chance();
    redial pace(50ms, 500ms);
    auto delay = pace.after_failure(random);
    EXPECT_GE(delay, 25ms);
    EXPECT_LE(delay, 50ms);
    auto slow = redial::after_refusal(5s, random);
    EXPECT_GE(slow, 2500ms);
    EXPECT_LE(slow, 5s);
  }
}

}  // namespace
}  // namespace holdfast
