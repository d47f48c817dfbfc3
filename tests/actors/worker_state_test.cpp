// The machine of a worker: every state on every event with the whole step that follows, and long random lives.
#include "tests/actors/work_notation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace holdfast {
namespace {

using namespace notation;

constexpr node_time now = 100;

void expect_stories(std::string_view text) {
  auto events = all_worker_events();
  for (auto& [rules, before, follows] : stories_of(text)) {
    auto worker = worker_of(before);
    ASSERT_EQ(show(worker), before);
    for (auto& [event, unused] : follows)
      EXPECT_TRUE(std::ranges::count(events, event)) << "no such event: " << event;
    for (auto& event : events) {
      auto found = follows.find(event);
      auto made = step(worker, worker_event_of(event), now);
      EXPECT_EQ(show(made), found != follows.end() ? found->second : "refused " + before)
          << before << " on " << event;
      EXPECT_TRUE(!made.note.empty() || !made.is_refused) << before << " on " << event;
    }
  }
}

TEST(worker_state, begins_with_a_link_and_a_report) {
  expect_stories(R"(
joining
  up 6 -> joining 6 #100
  up 7 -> joining 7 #100
  up 8 -> joining 8 #100
  suspect -> suspect #100
  down -> lost #100 ; items_lost
  down goodbye -> gone #100 ; items_dead
  reported 6 -> ready 6 #100 ; reconcile has_come
  reported 7 -> ready 7 #100 ; reconcile has_come
  reported 8 -> ready 8 #100 ; reconcile has_come
  reported 6 leaving -> draining 6 l #100 ; reconcile
  reported 7 leaving -> draining 7 l #100 ; reconcile
  reported 8 leaving -> draining 8 l #100 ; reconcile
  controller_started -> lost #100 ; items_lost
  drain -> joining d
joining 7 d
  up 6 -> joining 6 d #100
  up 7 -> joining 7 d #100
  up 8 -> joining 8 d #100 ; items_dead
  suspect -> suspect 7 d #100
  down -> lost 7 d #100 ; items_lost
  down goodbye -> gone 7 d #100 ; items_dead
  reported 6 -> draining 6 d #100 ; reconcile
  reported 7 -> draining 7 d #100 ; reconcile
  reported 8 -> draining 8 d #100 ; items_dead reconcile
  reported 6 leaving -> draining 6 d l #100 ; reconcile
  reported 7 leaving -> draining 7 d l #100 ; reconcile
  reported 8 leaving -> draining 8 d l #100 ; items_dead reconcile
  controller_started -> lost 7 d #100 ; items_lost
  resume -> joining 7
)");
}

TEST(worker_state, takes_items_until_it_is_drained_leaves_or_falls_silent) {
  expect_stories(R"(
ready 7
  up 6 -> joining 6 #100
  up 7 -> joining 7 #100
  up 8 -> joining 8 #100 ; items_dead
  suspect -> suspect 7 #100
  down -> lost 7 #100 ; items_lost
  down goodbye -> gone 7 #100 ; items_dead
  reported 6 -> ready 6 #100 ; reconcile
  reported 7 -> ready 7 ; reconcile
  reported 8 -> ready 8 #100 ; items_dead reconcile
  reported 6 leaving -> draining 6 l #100 ; reconcile
  reported 7 leaving -> draining 7 l #100 ; reconcile
  reported 8 leaving -> draining 8 l #100 ; items_dead reconcile
  controller_started -> lost 7 #100 ; items_lost
  drain -> draining 7 d #100
suspect 7
  up 6 -> joining 6 #100
  up 7 -> joining 7 #100
  up 8 -> joining 8 #100 ; items_dead
  down -> lost 7 #100 ; items_lost
  down goodbye -> gone 7 #100 ; items_dead
  reported 6 -> ready 6 #100 ; reconcile has_come
  reported 7 -> ready 7 #100 ; reconcile has_come
  reported 8 -> ready 8 #100 ; items_dead reconcile has_come
  reported 6 leaving -> draining 6 l #100 ; reconcile
  reported 7 leaving -> draining 7 l #100 ; reconcile
  reported 8 leaving -> draining 8 l #100 ; items_dead reconcile
  controller_started -> lost 7 #100 ; items_lost
  drain -> suspect 7 d
)");
}

TEST(worker_state, drains) {
  expect_stories(R"(
draining 7 d
  up 6 -> joining 6 d #100
  up 7 -> joining 7 d #100
  up 8 -> joining 8 d #100 ; items_dead
  suspect -> suspect 7 d #100
  down -> lost 7 d #100 ; items_lost
  down goodbye -> gone 7 d #100 ; items_dead
  reported 6 -> draining 6 d #100 ; reconcile
  reported 7 -> draining 7 d ; reconcile
  reported 8 -> draining 8 d #100 ; items_dead reconcile
  reported 6 leaving -> draining 6 d l #100 ; reconcile
  reported 7 leaving -> draining 7 d l ; reconcile
  reported 8 leaving -> draining 8 d l #100 ; items_dead reconcile
  controller_started -> lost 7 d #100 ; items_lost
  resume -> ready 7 #100 ; has_come
draining 7 l
  up 6 -> joining 6 #100
  up 7 -> joining 7 l #100
  up 8 -> joining 8 #100 ; items_dead
  suspect -> suspect 7 l #100
  down -> lost 7 l #100 ; items_lost
  down goodbye -> gone 7 l #100 ; items_dead
  reported 6 -> ready 6 #100 ; reconcile has_come
  reported 7 -> ready 7 #100 ; reconcile has_come
  reported 8 -> ready 8 #100 ; items_dead reconcile has_come
  reported 6 leaving -> draining 6 l #100 ; reconcile
  reported 7 leaving -> draining 7 l ; reconcile
  reported 8 leaving -> draining 8 l #100 ; items_dead reconcile
  controller_started -> lost 7 l #100 ; items_lost
  drain -> draining 7 d l
draining 7 d l
  up 6 -> joining 6 d #100
  up 7 -> joining 7 d l #100
  up 8 -> joining 8 d #100 ; items_dead
  suspect -> suspect 7 d l #100
  down -> lost 7 d l #100 ; items_lost
  down goodbye -> gone 7 d l #100 ; items_dead
  reported 6 -> draining 6 d #100 ; reconcile
  reported 7 -> draining 7 d ; reconcile
  reported 8 -> draining 8 d #100 ; items_dead reconcile
  reported 6 leaving -> draining 6 d l #100 ; reconcile
  reported 7 leaving -> draining 7 d l ; reconcile
  reported 8 leaving -> draining 8 d l #100 ; items_dead reconcile
  controller_started -> lost 7 d l #100 ; items_lost
  resume -> draining 7 l
)");
}

TEST(worker_state, is_lost_and_gone) {
  expect_stories(R"(
lost 7
  up 6 -> joining 6 #100
  up 7 -> joining 7 #100
  up 8 -> joining 8 #100 ; items_dead
  down goodbye -> gone 7 #100 ; items_dead
  reported 6 -> ready 6 #100 ; reconcile has_come
  reported 7 -> ready 7 #100 ; reconcile has_come
  reported 8 -> ready 8 #100 ; items_dead reconcile has_come
  reported 6 leaving -> draining 6 l #100 ; reconcile
  reported 7 leaving -> draining 7 l #100 ; reconcile
  reported 8 leaving -> draining 8 l #100 ; items_dead reconcile
  proven_dead -> gone 7 #100 ; items_dead
  controller_started -> lost 7 #100 ; items_lost
  drain -> lost 7 d
  forget -> gone 7 #100 ; items_dead erase
gone 7 d
  up 6 -> joining 6 d #100
  up 7 -> joining 7 d #100
  up 8 -> joining 8 d #100
  reported 6 -> draining 6 d #100 ; reconcile
  reported 7 -> draining 7 d #100 ; reconcile
  reported 8 -> draining 8 d #100 ; reconcile
  reported 6 leaving -> draining 6 d l #100 ; reconcile
  reported 7 leaving -> draining 7 d l #100 ; reconcile
  reported 8 leaving -> draining 8 d l #100 ; reconcile
  resume -> gone 7
  forget -> gone 7 d ; erase
)");
}

TEST(worker_state, keeps_its_promises_through_random_lives) {
  auto events = all_worker_events();
  std::map<worker_phase, int> visits;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    worker_state worker;
    node_time time = 1;
    for (int at = 0; at < 500; ++at, ++time) {
      auto& event = events[random() % events.size()];
      auto made = step(worker, worker_event_of(event), time);
      auto has = [&](worker_action action) {
        return std::ranges::count(made.actions, action) == 1;
      };
      auto& next = made.next;
      SCOPED_TRACE("seed " + std::to_string(seed) + ": " + show(worker) + " on " + event);
      ASSERT_TRUE(!made.is_refused || (next == worker && made.actions.empty()));
      // Suspended items look again exactly when a worker can take what it could not take before.
      ASSERT_EQ(has(worker_action::has_come), takes_items(next) && !takes_items(worker));
      ASSERT_TRUE(!takes_items(next) || next.phase == worker_phase::ready);
      ASSERT_TRUE(next.phase != worker_phase::ready || !(next.is_leaving || next.is_drain_wanted));
      bool becomes_lost = next.phase == worker_phase::lost && !made.is_refused
                          && (worker.phase != next.phase || event == "controller_started");
      ASSERT_EQ(has(worker_action::items_lost), becomes_lost);
      ASSERT_TRUE(worker.phase == next.phase || next.since == time);
      ASSERT_TRUE(next.is_drain_wanted == worker.is_drain_wanted || event == "drain"
                  || event == "resume");
      if (next.phase == worker_phase::gone && worker.phase != next.phase) {
        ASSERT_TRUE(has(worker_action::items_dead));
      }
      worker = has(worker_action::erase) ? worker_state{} : next;
      ++visits[worker.phase];
    }
    // From wherever it is, a link and a report make it useful again, unless the operator drains it.
    worker = step(worker, worker_event::resume{}, time).next;
    worker = step(worker, worker_event::link_up{9}, time).next;
    worker = step(worker, worker_event::reported{9, false}, time).next;
    ASSERT_TRUE(takes_items(worker)) << "seed " << seed;
  }
  for (unsigned phase = 0; phase < 6; ++phase)
    EXPECT_GT(visits[static_cast<worker_phase>(phase)], 500) << phase;
}

}  // namespace
}  // namespace holdfast
