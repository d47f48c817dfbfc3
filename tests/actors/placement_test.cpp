// Who runs what: the properties of every plan, over generated clusters.
#include <holdfast/actors/placement.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>

namespace holdfast {
namespace {

/// Clusters of all shapes: few and many workers, labels that most or none have, full and idle ones.
class cluster_source {
public:
  explicit cluster_source(std::uint64_t seed) : random_(seed) {}

  /// `slots_of_all`: what every item demands; 0: each demand its own number.
  placement_view make(std::uint32_t slots_of_all = 0) {
    placement_view view;
    auto workers = below(12);
    for (std::uint64_t at = 0; at < workers; ++at)
      view.workers.push_back(worker("w" + std::to_string(at)));
    auto demands = 1 + below(5);
    for (std::uint64_t at = 0; at < demands; ++at) {
      auto slots = slots_of_all != 0 ? slots_of_all : static_cast<std::uint32_t>(1 + below(4));
      view.demands.push_back(
          {some({"render", "encode", "mail"}, 1).at(0), some({"gpu", "ssd", "big"}, 0), slots});
    }
    auto items = below(60);
    for (std::uint64_t at = 0; at < items; ++at)
      view.items.push_back({"i" + std::to_string(at), static_cast<std::uint32_t>(below(demands)),
                            static_cast<std::int16_t>(static_cast<int>(below(5)) - 2), below(30)});
    return view;
  }

  worker_offer worker(std::string name) {
    worker_offer offer;
    offer.name = std::move(name);
    offer.methods = some({"encode", "mail", "render"}, 1);
    offer.labels = some({"big", "gpu", "ssd"}, 0);
    offer.slots = static_cast<std::uint32_t>(below(9));
    offer.slots_used = static_cast<std::uint32_t>(below(offer.slots + 2));  // also more than it has
    return offer;
  }

  template <class List>
  void shuffle(List& list) {
    std::shuffle(list.begin(), list.end(), random_);
  }

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

private:
  std::vector<std::string> some(std::vector<std::string> names, std::size_t least) {
    shuffle(names);
    names.resize(least + below(names.size() + 1 - least));
    std::ranges::sort(names);
    return names;
  }

  std::mt19937_64 random_;
};

double free_part(const worker_offer& worker) {
  if (worker.slots_used >= worker.slots)
    return 0;
  return static_cast<double>(worker.slots - worker.slots_used) / worker.slots;
}

bool could_take(const worker_offer& worker, const item_demand& demand) {
  return worker.fits(demand) && worker.has_room(demand);
}

worker_offer& named(placement_view& view, const std::string& name) {
  return *std::ranges::find(view.workers, name, &worker_offer::name);
}

void carry_out(placement_view& view, const std::vector<assignment>& made) {
  for (auto& [id, worker] : made) {
    auto item = std::ranges::find(view.items, id, &waiting_item::id);
    named(view, worker).slots_used += view.demands[item->demand].slots;
    view.items.erase(item);
  }
}

std::string text_of(const std::vector<assignment>& made) {
  std::string text;
  for (auto& [id, worker] : made)
    text += id + ">" + worker + " ";
  return text;
}

/// What a plan must be, said as plainly as it can be computed: in order, each item to the best of those that can take it.
std::vector<assignment> plainly(placement_view view) {
  std::ranges::sort(view.workers, {}, &worker_offer::name);
  std::ranges::sort(view.items, [](const waiting_item& a, const waiting_item& b) {
    return std::tuple(-a.priority, a.order, a.id) < std::tuple(-b.priority, b.order, b.id);
  });
  std::vector<assignment> made;
  for (auto& item : view.items) {
    worker_offer* best = nullptr;
    for (auto& worker : view.workers)
      if (could_take(worker, view.demands[item.demand])
          && (!best || free_part(worker) > free_part(*best)))
        best = &worker;
    if (!best)
      continue;
    best->slots_used += view.demands[item.demand].slots;
    made.push_back({item.id, best->name});
  }
  return made;
}

/// Complete, within capacity, no item twice, balanced, by priority within a demand.
void expect_properties(const placement_view& before, const std::vector<assignment>& made) {
  auto view = before;
  std::map<std::uint32_t, std::tuple<int, std::uint64_t, item_id>> last_of;
  for (auto& one : made) {
    auto item = std::ranges::find(view.items, one.item, &waiting_item::id);
    ASSERT_NE(item, view.items.end()) << one.item << " is given away twice";
    auto& demand = view.demands[item->demand];
    auto& chosen = named(view, one.worker);
    ASSERT_TRUE(could_take(chosen, demand)) << one.worker;
    for (auto& other : view.workers)
      ASSERT_TRUE(!could_take(other, demand) || free_part(other) <= free_part(chosen))
          << other.name << " is freer than " << chosen.name;
    std::tuple rank(-item->priority, item->order, item->id);
    auto first = last_of.emplace(item->demand, rank).first;
    ASSERT_LE(first->second, rank) << one.item << " came before its turn";
    first->second = rank;
    carry_out(view, {one});
    ASSERT_LE(chosen.slots_used, chosen.slots);
  }
  for (auto& item : view.items) {
    for (auto& worker : view.workers)
      ASSERT_FALSE(could_take(worker, view.demands[item.demand]))
          << item.id << " could go to " << worker.name;
    // What is left comes behind all of its kind that were placed.
    if (auto last = last_of.find(item.demand); last != last_of.end()) {
      ASSERT_GT(std::tuple(-item.priority, item.order, item.id), last->second);
    }
  }
  ASSERT_TRUE(plan(view).empty()) << "carried out, a plan leaves nothing to plan";
}

constexpr std::uint64_t clusters = 3000;

TEST(placement, is_complete_balanced_and_in_order) {
  std::size_t placed = 0, left = 0;
  for (std::uint64_t seed = 1; seed <= clusters; ++seed) {
    auto view = cluster_source(seed).make();
    auto made = plan(view);
    ASSERT_NO_FATAL_FAILURE(expect_properties(view, made)) << "seed " << seed;
    ASSERT_EQ(text_of(made), text_of(plainly(view))) << "seed " << seed;
    placed += made.size();
    left += view.items.size() - made.size();
  }
  EXPECT_GT(placed, 5000u);
  EXPECT_GT(left, 5000u);
}

TEST(placement, does_not_depend_on_the_order_of_what_it_sees) {
  for (std::uint64_t seed = 1; seed <= clusters; ++seed) {
    cluster_source source(seed);
    auto view = source.make();
    auto made = text_of(plan(view));
    source.shuffle(view.workers);
    source.shuffle(view.items);
    ASSERT_EQ(text_of(plan(view)), made) << "seed " << seed;
  }
}

TEST(placement, one_more_worker_costs_no_item_its_place) {
  std::size_t gained = 0;
  for (std::uint64_t seed = 1; seed <= clusters; ++seed) {
    cluster_source source(seed);
    auto view = source.make(static_cast<std::uint32_t>(1 + seed % 3));
    std::set<item_id> placed;
    for (auto& one : plan(view))
      placed.insert(one.item);
    view.workers.push_back(source.worker("w" + std::to_string(source.below(3)) + "new"));
    std::set<item_id> more;
    for (auto& one : plan(view))
      more.insert(one.item);
    ASSERT_TRUE(std::ranges::includes(more, placed)) << "seed " << seed;
    gained += more.size() - placed.size();
  }
  EXPECT_GT(gained, 1000u);
}

TEST(placement, places_less_important_items_where_large_ones_do_not_fit) {
  placement_view view;
  view.workers = {{"a", {"m"}, {}, 4, 2}, {"b", {"m"}, {}, 4, 3}};
  view.demands = {{"m", {}, 3}, {"m", {}, 1}};
  view.items = {
      {"large", 0, 10, 1}, {"s1", 1, 0, 2}, {"s2", 1, 0, 3}, {"s3", 1, 0, 4}, {"s4", 1, 0, 5}};
  EXPECT_EQ(text_of(plan(view)), "s1>a s2>a s3>b ");
}

TEST(placement, has_no_trouble_with_nothing) {
  EXPECT_TRUE(plan({}).empty());
  placement_view view;
  view.workers = {{"a", {"m"}, {}, 0, 0}};
  view.demands = {{"m", {}, 1}, {"m", {}, 0}};
  view.items = {{"one", 0, 0, 1}, {"free", 1, 0, 2}};
  EXPECT_EQ(text_of(plan(view)), "free>a ");
}

TEST(placement, is_the_plain_one_for_many_workers_and_items) {
  std::mt19937_64 random(7);
  placement_view view;
  for (int at = 0; at < 500; ++at) {
    worker_offer worker;
    worker.name = "worker-" + std::to_string(at);
    worker.methods = {"encode", "render"};
    worker.labels = at % 7 == 0 ? std::vector<std::string>{"gpu"} : std::vector<std::string>{};
    worker.slots = static_cast<std::uint32_t>(1 + random() % 32);
    view.workers.push_back(worker);
  }
  for (std::uint32_t at = 0; at < 20; ++at)
    view.demands.push_back(
        {at % 2 ? "render" : "encode",
         at % 5 == 0 ? std::vector<std::string>{"gpu"} : std::vector<std::string>{}, 1 + at % 3});
  for (std::uint64_t at = 0; at < 10'000; ++at)
    view.items.push_back(
        {std::to_string(at), static_cast<std::uint32_t>(random() % view.demands.size()), 0, at});
  auto made = plan(view);
  EXPECT_GT(made.size(), 3000u);
  EXPECT_EQ(text_of(made), text_of(plainly(view)));
}

TEST(placement, has_one_key_per_demand) {
  std::set<std::string> keys;
  std::set<item_demand> demands;
  for (std::string method : {"m", "m ", "m 1:a", "1:a", "", "a\nb"})
    for (std::vector<std::string> labels : std::vector<std::vector<std::string>>{
             {}, {""}, {"a"}, {"a", "b"}, {"a b"}, {"a 1:b"}, {"a", "b", ""}})
      for (std::uint32_t slots : {0u, 1u, 11u}) {
        item_demand demand{method, labels, slots};
        demands.insert(demand);
        keys.insert(demand.to_key());
      }
  EXPECT_EQ(keys.size(), demands.size());
  EXPECT_EQ((item_demand{"render", {"gpu", "ssd"}, 2}.to_key()), "2 6:render 3:gpu 3:ssd");
}

TEST(placement, says_why_nobody_takes_an_item) {
  std::vector<worker_offer> workers{{"a", {"mail"}, {}, 4, 0},
                                    {"b", {"mail", "render"}, {"gpu"}, 2, 2},
                                    {"c", {"render"}, {"ssd"}, 8, 0}};
  auto why = [&](item_demand demand) { return why_not(demand, workers); };
  EXPECT_EQ(why({"render", {"gpu"}, 2}), "");  // b is busy, not unfit
  EXPECT_EQ(why({"encode", {}, 1}), "no worker runs encode (workers here: 3)");
  EXPECT_EQ(why({"render", {"tpu"}, 1}),
            "no worker that runs render has the label \"tpu\" (such workers: 2)");
  EXPECT_EQ(why({"render", {"gpu", "ssd"}, 1}), "no worker that runs render has all of the labels "
                                                "\"gpu\", \"ssd\" together (such workers: 2)");
  EXPECT_EQ(why({"render", {"gpu"}, 3}),
            "it takes 3 slots; the largest worker that runs render and has its labels has 2");
  EXPECT_EQ(why_not({"render", {}, 1}, {}), "no worker is here that takes items");
  for (std::uint64_t seed = 1; seed <= clusters; ++seed) {
    auto view = cluster_source(seed).make();
    for (auto& demand : view.demands)
      ASSERT_EQ(
          why_not(demand, view.workers).empty(),
          std::ranges::any_of(view.workers, [&](auto& worker) { return worker.fits(demand); }));
  }
}

}  // namespace
}  // namespace holdfast
