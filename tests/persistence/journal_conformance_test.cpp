// The journal contract, held against every store. What is promised in journal.hpp is tested here, its
// bounds in journal_space_test.cpp; what only one store has (files, processes, damage) beside them.

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <stdexcept>
#include <tests/persistence/journal_contract.hpp>
#include <thread>

namespace holdfast::test {
namespace {

INSTANTIATE_TEST_SUITE_P(stores, journal_contract, ::testing::ValuesIn(all_stores),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(journal_contract, a_new_store_is_empty_but_for_its_format) {
  const auto reader = store().read();
  for (std::size_t i = 0; i < table_count; ++i)
    EXPECT_EQ(reader->count(static_cast<table_id>(i)), i == 0 ? 1u : 0u) << i;
  EXPECT_TRUE(reader->get(table_id::meta, "format"));
}

TEST_P(journal_contract, what_was_committed_is_read_and_survives_reopening) {
  ASSERT_EQ(put("a", "1"), commit_result::committed);
  ASSERT_EQ(put("empty", ""), commit_result::committed);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b"), std::nullopt);
  reopen();
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("empty"), "");
}

TEST_P(journal_contract, tables_are_apart) {
  for (std::size_t i = 1; i < table_count; ++i)
    put("key", std::to_string(i), static_cast<table_id>(i));
  for (std::size_t i = 1; i < table_count; ++i)
    EXPECT_EQ(get("key", static_cast<table_id>(i)), std::to_string(i));
}

TEST_P(journal_contract, the_body_sees_its_own_writes) {
  put("old", "1");
  store().commit(growth::grows, [](journal_writer& to) {
    to.put(table_id::outbox, "new", "2");
    EXPECT_EQ(copy(to.get(table_id::outbox, "new")), "2");
    EXPECT_EQ(to.count(table_id::outbox), 2u);
    to.put(table_id::outbox, "new", "3");
    EXPECT_EQ(copy(to.get(table_id::outbox, "new")), "3");
    EXPECT_TRUE(to.erase(table_id::outbox, "old"));
    EXPECT_FALSE(to.erase(table_id::outbox, "old"));
    EXPECT_EQ(rows(to, table_id::outbox), (std::vector<text_row>{{"new", "3"}}));
  });
  EXPECT_EQ(get("old"), std::nullopt);
  EXPECT_EQ(get("new"), "3");
}

TEST_P(journal_contract, a_throw_in_the_body_leaves_nothing_and_leaves) {
  put("a", "1");
  const auto commits = store().status().commits;
  EXPECT_THROW(store().commit(growth::grows,
                              [](journal_writer& to) {
                                to.put(table_id::outbox, "a", "2");
                                to.put(table_id::inbox, "b", "2");
                                throw std::out_of_range("as planned");
                              }),
               std::out_of_range);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(get("b", table_id::inbox), std::nullopt);
  EXPECT_EQ(store().status().commits, commits);
  EXPECT_EQ(put("c", "3"), commit_result::committed);
  reopen();
  EXPECT_EQ(get("a"), "1");
}

TEST_P(journal_contract, a_body_that_writes_nothing_costs_no_flush) {
  put("a", "1");
  const auto before = store().status();
  EXPECT_EQ(
      store().commit(growth::grows, [](journal_writer& to) { to.erase(table_id::inbox, "b"); }),
      commit_result::committed);
  EXPECT_EQ(store().status().commits, before.commits);
  EXPECT_EQ(store().status().flushes, before.flushes);
}

TEST_P(journal_contract, a_commit_inside_a_commit_is_refused) {
  put("a", "1");
  const auto code = code_of([&] {
    store().commit(growth::grows, [&](journal_writer& to) {
      to.put(table_id::outbox, "a", "2");
      put("b", "2");
    });
  });
  EXPECT_EQ(code, errc::wrong_context);
  EXPECT_EQ(get("a"), "1");
  EXPECT_EQ(put("c", "3"), commit_result::committed);
}

TEST_P(journal_contract, a_reader_keeps_its_moment) {
  put("a", "1");
  auto early = store().read();
  put("a", "2");
  store().commit(growth::shrinks, [](journal_writer& to) { to.erase(table_id::outbox, "a"); });
  put("b", "3");
  EXPECT_EQ(rows(*early, table_id::outbox), (std::vector<text_row>{{"a", "1"}}));
  EXPECT_EQ(store().status().readers, 1u);
  early = store().read();
  EXPECT_EQ(rows(*early, table_id::outbox), (std::vector<text_row>{{"b", "3"}}));
}

TEST_P(journal_contract, a_reader_taken_in_the_middle_of_a_commit_sees_none_of_it) {
  store().commit(growth::grows, [&](journal_writer& to) {
    to.put(table_id::outbox, "a", "1");
    EXPECT_EQ(get("a"), std::nullopt);
  });
  EXPECT_EQ(get("a"), "1");
}

TEST_P(journal_contract, keys_are_ordered_as_unsigned_bytes) {
  using namespace std::string_literals;
  const std::vector<std::string> ordered = {"\0"s,   "\0\0"s, "\0\x01"s, "a"s,
                                            "a\0"s,  "ab"s,   "b"s,      "\x7f"s,
                                            "\x80"s, "\xff"s, "\xff\0"s, "\xff\xff"s};
  store().commit(growth::grows, [&](journal_writer& to) {
    for (auto at = ordered.rbegin(); at != ordered.rend(); ++at)
      to.put(table_id::state, *at, "v");
  });
  std::vector<std::string> found;
  for (const auto& each : rows(*store().read(), table_id::state))
    found.push_back(each.first);
  EXPECT_EQ(found, ordered);
}

TEST_P(journal_contract, neighbours_are_found_from_any_key) {
  const std::string long_key(2000, 'z');
  {
    const auto empty = store().read();
    EXPECT_FALSE(empty->first(table_id::due));
    EXPECT_FALSE(empty->last(table_id::due));
    EXPECT_FALSE(empty->at_or_after(table_id::due, "a"));
    EXPECT_FALSE(empty->before(table_id::due, "a"));
  }
  store().commit(growth::grows, [](journal_writer& to) {
    for (const auto* key : {"b", "d", "f"})
      to.put(table_id::due, key, key);
  });
  const auto reader = store().read();
  const auto at_or_after = [&](std::string_view key) {
    const auto found = reader->at_or_after(table_id::due, key);
    return found ? std::string(found->key) : "";
  };
  const auto before = [&](std::string_view key) {
    const auto found = reader->before(table_id::due, key);
    return found ? std::string(found->key) : "";
  };
  EXPECT_EQ(at_or_after(""), "b");
  EXPECT_EQ(at_or_after("a"), "b");
  EXPECT_EQ(at_or_after("b"), "b");
  EXPECT_EQ(at_or_after("b\0"), "b");
  EXPECT_EQ(at_or_after("bb"), "d");
  EXPECT_EQ(at_or_after("f"), "f");
  EXPECT_EQ(at_or_after("g"), "");
  EXPECT_EQ(before(""), "f");
  EXPECT_EQ(before("g"), "f");
  EXPECT_EQ(before("f"), "d");
  EXPECT_EQ(before("ff"), "f");
  EXPECT_EQ(before("c"), "b");
  EXPECT_EQ(before("b"), "");
  EXPECT_EQ(before("a"), "");
  EXPECT_EQ(reader->first(table_id::due)->value, "b");
  EXPECT_EQ(reader->last(table_id::due)->value, "f");
  // Keys that cannot be stored can still be asked for.
  EXPECT_FALSE(reader->get(table_id::due, long_key));
  EXPECT_FALSE(reader->get(table_id::due, ""));
  EXPECT_EQ(at_or_after(long_key), "");
  EXPECT_EQ(before(long_key), "f");
  EXPECT_EQ(at_or_after("b" + long_key), "d");
}

TEST_P(journal_contract, scans_are_half_open_and_stop_when_told) {
  store().commit(growth::grows, [](journal_writer& to) {
    for (std::uint64_t i = 0; i < 1000; ++i)
      to.append(table_id::inbox, number_key(i), std::to_string(i));
  });
  const auto reader = store().read();
  EXPECT_EQ(rows(*reader, table_id::inbox).size(), 1000u);
  const auto part = rows(*reader, table_id::inbox, number_key(10), number_key(13));
  ASSERT_EQ(part.size(), 3u);
  EXPECT_EQ(part.front().second, "10");
  EXPECT_EQ(part.back().second, "12");
  EXPECT_TRUE(rows(*reader, table_id::inbox, number_key(5), number_key(5)).empty());
  EXPECT_TRUE(rows(*reader, table_id::inbox, number_key(6), number_key(5)).empty());
  EXPECT_EQ(rows(*reader, table_id::inbox, number_key(998)).size(), 2u);
  int seen = 0;
  reader->scan(table_id::inbox, {}, {}, [&](row) { return ++seen < 7; });
  EXPECT_EQ(seen, 7);
}

TEST_P(journal_contract, a_scan_may_read_the_same_table_on_the_way) {
  const auto fill = [](journal_writer& to) {
    for (std::uint64_t i = 0; i < 20; ++i)
      to.put(table_id::inbox, number_key(i), "x");
  };
  const auto check = [](const journal_reader& reader) {
    std::vector<std::string> seen;
    reader.scan(table_id::inbox, {}, {}, [&](row at) {
      seen.emplace_back(at.key);
      EXPECT_EQ(reader.last(table_id::inbox)->key, number_key(19));
      EXPECT_EQ(reader.first(table_id::inbox)->key, number_key(0));
      EXPECT_EQ(rows(reader, table_id::inbox).size(), 20u);
      EXPECT_TRUE(reader.get(table_id::inbox, at.key));
      return true;
    });
    EXPECT_EQ(seen.size(), 20u);
    EXPECT_EQ(seen.back(), number_key(19));
  };
  store().commit(growth::grows, [&](journal_writer& to) {
    fill(to);
    check(to);
  });
  check(*store().read());
}

TEST_P(journal_contract, a_readers_successors_see_their_own_snapshots) {
  // Readers are kept and renewed inside: what one of them looked at must not shine through later.
  for (int i = 0; i < 50; ++i) {
    put(number_key(static_cast<std::uint64_t>(i)), std::to_string(i));
    const auto reader = store().read();
    EXPECT_EQ(reader->last(table_id::outbox)->value, std::to_string(i));
    EXPECT_EQ(reader->count(table_id::outbox), static_cast<std::uint64_t>(i) + 1);
  }
}

TEST_P(journal_contract, keys_and_values_end_at_the_limits) {
  const std::string key(journal_key_bytes_max, 'k');
  const std::string value(journal_value_bytes_max, 'v');
  EXPECT_EQ(put(key, "at the limit"), commit_result::committed);
  EXPECT_EQ(put("large", value), commit_result::committed);
  EXPECT_EQ(code_of([&] { put(key + "k", "v"); }), errc::too_large);
  EXPECT_EQ(code_of([&] { put("", "v"); }), errc::too_large);
  EXPECT_EQ(code_of([&] { put("larger", value + "v"); }), errc::too_large);
  EXPECT_EQ(code_of([&] {
              store().commit(growth::grows, [&](journal_writer& to) {
                to.append(table_id::outbox, key + "k", "v");
              });
            }),
            errc::too_large);
  reopen();
  EXPECT_EQ(get(key), "at the limit");
  EXPECT_EQ(get("large"), value);
  EXPECT_EQ(store().read()->count(table_id::outbox), 2u);
}

TEST_P(journal_contract, the_error_names_table_size_and_limit) {
  try {
    put(std::string(600, 'k'), "v", table_id::state);
    FAIL() << "a key of 600 bytes was taken";
  } catch (const error& reason) {
    const std::string text = reason.what();
    EXPECT_NE(text.find("600 bytes"), std::string::npos) << text;
    EXPECT_NE(text.find("state"), std::string::npos) << text;
    EXPECT_NE(text.find("511"), std::string::npos) << text;
  }
}

TEST_P(journal_contract, append_takes_keys_in_any_order) {
  store().commit(growth::grows, [](journal_writer& to) {
    to.append(table_id::ready, "c", "1");
    to.append(table_id::ready, "a", "2");  // below
    to.append(table_id::ready, "c", "3");  // equal: replaces
    to.append(table_id::ready, "d", "4");
  });
  EXPECT_EQ(rows(*store().read(), table_id::ready),
            (std::vector<text_row>{{"a", "2"}, {"c", "3"}, {"d", "4"}}));
}

// --- against a model -----------------------------------------------------------------------------

class journal_contract_model : public journal_contract {
protected:
  using model = std::map<std::string, std::string>;

  void check_against(const model& expected, const journal_reader& reader, table_id table) {
    ASSERT_EQ(rows(reader, table), std::vector<text_row>(expected.begin(), expected.end()));
    ASSERT_EQ(reader.count(table), expected.size());
    for (int i = 0; i < 30; ++i) {
      const auto key = random_key();
      const auto at = expected.lower_bound(key);
      ASSERT_EQ(copy(reader.at_or_after(table, key)),
                at == expected.end() ? std::nullopt : std::optional<text_row>(*at));
      ASSERT_EQ(copy(reader.before(table, key)),
                at == expected.begin() ? std::nullopt : std::optional<text_row>(*std::prev(at)));
      const auto exact = expected.find(key);
      ASSERT_EQ(copy(reader.get(table, key)),
                exact == expected.end() ? std::nullopt : std::optional<std::string>(exact->second));
    }
  }

  void change(model& expected, journal_writer& to, table_id table) {
    for (auto steps = random_(); steps % 40 != 0; --steps) {
      const auto key = random_key();
      const std::string value(random_() % (random_() % 20 == 0 ? 9000 : 60), 'v');
      switch (random_() % 4) {
      case 0: ASSERT_EQ(to.erase(table, key), expected.erase(key) == 1); break;
      case 1:
        to.append(table, key, value);
        expected[key] = value;
        break;
      default: to.put(table, key, value); expected[key] = value;
      }
    }
  }

  std::string random_key() {  // few enough to meet again, some with a common prefix
    std::string key(1 + random_() % 3, static_cast<char>(random_() % 256));
    key.back() = static_cast<char>(random_() % 8 * 32);
    return random_() % 50 == 0 ? key + std::string(500, 'p') : key;
  }

  std::minstd_rand random_;
};

INSTANTIATE_TEST_SUITE_P(stores, journal_contract_model, ::testing::ValuesIn(all_stores),
                         [](const auto& kind) { return std::string(kind.param.name); });

TEST_P(journal_contract_model, random_commits_aborts_and_restarts) {
  const table_id tables[] = {table_id::outbox, table_id::state};
  std::map<table_id, model> committed;
  struct abandoned {};
  for (unsigned round = 0; round < 80; ++round) {
    SCOPED_TRACE(round);
    auto staged = committed;
    const auto old = store().read();
    const auto old_rows = rows(*old, tables[0]);
    const bool abandon = random_() % 4 == 0;
    try {
      store().commit(growth::grows, [&](journal_writer& to) {
        staged = committed;  // the body may run again
        for (const auto table : tables) {
          change(staged[table], to, table);
          check_against(staged[table], to, table);
        }
        if (abandon)
          throw abandoned{};
      });
      committed = staged;
    } catch (const abandoned&) {}
    ASSERT_EQ(rows(*old, tables[0]), old_rows);
    if (HasFatalFailure())
      return;
    for (const auto table : tables)
      check_against(committed[table], *store().read(), table);
  }
  reopen();
  for (const auto table : tables)
    check_against(committed[table], *store().read(), table);
}

// --- threads -------------------------------------------------------------------------------------

TEST_P(journal_contract, readers_in_other_threads_see_whole_commits_in_order) {
  constexpr std::uint64_t commits_min = 200;
  constexpr std::uint64_t reads_min = 200;
  std::atomic<bool> done = false;
  std::atomic<std::uint64_t> torn = 0;
  std::atomic<std::uint64_t> reads[3] = {};
  const std::string filler(300, 'f');
  put(number_key(0), filler);
  put("last", number_key(0), table_id::meta);
  std::vector<std::thread> threads;
  for (auto& mine : reads)
    threads.emplace_back([&] {
      std::uint64_t newest = 0;
      while (!done) {
        const auto reader = store().read();
        const auto last = read_be64(*reader->get(table_id::meta, "last"));
        const auto top = reader->last(table_id::outbox);
        if (last < newest || !top || read_be64(top->key) != last
            || reader->count(table_id::outbox) != last + 1)
          ++torn;
        newest = last;
        ++mine;
      }
    });
  std::uint64_t commits = 0;
  const auto all_read = [&] {
    return std::all_of(std::begin(reads), std::end(reads), [&](auto& n) { return n >= reads_min; });
  };
  while (commits < commits_min || !all_read()) {
    ++commits;
    store().commit(growth::grows, [&](journal_writer& to) {
      to.append(table_id::outbox, number_key(commits), filler);
      to.put(table_id::meta, "last", number_key(commits));
    });
  }
  done = true;
  for (auto& each : threads)
    each.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(store().status().readers, 0u);
}

TEST_P(journal_contract, a_reader_may_end_in_another_thread) {
  put("a", "1");
  auto reader = store().read();
  put("a", "2");
  std::thread([&] {
    EXPECT_EQ(copy(reader->get(table_id::outbox, "a")), "1");
    reader.reset();
  }).join();
  EXPECT_EQ(store().status().readers, 0u);
  EXPECT_EQ(put("a", "3"), commit_result::committed);
  EXPECT_EQ(get("a"), "3");
}

}  // namespace
}  // namespace holdfast::test
