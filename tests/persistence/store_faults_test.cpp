// The stores that fail on purpose: crashes of the memory store, planned faults of the faulty one.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/faulty_journal.hpp>
#include <holdfast/persistence/memory_journal.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace holdfast {
namespace {

commit_result put(journal& store, std::string_view key, growth kind = growth::grows) {
  return store.commit(kind, [&](journal_writer& to) { to.put(table_id::outbox, key, "v"); });
}

bool has(const journal& store, std::string_view key) {
  return store.read()->get(table_id::outbox, key).has_value();
}

errc code_of(function_ref<void()> action) {
  try {
    action();
  } catch (const error& reason) {
    return reason.code();
  }
  return errc::none;
}

TEST(memory_journal, a_disk_has_one_journal_at_a_time) {
  const auto disk = make_memory_disk();
  std::optional<memory_journal> first(std::in_place, disk);
  EXPECT_EQ(code_of([&] { memory_journal second(disk); }), errc::journal_locked);
  put(*first, "a");
  first.reset();
  EXPECT_TRUE(has(memory_journal(disk), "a"));
}

TEST(memory_journal, a_crash_between_commits_keeps_all_of_them) {
  for (const bool keep : {false, true}) {
    memory_journal store;
    put(store, "a");
    const auto reader = store.read();
    store.crash(keep);
    EXPECT_EQ(code_of([&] { put(store, "b"); }), errc::journal_failed);
    EXPECT_EQ(code_of([&] { store.read(); }), errc::journal_failed);
    EXPECT_TRUE(store.status().is_failed);
    EXPECT_TRUE(reader->get(table_id::outbox, "a"));  // its snapshot is memory of the dead
    memory_journal next(store.disk());
    EXPECT_TRUE(has(next, "a"));
    EXPECT_FALSE(has(next, "b"));
  }
}

TEST(memory_journal, a_crash_at_the_flush_keeps_the_commit_or_not_but_never_answers) {
  for (const bool keep : {false, true}) {
    memory_journal* running = nullptr;
    bool cut = false;
    memory_journal store(make_memory_disk(), {.at_flush = [&] {
                           if (cut)
                             running->crash(keep);
                         }});
    running = &store;
    put(store, "a");
    cut = true;
    EXPECT_EQ(code_of([&] { put(store, "b"); }), errc::journal_failed);
    memory_journal next(store.disk());
    EXPECT_TRUE(has(next, "a"));
    EXPECT_EQ(has(next, "b"), keep);
    put(next, "c");
    EXPECT_TRUE(has(next, "c"));
  }
}

TEST(faulty_journal, the_planned_commit_is_refused_and_only_that) {
  memory_journal memory;
  faulty_journal store(memory);
  store.fail_commit(2, faulty_journal::fault::full);
  EXPECT_EQ(put(store, "a"), commit_result::committed);
  EXPECT_EQ(put(store, "b"), commit_result::full);
  EXPECT_TRUE(store.status().is_full);
  EXPECT_EQ(put(store, "c"), commit_result::committed);
  EXPECT_FALSE(store.status().is_full);
  EXPECT_EQ(store.commits_seen(), 3u);
  EXPECT_EQ(store.status().refusals, 1u);
  EXPECT_FALSE(has(store, "b"));
  EXPECT_TRUE(has(store, "c"));
}

TEST(faulty_journal, a_failed_flush_ends_everything_and_nobody_knows_what_is_on_disk) {
  for (const auto how : {faulty_journal::fault::lost_flush, faulty_journal::fault::late_failure}) {
    memory_journal memory;
    faulty_journal store(memory);
    put(store, "a");
    store.fail_next_commit(how);
    EXPECT_EQ(code_of([&] { put(store, "b"); }), errc::journal_failed);
    EXPECT_EQ(code_of([&] { put(store, "c"); }), errc::journal_failed);
    EXPECT_EQ(code_of([&] { store.read(); }), errc::journal_failed);
    EXPECT_TRUE(store.status().is_failed);
    EXPECT_TRUE(has(memory, "a"));
    EXPECT_EQ(has(memory, "b"), how == faulty_journal::fault::late_failure);
    EXPECT_FALSE(has(memory, "c"));
  }
}

TEST(faulty_journal, full_lets_shrinks_pass_unless_told_otherwise) {
  memory_journal memory;
  faulty_journal store(memory);
  store.set_full(true);
  EXPECT_EQ(put(store, "a", growth::grows), commit_result::full);
  EXPECT_EQ(put(store, "a", growth::shrinks), commit_result::committed);
  store.set_full(true, true);
  EXPECT_EQ(put(store, "b", growth::shrinks), commit_result::full);
  store.set_full(false);
  EXPECT_EQ(put(store, "b"), commit_result::committed);
}

TEST(faulty_journal, a_body_that_throws_on_a_full_disk_still_throws) {
  memory_journal memory;
  faulty_journal store(memory);
  store.set_full(true);
  EXPECT_EQ(code_of([&] { put(store, std::string(600, 'k')); }), errc::too_large);
}

}  // namespace
}  // namespace holdfast
