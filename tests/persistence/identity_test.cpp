// Who a node is, how often it has started, and what time it is to it.

#include <gtest/gtest.h>

#include <tests/persistence/books.hpp>

namespace holdfast::test {
namespace {

class identity_test : public ::testing::Test {
protected:
  node_start start(const std::string& name = "alpha") {
    return start_node(store, name, machine, random);
  }
  template <class Body>
  void commit(const node_start& started, Body body) {
    admission_window window;
    ledger_host host{started.self, now, machine.at.wall_ns, window, {}, {}};
    store.commit(growth::grows, [&](journal_writer& rows) {
      ledger books(rows, host);
      body(books);
      books.close();
    });
  }
  void stop(const node_start& started) {
    commit(started, [](ledger& books) { stop_node(books); });
  }
  void stamp(const node_start& started, node_time time) {
    now = time;
    commit(started, [&](ledger& books) { stamp_time(books, machine.now()); });
  }

  memory_journal store;
  hand_clock machine;
  seeded_random random{7};
  node_time now = 1;
};

TEST_F(identity_test, the_first_start_draws_who_it_is) {
  EXPECT_EQ(read_identity(*store.read()), std::nullopt);
  auto first = start();
  EXPECT_EQ(first.self.name, "alpha");
  EXPECT_FALSE(first.self.id.is_nil());
  EXPECT_EQ(first.self.incarnation, 1u);
  EXPECT_TRUE(first.was_clean);
  EXPECT_EQ(first.unclean_in_a_row, 0u);
  EXPECT_EQ(first.time, machine.at.wall_ns);
  auto known = read_identity(*store.read()).value();
  EXPECT_EQ(known.id, first.self.id);
  EXPECT_EQ(known.name, "alpha");
  EXPECT_EQ(known.incarnation, 1u);
  EXPECT_EQ(known.nonce, first.self.nonce);
}

TEST_F(identity_test, the_lane_to_oneself_is_number_0_at_both_ends) {
  auto first = start();
  auto out = find_out_lane(*store.read(), loopback_lane).value();
  EXPECT_EQ(out.peer, "alpha");
  EXPECT_EQ(find_in_lane(*store.read(), first.self.id, loopback_lane)->index, 0u);
  EXPECT_EQ(find_peer(*store.read(), "alpha")->lane, loopback_lane);
}

TEST_F(identity_test, each_start_is_another_incarnation_with_another_nonce) {
  auto first = start();
  auto second = start();
  EXPECT_EQ(second.self.id, first.self.id);
  EXPECT_EQ(second.self.incarnation, 2u);
  EXPECT_NE(second.self.nonce, first.self.nonce);
}

TEST_F(identity_test, another_name_is_refused_and_changes_nothing) {
  start();
  try {
    start("beta");
    ADD_FAILURE() << "it started under another name";
  } catch (const error& problem) {
    EXPECT_EQ(problem.code(), errc::wrong_name);
    EXPECT_NE(std::string(problem.what()).find("belongs to node 'alpha'"), std::string::npos);
  }
  EXPECT_EQ(read_identity(*store.read())->incarnation, 1u);
}

TEST_F(identity_test, unclean_ends_are_counted_until_a_clean_one) {
  start();
  for (std::uint32_t times = 1; times <= 3; ++times) {
    auto again = start();
    EXPECT_FALSE(again.was_clean);
    EXPECT_EQ(again.unclean_in_a_row, times);
    if (times == 3)
      stop(again);
  }
  auto clean = start();
  EXPECT_TRUE(clean.was_clean);
  EXPECT_EQ(clean.unclean_in_a_row, 0u);
  EXPECT_EQ(start().unclean_in_a_row, 1u);
}

TEST_F(identity_test, the_count_starts_over_when_suspects_were_dealt_with) {
  start();
  auto second = start();
  commit(second, [](ledger& books) { forget_unclean(books); });
  auto third = start();
  EXPECT_FALSE(third.was_clean);
  EXPECT_EQ(third.unclean_in_a_row, 1u);
}

TEST_F(identity_test, a_full_disk_does_not_keep_a_node_from_starting) {
  start();
  store.set_bytes_max(1);
  EXPECT_EQ(store.commit(growth::grows,
                         [](journal_writer& rows) { rows.put(table_id::state, "k", "v"); }),
            commit_result::full);
  EXPECT_EQ(start().self.incarnation, 2u);
}

TEST_F(identity_test, node_time_runs_with_the_steady_clock_alone) {
  node_clock clock(machine, 1000);
  machine.advance(5);
  EXPECT_EQ(clock.now(), 1005);
  machine.at.wall_ns -= 3600 * second_ns;  // somebody set the clock
  EXPECT_EQ(clock.now(), 1005);
}

TEST_F(identity_test, over_a_restart_time_goes_on_by_the_steady_clock) {
  auto first = start();
  stamp(first, first.time + 10);
  machine.at.steady_ns += 7 * second_ns;
  machine.at.wall_ns -= 1000 * second_ns;  // set back: of no matter within a boot
  auto second = start();
  EXPECT_EQ(second.time, first.time + 10 + 7 * second_ns);
  EXPECT_EQ(second.held, std::nullopt);
}

TEST_F(identity_test, over_a_reboot_time_goes_on_by_the_wall_clock) {
  auto first = start();
  stamp(first, first.time + 10);
  machine.at.boot = 78;
  machine.at.steady_ns = 3;
  machine.at.wall_ns += 60 * second_ns;
  auto second = start();
  EXPECT_EQ(second.time, first.time + 10 + 60 * second_ns);
  EXPECT_EQ(second.held, std::nullopt);
}

TEST_F(identity_test, a_wall_clock_that_went_back_over_a_reboot_is_not_believed) {
  auto first = start();
  stamp(first, first.time + 10);
  machine.at.boot = 78;
  machine.at.wall_ns -= second_ns;
  auto second = start();
  EXPECT_EQ(second.time, first.time + 10);
  EXPECT_NE(second.held->find("before the last time"), std::string::npos);
  machine.at.boot = 79;  // the next start measures from what was said now
  machine.at.wall_ns += 5 * second_ns;
  auto third = start();
  EXPECT_EQ(third.time, second.time + 5 * second_ns);
  EXPECT_EQ(third.held, std::nullopt);
}

TEST_F(identity_test, a_wall_clock_far_ahead_is_not_believed) {
  auto first = start();
  machine.at.boot = 78;
  machine.at.wall_ns += time_off_max.count() + 1;
  auto second = start();
  EXPECT_EQ(second.time, first.time);
  EXPECT_NE(second.held->find("more than 400 days"), std::string::npos);
}

TEST_F(identity_test, a_clock_before_1970_gives_a_time_that_can_be_stored) {
  machine.at.wall_ns = -5;
  EXPECT_GT(start().time, 0);
}

}  // namespace
}  // namespace holdfast::test
