// State rows of handlers, and whether what was read is still so.

#include <holdfast/persistence/state.hpp>

#include <gtest/gtest.h>

#include <tests/persistence/books.hpp>

namespace holdfast::test {
namespace {

class state_test : public ::testing::Test {
protected:
  void write(const std::vector<state_write>& writes) {
    store.commit(growth::grows, [&](journal_writer& rows) { write_state(rows, writes); });
  }
  void put(const std::string& key, const std::string& value) {
    write({{state_key("t", key), value}});
  }
  state_read reads(const std::string& key) {
    auto stored = state_key("t", key);
    return {stored, {}, 0, hash_value(read_state(*store.read(), stored))};
  }
  state_read reads_range(const std::string& from, const std::string& to, std::size_t limit) {
    state_read read{state_key("t", from), state_key("t", to), limit, 0};
    read.hash = hash_rows(scan_state(*store.read(), read.from, read.to, limit));
    return read;
  }
  bool holds(const state_read& read) { return is_valid(*store.read(), {read}); }

  memory_journal store;
};

TEST_F(state_test, what_is_written_is_read) {
  put("a", "1");
  write({{state_key("t", "b"), "2"}, {state_key("t", "c"), ""}, {state_key("t", "a"), {}}});
  auto rows = store.read();
  EXPECT_EQ(read_state(*rows, state_key("t", "a")), std::nullopt);
  EXPECT_EQ(read_state(*rows, state_key("t", "b")), "2");
  EXPECT_EQ(read_state(*rows, state_key("t", "c")), "");
}

TEST_F(state_test, tables_stand_apart) {
  write({{state_key("t", "u"), "1"}, {state_key("tu", ""), "2"}});
  EXPECT_EQ(scan_state(*store.read(), state_key("t", ""), std::string("t\1", 2), 10).size(), 1u);
}

TEST_F(state_test, ranges_are_ordered_and_end_before_their_end) {
  for (auto key : {"c", "a", "b", "d"})
    put(key, key);
  auto found = scan_state(*store.read(), state_key("t", "a"), state_key("t", "d"), 2);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].second, "a");
  EXPECT_EQ(found[1].second, "b");
  EXPECT_EQ(scan_state(*store.read(), state_key("t", "a"), state_key("t", "d"), 10).size(), 3u);
  EXPECT_TRUE(scan_state(*store.read(), state_key("t", "a"), state_key("t", "d"), 0).empty());
}

TEST_F(state_test, a_read_holds_until_its_row_changes) {
  put("a", "1");
  auto read = reads("a");
  put("b", "2");
  EXPECT_TRUE(holds(read));
  put("a", "3");
  EXPECT_FALSE(holds(read));
  put("a", "1");
  EXPECT_TRUE(holds(read));
  write({{state_key("t", "a"), {}}});
  EXPECT_FALSE(holds(read));
}

TEST_F(state_test, an_absence_and_an_empty_value_differ) {
  auto absent = reads("a");
  EXPECT_TRUE(holds(absent));
  put("a", "");
  EXPECT_FALSE(holds(absent));
}

TEST_F(state_test, a_range_holds_until_a_row_comes_goes_or_changes) {
  put("a", "1");
  put("c", "3");
  auto read = reads_range("a", "x", 10);
  put("x", "outside");
  EXPECT_TRUE(holds(read));
  put("b", "2");
  EXPECT_FALSE(holds(read));
  write({{state_key("t", "b"), {}}});
  EXPECT_TRUE(holds(read));
  put("c", "4");
  EXPECT_FALSE(holds(read));
}

TEST_F(state_test, a_bounded_range_holds_whatever_comes_behind_it) {
  for (auto key : {"a", "b", "c"})
    put(key, key);
  auto read = reads_range("a", "x", 2);
  put("d", "d");
  EXPECT_TRUE(holds(read));
  put("aa", "between");
  EXPECT_FALSE(holds(read));
}

TEST_F(state_test, hashes_of_ranges_do_not_run_together) {
  EXPECT_NE(hash_rows({{"a", "bc"}}), hash_rows({{"ab", "c"}}));
  EXPECT_NE(hash_rows({{"a", ""}, {"b", ""}}), hash_rows({{"b", ""}, {"a", ""}}));
  EXPECT_NE(hash_rows({}), hash_rows({{"", ""}}));
}

TEST_F(state_test, damage_is_found) {
  put("a", "some value");
  auto key = state_key("t", "a");
  std::string record(*store.read()->get(table_id::state, key));
  record.back() ^= 1;
  store.commit(growth::grows,
               [&](journal_writer& rows) { rows.put(table_id::state, key, record); });
  EXPECT_THROW(read_state(*store.read(), key), error);
}

}  // namespace
}  // namespace holdfast::test
