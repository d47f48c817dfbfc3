#include "tests/actors/linked_nodes.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

// A journal that is not the one its peer remembers: restored, copied or lost. Both sides refuse with one sentence, no
// call is eaten, and the operator's way out leads on.

namespace holdfast::testing {
namespace {

using namespace std::chrono_literals;
using strings = std::vector<std::string>;

struct history {
  history() {
    alpha = std::make_unique<linked_node>(all, "alpha");
    beta = std::make_unique<linked_node>(all, "beta");
    alpha->start();
    beta->start();
    alpha->dial("beta");
  }

  void exchange(linked_node& from, linked_node& to, const std::string& payload) {
    from.queue(to.env.self.name, payload);
    EXPECT_TRUE(all.advance_until([&] {
      return !to.executed.empty() && to.executed.back() == payload
             && from.lane_to(to.env.self.name).counters.open() == 0;
    })) << payload;
    all.advance(100ms);
  }

  std::unique_ptr<linked_node> start(const std::string& name, std::shared_ptr<memory_disk> disk) {
    auto node = std::make_unique<linked_node>(all, name, std::move(disk), ++seed);
    node->start();
    return node;
  }

  // Both sides say the same, and why.
  void expect_refused(const strings& words) {
    ASSERT_TRUE(all.advance_until([&] {
      return alpha->status("beta").reason == errc::diverged_history
             && beta->status("alpha").reason == errc::diverged_history;
    }));
    auto here = alpha->status("beta").reason_text;
    EXPECT_EQ(here, beta->status("alpha").reason_text);
    for (auto& word : words)
      EXPECT_NE(here.find(word), std::string::npos) << word << " in " << here;
    EXPECT_FALSE(alpha->is_up("beta"));
  }

  void accept(linked_node& node, const std::string& peer) {
    node.operate(growth::shrinks,
                 [peer](ledger& books) { outbox::accept_new_history(books, peer); });
    all.run();
    caf::anon_send(node.env.switchboard, peer_accepted{peer});
    all.run();
  }

  bool is_up() {
    return all.advance_until([&] { return alpha->is_up("beta") && beta->is_up("alpha"); });
  }

  cluster all;
  std::unique_ptr<linked_node> alpha, beta;
  std::uint64_t seed = 10;
};

TEST(diverged, a_target_with_a_lost_disk_is_refused_until_it_is_accepted) {
  history world;
  world.exchange(*world.alpha, *world.beta, "a1");
  world.beta.reset();
  world.all.net.cut_all();
  world.alpha->queue("beta", "a2");
  world.beta = world.start("beta", make_memory_disk());
  world.expect_refused({"lost or replaced", "peers accept beta --data DIR` on 'alpha'"});
  EXPECT_TRUE(world.beta->executed.empty());

  world.accept(*world.alpha, "beta");
  ASSERT_TRUE(world.is_up());
  world.alpha->operate(growth::grows,
                       [](ledger& books) { outbox::requeue_orphans(books, "beta", 100); });
  ASSERT_TRUE(world.all.advance_until([&] { return world.beta->executed.size() == 1; }));
  EXPECT_EQ(world.beta->executed, strings{"a2"});
  world.exchange(*world.alpha, *world.beta, "a3");
}

TEST(diverged, a_target_with_a_restored_backup_is_refused_until_it_is_accepted) {
  history world;
  world.exchange(*world.alpha, *world.beta, "a1");
  auto backup = copy_of(world.beta->store);
  world.exchange(*world.alpha, *world.beta, "a2");
  world.beta.reset();
  world.all.net.cut_all();
  // It is as many starts old as the one that alpha knows, so that only its marks can tell.
  world.beta = world.start("beta", backup);
  world.expect_refused({"lane 1 to beta", "remembers calls up to 1", "confirmed 2",
                        "peers accept beta --data DIR` on 'alpha'"});
  world.accept(*world.alpha, "beta");
  ASSERT_TRUE(world.is_up());
  world.exchange(*world.alpha, *world.beta, "a3");
  EXPECT_EQ(world.beta->executed, strings{"a3"});
}

TEST(diverged, a_source_with_a_restored_backup_is_refused_until_it_opens_a_new_lane) {
  history world;
  world.exchange(*world.alpha, *world.beta, "a1");
  auto backup = copy_of(world.alpha->store);
  world.exchange(*world.alpha, *world.beta, "a2");
  world.exchange(*world.alpha, *world.beta, "a3");
  world.alpha.reset();
  world.all.net.cut_all();
  world.alpha = world.start("alpha", backup);
  world.alpha->queue("beta", "b1");  // sequence 2, which beta has seen as "a2"
  world.alpha->dial("beta");
  world.expect_refused({"peers accept beta --data DIR` on 'alpha'"});

  world.accept(*world.alpha, "beta");
  ASSERT_TRUE(world.is_up());
  world.exchange(*world.alpha, *world.beta, "b2");
  EXPECT_EQ(world.beta->executed, (strings{"a1", "a2", "a3", "b2"}));
  EXPECT_EQ(world.alpha->store.read()->count(table_id::outbox), 1u);  // b1 is orphaned, not lost
}

TEST(diverged, a_copied_data_directory_cannot_run_beside_its_original) {
  history world;
  world.exchange(*world.beta, *world.alpha, "b1");
  auto copy = copy_of(world.beta->store);
  auto original_disk = world.beta->store.disk();
  // The original starts again and is seen; then the copy comes, in what it believes is the same start.
  world.beta.reset();
  world.all.net.cut_all();
  world.beta = world.start("beta", original_disk);
  ASSERT_TRUE(world.is_up());
  world.beta.reset();
  world.all.net.cut_all();
  world.beta = world.start("beta", copy);
  world.expect_refused({"has run its start 2 twice", "copy"});
  world.beta.reset();
  world.beta = world.start("beta", original_disk);
  EXPECT_TRUE(world.is_up());
  world.exchange(*world.beta, *world.alpha, "b2");
}

TEST(diverged, an_older_copy_of_a_data_directory_is_refused) {
  history world;
  world.exchange(*world.beta, *world.alpha, "b1");
  auto copy = copy_of(world.beta->store);
  auto disk = world.beta->store.disk();
  for (int i = 0; i < 3; ++i) {
    world.beta.reset();
    world.all.net.cut_all();
    world.beta = world.start("beta", disk);
    ASSERT_TRUE(world.is_up());
  }
  world.beta.reset();
  world.all.net.cut_all();
  world.beta = world.start("beta", copy);
  world.expect_refused({"is at start 2", "has seen its start 4", "restored backup"});
}

TEST(diverged, a_peer_refused_in_the_place_of_its_session_is_still_dialed) {
  history world;
  world.exchange(*world.alpha, *world.beta, "a1");
  auto backup = copy_of(world.beta->store);
  world.exchange(*world.alpha, *world.beta, "a2");
  world.beta.reset();  // unnoticed: its connections stay open
  world.beta = world.start("beta", backup);
  world.beta->dial("alpha");
  world.expect_refused({"older copy"});
  EXPECT_EQ(world.alpha->heard.back(), "down beta link_replaced");
  // Only alpha dials from now on.
  world.all.net.listeners.erase("alpha");
  auto theirs = world.beta->status("alpha").sessions;
  std::size_t hellos = 0;
  world.all.net.decide = [&](const std::string& address, bool from_dialer, const frame& content) {
    hellos += address == "beta" && from_dialer && content.type == frame_type::hello;
    return fake_network::fate::deliver;
  };
  EXPECT_TRUE(world.all.advance_until([&] { return hellos >= 2; }));
  EXPECT_EQ(world.beta->status("alpha").sessions, theirs);
}

TEST(diverged, other_refusals_are_shown_on_both_sides_and_end_when_they_are_mended) {
  history world;
  world.alpha.reset();
  world.beta.reset();
  world.all.net.cut_all();
  auto alpha = std::make_unique<linked_node>(world.all, "alpha");
  auto beta = std::make_unique<linked_node>(world.all, "beta");
  alpha->env.secret = "another";
  alpha->start();
  beta->start();
  alpha->dial("beta");
  beta->dial("alpha");
  ASSERT_TRUE(world.all.advance_until([&] {
    return alpha->status("beta").reason == errc::wrong_secret
           && beta->status("alpha").reason == errc::wrong_secret;
  }));
  EXPECT_EQ(alpha->state("beta"), link_state::refused);
  EXPECT_TRUE(alpha->heard.empty());
  alpha->env.secret = "secret";
  ASSERT_TRUE(
      world.all.advance_until([&] { return alpha->is_up("beta") && beta->is_up("alpha"); }));
  EXPECT_EQ(alpha->status("beta").reason, errc::none);
}

}  // namespace
}  // namespace holdfast::testing
