#include "tests/crash/nodes.hpp"

#include <gtest/gtest.h>

namespace holdfast::crash {
namespace {

// One mailbox is held by a call that takes as long as this test likes, and a call waits for a node that nobody knows: the
// others go on.
TEST(slow_mailbox, NobodyElseWaits) {
  cluster home;
  test_node source(home, "source");
  test_node target(home, "target");
  source.dials(target);
  ASSERT_TRUE(target.start() && source.start()) << source.errors() << target.errors();
  gate held(home.folder() / "held");

  auto slow = source.command({"queue", "target", "slow.block", '"' + held.path().string() + '"'});
  ASSERT_EQ(slow.status, 0) << slow.err;
  ASSERT_TRUE(wait_for({&target.run()}, [&] { return target.run().has_printed("blocked"); }));
  auto lost = source.command({"queue", "nowhere", "instants.touch", "0"});
  ASSERT_EQ(lost.status, 0) << lost.err;
  auto behind = source.command({"queue", "target", "slow.block", '"' + held.path().string() + '"'});
  ASSERT_EQ(behind.status, 0) << behind.err;

  for (int n = 1; n <= 40; ++n) {
    auto instant = source.command({"queue", "target", "instants.touch", std::to_string(n), "--key",
                                   "mailbox-" + std::to_string(n)});
    ASSERT_EQ(instant.status, 0) << instant.err;
  }
  EXPECT_TRUE(wait_for({&target.run()}, [&] { return target.run().count("instant ") == 40; }))
      << target.run().count("instant ") << " of 40 ran";
  EXPECT_FALSE(target.run().has_printed("released"));
  EXPECT_EQ(target.run().count("blocked"), 1u) << "the calls of one mailbox run in turn";
  EXPECT_EQ(number_in(source.peer("nowhere"), "waiting"), 1);

  held.open();
  EXPECT_TRUE(wait_for({&target.run()}, [&] { return target.run().count("blocked") == 2; }));
  held.open();
  EXPECT_TRUE(wait_for({&target.run()}, [&] { return target.run().count("released") == 2; }));
  EXPECT_EQ(source.stop(), 0);
  EXPECT_EQ(target.stop(), 0);
}

}  // namespace
}  // namespace holdfast::crash
