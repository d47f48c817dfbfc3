#include <holdfast/actors/gathered_results.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

run_result writing(std::vector<std::pair<std::string, std::optional<std::string>>> rows) {
  run_result result;
  for (auto& [key, content] : rows)
    result.effects.writes.push_back({key, content});
  return result;
}

void add(gathered_results& to, run_result one) {
  std::vector<run_result> results;
  results.push_back(std::move(one));
  to.add(std::move(results));
}

/// As a run behind them finds it: nothing where no layer has the row.
std::optional<std::optional<std::string>> found(const gathered_results& in,
                                                const std::string& key) {
  for (auto& layer : in.layers())
    if (auto i = layer->find(key); i != layer->end())
      return i->second;
  return std::nullopt;
}

TEST(gathered_results, WhatWasWrittenLastIsFound) {
  gathered_results gathered;
  add(gathered, writing({{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "1"}, {"e", "1"}}));
  add(gathered, writing({{"a", "2"}}));
  add(gathered, writing({{"b", std::nullopt}}));
  add(gathered, writing({{"a", "3"}, {"f", "1"}}));
  using row = std::optional<std::optional<std::string>>;
  EXPECT_EQ(found(gathered, "a"), row("3"));
  EXPECT_EQ(found(gathered, "b"), row(std::optional<std::string>()));
  EXPECT_EQ(found(gathered, "c"), row("1"));
  EXPECT_EQ(found(gathered, "f"), row("1"));
  EXPECT_EQ(found(gathered, "g"), row());
}

TEST(gathered_results, TheyAreTakenInTheirOrderAndAreGoneThen) {
  gathered_results gathered;
  for (int i = 0; i < 10; ++i)
    add(gathered, writing({{std::to_string(i), "x"}}));
  auto all = gathered.take();
  ASSERT_EQ(all.size(), 10u);
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(all[i].effects.writes.at(0).key, std::to_string(i));
  EXPECT_TRUE(gathered.is_empty());
  EXPECT_TRUE(gathered.layers().empty());
}

TEST(gathered_results, ARowIsLookedForInFewLayers) {
  gathered_results gathered;
  std::size_t most = 0;
  for (int i = 0; i < 1024; ++i) {
    add(gathered, writing({{std::to_string(i), "x"}}));
    most = std::max(most, gathered.layers().size());
  }
  EXPECT_LE(most, 10u);
  EXPECT_EQ(found(gathered, "0"), std::optional(std::optional<std::string>("x")));
  add(gathered, writing({}));
  EXPECT_LE(gathered.layers().size(), most) << "what writes nothing needs no layer";
}

}  // namespace
}  // namespace holdfast
