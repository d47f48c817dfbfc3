#pragma once

#include <holdfast/actors/worker_desk.hpp>

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

// A desk with two slots and a controller that is there, told in short: "a1" is item a under epoch 1.
namespace holdfast::testing {

inline constexpr node_time second = 1'000'000'000;

inline assigned_item order(const item_id& item, std::uint64_t epoch, std::uint32_t slots = 1) {
  assigned_item made;
  made.item = item;
  made.epoch = epoch;
  made.slots = slots;
  made.method = "pages.render";
  made.payload = "payload of " + item;
  made.checkpoint = "before";
  return made;
}

inline std::vector<held_item> items(std::initializer_list<run_key> keys) {
  std::vector<held_item> held;
  for (auto& key : keys)
    held.push_back({key.item, key.epoch, false, false});
  return held;
}

/// "a1 a2" of runs or items.
inline std::string text(const std::vector<run_key>& keys) {
  std::string all;
  for (auto& key : keys)
    all += (all.empty() ? "" : " ") + key.item + std::to_string(key.epoch);
  return all;
}

class worker_desk_test : public ::testing::Test {
protected:
  void SetUp() override { desk.controller_found(); }

  desired_items whole(std::uint64_t version, std::vector<assigned_item> add,
                      std::initializer_list<run_key> keep = {}) {
    return {session, version, 0, std::move(add), items(keep), {}};
  }
  desired_items on_top(std::uint64_t base, std::vector<assigned_item> add,
                       std::initializer_list<run_key> drop = {}) {
    return {session, base + 1, base, std::move(add), {}, items(drop)};
  }
  std::string start() {
    std::vector<run_key> keys;
    for (auto& each : desk.start_next(now)) {
      EXPECT_EQ(each.payload, "payload of " + each.item);
      keys.push_back({each.item, each.epoch});
      started.push_back(keys.back());
    }
    return text(keys);
  }
  /// "a1 running, b1 ended"
  std::string held() {
    worker_report report;
    desk.fill(report);
    std::string all;
    for (auto& each : report.held)
      all += (all.empty() ? "" : ", ") + each.item + std::to_string(each.epoch)
             + (each.has_ended    ? " ended"
                : each.is_running ? " running"
                                  : " waiting");
    return all;
  }
  std::string done(const run_key& run, run_ending ending = {}) {
    auto key = desk.returned(run, std::move(ending), now);
    return key ? text({*key}) : "nothing";
  }
  /// A run that is through, as far as an acknowledged end.
  void run_through(const run_key& key) {
    done(key);
    desk.stored(key);
  }

  worker_desk desk{2};
  std::uint64_t session = 77;
  node_time now = 10 * second;
  std::vector<run_key> started;
};

}  // namespace holdfast::testing
