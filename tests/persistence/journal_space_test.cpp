// The journal contract on a full disk, held against every store. The quota stands for the disk;
// disk_full_test.cpp fills real ones.

#include <algorithm>
#include <tests/persistence/journal_contract.hpp>

namespace holdfast::test {
namespace {

class journal_contract_full : public journal_contract {
protected:
  static constexpr std::uint64_t quota = 4u << 20;

  // Commits of ten rows each until the store says that it is full.
  std::uint64_t fill(std::size_t value_bytes) {
    const std::string value(value_bytes, 'v');
    while (next_ < 1'000'000) {
      const auto result = store().commit(growth::grows, [&](journal_writer& to) {
        for (std::uint64_t i = 0; i < 10; ++i)
          to.append(table_id::outbox, number_key(next_ + i), value);
      });
      if (result == commit_result::full)
        break;
      next_ += 10;
    }
    return next_;
  }
  commit_result erase(std::uint64_t from, std::uint64_t to) {
    return store().commit(growth::shrinks, [&](journal_writer& out) {
      for (auto i = from; i < to; ++i)
        out.erase(table_id::outbox, number_key(i));
    });
  }

private:
  std::uint64_t next_ = 0;
};

INSTANTIATE_TEST_SUITE_P(stores, journal_contract_full, ::testing::ValuesIn(all_stores),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(journal_contract_full, growth_is_refused_and_nothing_is_lost) {
  set_bytes_max(quota);
  const auto stored = fill(100);
  ASSERT_GT(stored * 100, quota / 4) << "full long before the quota";
  EXPECT_TRUE(store().status().is_full);
  EXPECT_GT(store().status().refusals, 0u);
  EXPECT_LE(store().status().file_bytes, quota - small_reserve_bytes) << "the reserve was used";
  EXPECT_FALSE(store().status().is_failed);
  EXPECT_EQ(store().read()->count(table_id::outbox), stored);
  reopen();
  EXPECT_EQ(store().read()->count(table_id::outbox), stored);
  EXPECT_EQ(get(number_key(stored - 1)), std::string(100, 'v'));
}

TEST_P(journal_contract_full, draining_goes_on_and_makes_room) {
  set_bytes_max(quota);
  const auto stored = fill(100);
  for (std::uint64_t from = 0; from < stored; from += 100)
    ASSERT_EQ(erase(from, std::min(from + 100, stored)), commit_result::committed) << from;
  EXPECT_EQ(store().read()->count(table_id::outbox), 0u);
  const auto again = fill(100) - stored;
  EXPECT_GT(again, stored / 2) << "the room that was freed is not used again";
  EXPECT_LE(store().status().file_bytes, quota - small_reserve_bytes) << "the reserve was used";
}

TEST_P(journal_contract_full, room_freed_by_large_values_serves_large_values) {
  set_bytes_max(quota);
  const auto stored = fill(20'000);
  ASSERT_GE(stored, 50u);
  ASSERT_EQ(erase(0, stored), commit_result::committed);
  EXPECT_GT(fill(20'000) - stored, stored / 2);
}

TEST_P(journal_contract_full, a_large_drain_in_one_commit_goes_on) {
  set_bytes_max(quota);
  const auto stored = fill(300);
  EXPECT_EQ(erase(0, stored), commit_result::committed);
  EXPECT_EQ(store().read()->count(table_id::outbox), 0u);
}

TEST_P(journal_contract_full, room_that_a_reader_still_sees_is_not_promised_twice) {
  set_bytes_max(quota);
  const auto stored = fill(100);
  auto reader = store().read();
  ASSERT_EQ(erase(0, stored / 2), commit_result::committed);
  fill(100);
  EXPECT_LE(store().status().file_bytes, quota);
  EXPECT_EQ(reader->count(table_id::outbox), stored);
  reader.reset();
  EXPECT_GT(fill(100), stored + stored / 4);
  EXPECT_LE(store().status().file_bytes, quota);
}

TEST_P(journal_contract_full, growth_goes_on_by_itself_when_space_returns) {
  set_bytes_max(quota);
  const auto stored = fill(100);
  set_bytes_max(2 * quota);
  EXPECT_EQ(put("more", "room"), commit_result::committed);
  EXPECT_FALSE(store().status().is_full);
  EXPECT_GT(fill(100), stored + stored / 2);
}

TEST_P(journal_contract_full, shrinks_that_grow_are_refused_in_the_end) {
  set_bytes_max(quota);
  fill(100);
  const std::string value(1000, 'v');
  bool refused = false;
  for (std::uint64_t i = 0; i < 5000 && !refused; ++i)
    refused = store().commit(growth::shrinks, [&](journal_writer& to) {
      to.put(table_id::state, number_key(i), value);
    }) == commit_result::full;
  EXPECT_TRUE(refused) << "a quota that nothing keeps";
}

}  // namespace
}  // namespace holdfast::test
