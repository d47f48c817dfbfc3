#include "tests/crash/nodes.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace holdfast::crash {
namespace {

constexpr milliseconds stop_bound{30'000};  // the node gives its handlers ten seconds

TEST(stop, RunningHandlerFinishesPeerHearsGoodbyeNothingIsLost) {
  cluster home;
  test_node source(home, "source");
  test_node target(home, "target");
  source.dials(target);
  ASSERT_TRUE(target.start() && source.start()) << source.errors() << target.errors();
  ASSERT_TRUE(wait_for({&source.run()}, [&] { return source.run().has_printed("up target"); }));
  gate held(home.folder() / "held");

  auto path = '"' + held.path().string() + '"';
  ASSERT_EQ(source.command({"queue", "target", "slow.block", path}).status, 0);
  ASSERT_TRUE(wait_for({&target.run()}, [&] { return target.run().has_printed("blocked"); }));
  ASSERT_EQ(source.command({"queue", "target", "slow.block", path}).status, 0);
  ASSERT_TRUE(ask_until([&] { return number_in(source.peer("target"), "waiting") == 0; }));

  target.run().signal(SIGTERM);
  // Its commands are the first to go: no answer means that it is stopping.
  ASSERT_TRUE(ask_until([&] { return target.command({"methods"}).status == 3; }));
  held.open();
  EXPECT_EQ(target.run().end(stop_bound), 0) << target.errors();
  EXPECT_EQ(target.run().count("released"), 1u) << "the handler that ran was to finish";
  EXPECT_EQ(target.run().count("blocked"), 1u) << "nothing new was to start";
  ASSERT_TRUE(wait_for({&source.run()}, [&] { return source.run().has_printed("down target"); }));
  EXPECT_TRUE(source.run().has_printed("down target link_goodbye")) << source.run().lines().back();

  ASSERT_TRUE(target.start()) << target.errors();
  ASSERT_TRUE(wait_for({&target.run()}, [&] { return target.run().has_printed("blocked"); }));
  held.open();
  EXPECT_TRUE(wait_for({&target.run()}, [&] { return target.run().has_printed("released"); }));
  EXPECT_TRUE(ask_until([&] { return source.status("outbox") == 0; }));
  EXPECT_EQ(target.run().count("blocked"), 1u) << "the call that had finished was not to run again";
  EXPECT_EQ(source.stop(), 0);
  EXPECT_EQ(target.stop(), 0);
}

// A handler that does not end in time is not waited for; its call runs again.
TEST(stop, LateHandlerDoesNotHoldTheProcess) {
  cluster home;
  test_node lone(home, "lone");
  lone.arguments = {"--stop-within", "200ms"};
  ASSERT_TRUE(lone.start()) << lone.errors();
  gate held(home.folder() / "held");
  auto path = '"' + held.path().string() + '"';
  ASSERT_EQ(lone.command({"queue", "lone", "slow.block", path}).status, 0);
  ASSERT_TRUE(wait_for({&lone.run()}, [&] { return lone.run().has_printed("blocked"); }));
  lone.run().signal(SIGTERM);
  EXPECT_EQ(lone.run().end(stop_bound), 13) << lone.errors();

  ASSERT_TRUE(lone.start()) << lone.errors();
  ASSERT_TRUE(wait_for({&lone.run()}, [&] { return lone.run().has_printed("blocked"); }));
  held.open();
  EXPECT_TRUE(wait_for({&lone.run()}, [&] { return lone.run().has_printed("released"); }));
  EXPECT_TRUE(ask_until([&] { return lone.status("inbox") == 0; }));
  EXPECT_EQ(lone.stop(), 0);
}

}  // namespace
}  // namespace holdfast::crash
