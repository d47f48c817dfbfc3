// The supervisor of a node's own actors, over actors of a node in virtual time.
#include "tests/actors/lone_node.hpp"

#include <holdfast/actors/node_supervisor.hpp>
#include <holdfast/actors/supervisor.hpp>
#include <holdfast/actors/switchboard.hpp>
#include <holdfast/actors/wire.hpp>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast {
namespace {

using namespace std::chrono_literals;
using words = std::vector<std::string>;

class node_supervisor_test : public ::testing::Test {
protected:
  node_supervisor_test() {
    caf::anon_send_exit(node.env.switchboard, caf::exit_reason::kill);
    node.env.wire = node.system.spawn([this](caf::event_based_actor* self) -> caf::behavior {
      end_with_exception_text(self);
      return {[](const wire_stop_listening&) {},
              [this](const wire_close&) { is_wire_stuck = true; },
              [](const wire_taken&) { throw std::runtime_error("the wire broke"); },
              [this](const ask_progress& question) -> caf::result<progress_answer> {
                ++questions;
                (void)question;
                if (is_wire_stuck)
                  return caf::delegated<progress_answer>();
                return progress_answer{};
              }};
    });
    node.env.switchboard = spawn_switchboard(node.system, node.env);
    top = supervise_node(node.system, node.env);
    node.run();
    for (auto [name, actor] :
         {std::pair("executor", node.env.executor), std::pair("switchboard", node.env.switchboard),
          std::pair("wire", node.env.wire), std::pair("persistence", node.env.persistence)})
      actor->attach_functor(
          [this, name = std::string(name)](const caf::error&) { ends.push_back(name); });
  }

  ~node_supervisor_test() override {
    caf::anon_send_exit(top, caf::exit_reason::kill);
    top = nullptr;
    node.run();
    node.env.wire = nullptr;
  }

  testing::lone_node node;
  caf::actor top;
  words ends;
  int questions = 0;
  bool is_wire_stuck = false;
};

TEST_F(node_supervisor_test, TheyAreStoppedOneBehindTheOther) {
  caf::anon_send_exit(top, caf::exit_reason::user_shutdown);
  node.run();
  EXPECT_EQ(ends, (words{"executor", "switchboard", "wire", "persistence"}));
  EXPECT_EQ(node.fatal, "");
}

TEST_F(node_supervisor_test, ASwitchboardThatHasSaidGoodbyeMayEnd) {
  caf::anon_send(node.env.switchboard, say_goodbye{});
  node.run();
  EXPECT_EQ(ends, (words{"switchboard"}));
  EXPECT_EQ(node.fatal, "");
  caf::anon_send_exit(top, caf::exit_reason::user_shutdown);
  node.run();
  EXPECT_EQ(ends, (words{"switchboard", "executor", "wire", "persistence"}));
}

TEST_F(node_supervisor_test, TheFirstAbnormalEndIsTheNodes) {
  caf::anon_send(node.env.wire, wire_taken{});
  node.run();
  EXPECT_EQ(node.fatal, "alpha/wire ended and is not restarted: the wire broke");
  EXPECT_EQ(ends, (words{"wire", "executor", "switchboard", "persistence"}));
}

TEST_F(node_supervisor_test, ANormalEndIsAbnormalForAllOthers) {
  caf::anon_send_exit(node.env.executor, caf::exit_reason::user_shutdown);
  node.run();
  EXPECT_EQ(node.fatal, "alpha/executor ended and is not restarted: user_shutdown");
}

TEST_F(node_supervisor_test, OneThatHandlesNoMessagesEndsTheNode) {
  for (int i = 0; i < 10; ++i)
    node.advance(node_progress_max);
  EXPECT_EQ(node.fatal, "");
  EXPECT_GE(questions, 5);
  caf::anon_send(node.env.wire, wire_close{});
  for (int i = 0; i < 3; ++i)
    node.advance(node_progress_max);
  EXPECT_EQ(node.fatal, "alpha/wire ended and is not restarted: it hung");
  EXPECT_EQ(ends.front(), "wire");
}

}  // namespace
}  // namespace holdfast
