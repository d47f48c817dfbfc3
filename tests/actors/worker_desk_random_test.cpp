#include <holdfast/actors/worker_desk.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

// Everything at once: messages lost, doubled and of sessions that are over, links that break, handlers that return when
// they like.
namespace {

using namespace holdfast;

constexpr node_time second = 1'000'000'000;

assigned_item order(const item_id& item, std::uint64_t epoch) {
  assigned_item made;
  made.item = item;
  made.epoch = epoch;
  return made;
}

/// A controller that wants random sets, and a worker that must never start one epoch of an item twice, never run more than
/// its slots, and agree with the last whole set when all is quiet.
class worker_desk_random_test : public testing::TestWithParam<unsigned> {};

struct random_story {
  explicit random_story(unsigned seed) : random(seed) { desk.controller_found(); }

  bool chance(unsigned of) { return random() % of == 0; }

  void change_wishes() {
    std::string item(1, static_cast<char>('a' + random() % 6));
    if (wanted.contains(item) && chance(2)) {
      wanted.erase(item);
      return;
    }
    wanted[item] = ++last_epoch;
  }

  desired_items whole_set() {
    desired_items news{session, ++version, 0, {}, {}, {}};
    for (auto& [item, epoch] : wanted)
      if (reported.contains({item, epoch}))
        news.keep.push_back({item, epoch, false, false});
      else
        news.add.push_back(order(item, epoch));
    return news;
  }

  void report() {
    worker_report said;
    desk.fill(said);
    reported.clear();
    for (auto& held : said.held)
      reported.insert({held.item, held.epoch});
  }

  void deliver(const desired_items& news) {
    was_heard |= desk.apply(news, now).is_taken;
    for (auto& order : desk.start_next(now)) {
      EXPECT_TRUE(started.insert({order.item, order.epoch}).second)
          << order.item << order.epoch << " was started twice";
      running.push_back({order.item, order.epoch});
    }
    EXPECT_LE(running.size(), 2u);
    EXPECT_EQ(desk.count_busy(), running.size());
  }

  void return_one() {
    if (running.empty())
      return;
    auto at = running.begin() + random() % running.size();
    desk.returned(*at, {run_end::done, {}, {}, chance(2)}, now);
    running.erase(at);
  }

  void tidy() {
    for (auto& key : desk.unstored())
      desk.stored(key);
    for (auto& key : desk.heard())
      desk.swept(key);
  }

  void step() {
    change_wishes();
    if (chance(4)) {
      desk.controller_lost(now);
      desk.controller_found();
      if (was_heard)
        old = whole_set();
      was_heard = false;
      session += 1;
      version = 0;
    }
    if (chance(3))
      report();
    auto news = whole_set();
    if (!chance(3))
      deliver(news);
    if (chance(3))
      deliver(news);
    if (chance(5))
      deliver(old);
    if (chance(2))
      return_one();
    if (chance(2))
      tidy();
    now += second;
  }

  std::mt19937 random;
  worker_desk desk{2};
  std::map<item_id, std::uint64_t> wanted;
  std::set<run_key> reported, started;
  std::vector<run_key> running;
  desired_items old;  ///< of a session that is over
  bool was_heard = false;
  std::uint64_t session = 1, version = 0, last_epoch = 0;
  node_time now = second;
};

TEST_P(worker_desk_random_test, NeverTwiceNeverTooManyAndInTheEndAsWished) {
  random_story story(GetParam());
  for (int i = 0; i < 400; ++i)
    story.step();
  story.wanted.clear();
  for (int i = 0; i < 3; ++i) {
    story.report();
    story.deliver(story.whole_set());
    while (!story.running.empty())
      story.return_one();
    story.tidy();
  }
  worker_report last;
  story.desk.fill(last);
  EXPECT_TRUE(last.held.empty());
  EXPECT_EQ(last.slots, 2u);
  EXPECT_EQ(story.desk.count_unheard(), 0u);
  EXPECT_GT(story.started.size(), 20u);
}

INSTANTIATE_TEST_SUITE_P(seeds, worker_desk_random_test, testing::Range(1u, 41u));

}  // namespace
