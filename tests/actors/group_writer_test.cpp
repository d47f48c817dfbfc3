#include <holdfast/actors/group_writer.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <tests/actors/lone_node.hpp>
#include <thread>
#include <vector>

namespace {

using namespace holdfast;
using holdfast::testing::lone_node;

class group_writer_test : public ::testing::Test {
protected:
  group_writer_test() {
    node.env.switchboard = node.system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](const lane_grew& news) { told.push_back(news.last); },
              [](const outcomes_grew&) {}};
    });
  }

  group_writer& writer() { return *node.env.writer; }

  std::shared_ptr<journal_operation> call_to(const std::string& peer) {
    queue_request request{peer, {}, "content"};
    request.header.method = "test.work";
    return make_operation<queue_result>(
        growth::grows, 0, false,
        [request](ledger& books, queue_result& result) { result = outbox::queue(books, request); },
        [this](queue_result&, const error* refusal) {
          ended_on = std::this_thread::get_id();
          refused = refusal ? refusal->code() : errc::none;
          waiting_when_ended = node.count(table_id::outbox);
        });
  }

  std::shared_ptr<peer_entry> know(const std::string& peer) {
    auto entry = std::make_shared<peer_entry>(peer, caf::actor());
    node.env.peers.add(peer, entry);
    return entry;
  }

  std::vector<sequence_number> told;  ///< the switchboard, of calls that wait for peers
  lone_node node;                     // in its end it tells what it still has to tell
  std::thread::id ended_on;
  errc refused = errc::unknown;
  std::uint64_t waiting_when_ended = 0;
};

TEST_F(group_writer_test, WithNothingElseToCommitAThreadCommitsItsOwnOperation) {
  auto outside = std::thread([&] { EXPECT_TRUE(writer().commit_if_idle(call_to("beta"))); });
  auto its_id = outside.get_id();
  outside.join();
  EXPECT_EQ(ended_on, its_id);
  EXPECT_EQ(refused, errc::none);
  EXPECT_EQ(waiting_when_ended, 1u) << "it was told before the call was in the store";
  node.run();
  EXPECT_EQ(told, std::vector<sequence_number>{1});
}

TEST_F(group_writer_test, WhatThePersistenceActorIsAboutToCommitComesFirst) {
  writer().expect_group(true);
  EXPECT_FALSE(writer().commit_if_idle(call_to("beta")));
  EXPECT_EQ(node.count(table_id::outbox), 0u);
  writer().expect_group(false);
  EXPECT_TRUE(writer().commit_if_idle(call_to("beta")));
}

TEST_F(group_writer_test, BehindACommitOfTheActorAThreadMayCommitAgain) {
  node.queue("test.work");
  EXPECT_TRUE(writer().commit_if_idle(call_to("beta")));
}

TEST_F(group_writer_test, AClosedWriterLeavesItToTheActor) {
  writer().close();
  EXPECT_FALSE(writer().commit_if_idle(call_to("beta")));
  EXPECT_EQ(node.count(table_id::outbox), 0u);
}

TEST_F(group_writer_test, WhatThrowsIsRefusedAndStoresNothing) {
  auto operation = make_operation<int>(
      growth::grows, 0, false,
      [](ledger& books, int&) {
        books.rows().put(table_id::state, "half", "done");
        throw error(errc::failed, "the second half is missing");
      },
      [&](int&, const error* refusal) { refused = refusal ? refusal->code() : errc::none; });
  EXPECT_TRUE(writer().commit_if_idle(operation));
  EXPECT_EQ(refused, errc::failed);
  EXPECT_EQ(node.count(table_id::state), 0u);
}

TEST_F(group_writer_test, ALinkThatIsDownIsNotWokenForACall) {
  auto beta = know("beta");
  EXPECT_TRUE(writer().commit_if_idle(call_to("beta")));
  node.run();
  EXPECT_TRUE(told.empty()) << "its next session reads what waits";
  beta->is_up = true;
  EXPECT_TRUE(writer().commit_if_idle(call_to("beta")));
  node.run();
  EXPECT_EQ(told, std::vector<sequence_number>{2});
}

}  // namespace
