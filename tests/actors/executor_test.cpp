#include <gtest/gtest.h>

#include <tests/actors/lone_node.hpp>

namespace holdfast {
namespace {

using testing::lone_node;
using namespace std::chrono_literals;

std::string tally(const std::string& name) {
  return state_key("tally", name);
}

/// Adds the payload and a comma to a row, so that the row tells what ran, in which order and how often.
std::string note(handler_run& run, std::string_view payload) {
  run.write(tally("all"), run.read(tally("all")).value_or("") + std::string(payload) + ",");
  return {};
}

call_header with_key(std::string key) {
  call_header options;
  options.key = std::move(key);
  return options;
}

TEST(executor, RunsQueuedCallsInOrderAndRemovesThem) {
  lone_node node;
  node.serve("log.note", note);
  for (auto i = 0; i < 300; ++i)
    ASSERT_EQ(node.queue("log.note", std::to_string(i)).id.sequence, i + 1u);
  std::string expected;
  for (auto i = 0; i < 300; ++i)
    expected += std::to_string(i) + ",";
  EXPECT_EQ(node.state("tally", "all"), expected);
  EXPECT_EQ(node.count(table_id::inbox), 0u);
  EXPECT_EQ(node.count(table_id::admitted), 0u);
  EXPECT_EQ(node.own_lane().executed, 300u);
  EXPECT_EQ(node.own_lane().open(), 0u);
  EXPECT_EQ(node.env.admission.total(), 0u);
  EXPECT_EQ(node.status().mailboxes, 0u);
}

TEST(executor, AThrowDiscardsEverythingAndIsTriedAgain) {
  lone_node node;
  std::vector<std::uint32_t> attempts;
  node.serve("log.note", note);
  node.serve("job.fail", [&](handler_run& run, std::string_view) -> std::string {
    attempts.push_back(run.attempt());
    run.write(tally("half"), "done");
    queue_request next{"alpha", {}, "x"};
    next.header.method = "log.note";
    run.queue(next);
    if (attempts.size() < 3)
      throw std::runtime_error("not yet");
    return {};
  });
  node.queue("job.fail");
  EXPECT_EQ(node.state("tally", "half"), "(none)");
  EXPECT_EQ(node.count(table_id::due), 1u);
  node.advance(1s);
  node.advance(1s);
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{1, 2, 3}));
  EXPECT_EQ(node.state("tally", "half"), "done");
  EXPECT_EQ(node.state("tally", "all"), "x,") << "the call it queued was queued once";
  EXPECT_EQ(node.count(table_id::attempts), 0u);
}

TEST(executor, AttemptsEndInADeadLetterThatCanBeRetried) {
  lone_node node;
  auto is_mended = false;
  node.env.methods.configure("job", {.attempts = 3});
  node.serve("job.fail", [&](handler_run& run, std::string_view payload) -> std::string {
    if (!is_mended)
      throw std::runtime_error("broken");
    return note(run, payload);
  });
  auto id = node.queue("job.fail", "z").id;
  for (auto i = 0; i < 5; ++i)
    node.advance(10s);
  EXPECT_EQ(node.count(table_id::dead), 1u);
  EXPECT_EQ(node.own_lane().dead, 1u);
  is_mended = true;
  caf::anon_send(node.env.persistence, commit_request{make_operation<bool>(
                                           growth::grows, 0, false,
                                           [id](ledger& books, bool& found) {
                                             found = inbox::retry_dead(books, 0, id.sequence);
                                           },
                                           [](bool& found, const error*) { EXPECT_TRUE(found); })});
  node.run();
  EXPECT_EQ(node.state("tally", "all"), "z,");
  EXPECT_EQ(node.own_lane().dead, 1u) << "its fate was counted when it was decided";
  EXPECT_EQ(node.count(table_id::dead), 0u);
}

TEST(executor, OrderedMailboxHoldsTheRestBehindAFailure) {
  for (auto ordered : {true, false}) {
    lone_node node;
    auto failures = 2;
    node.env.methods.configure("job", {.ordered = ordered});
    node.serve("job.run", [&](handler_run& run, std::string_view payload) -> std::string {
      if (payload == "1" && failures-- > 0)
        throw std::runtime_error("not yet");
      return note(run, payload);
    });
    for (auto* payload : {"1", "2", "3"})
      node.queue("job.run", payload);
    EXPECT_EQ(node.state("tally", "all"), ordered ? "(none)" : "2,3,");
    node.advance(1s);
    node.advance(1s);
    EXPECT_EQ(node.state("tally", "all"), ordered ? "1,2,3," : "2,3,1,");
  }
}

TEST(executor, CallsForUnservedMethodsAreParkedAndGoOnWhenServed) {
  lone_node node;
  node.serve("job.other", note);
  node.queue("job.later", "a");
  node.queue("job.other", "b");
  EXPECT_EQ(node.state("tally", "all"), "b,") << "a parked call holds nobody";
  EXPECT_EQ(node.count(table_id::parked), 1u);
  node.serve("job.later", note);
  caf::anon_send(node.env.executor, method_served{"job.later"});
  node.run();
  EXPECT_EQ(node.state("tally", "all"), "b,a,");
}

TEST(executor, ARepairedNodeRunsWhatWasParkedInAnEarlierLife) {
  auto disk = make_memory_disk();
  {
    lone_node node(disk);
    node.queue("job.later", "a");
    node.queue("job.later", "b");
    ASSERT_EQ(node.count(table_id::parked), 2u);
    node.stop();
  }
  lone_node node(disk);
  node.serve("job.later", note);
  node.recover();
  EXPECT_EQ(node.state("tally", "all"), "a,b,");
  EXPECT_EQ(node.count(table_id::parked), 0u);
}

TEST(executor, NotBeforeAndExpiry) {
  lone_node node;
  node.serve("job.run", note);
  call_header later;
  later.not_before = duration(5s).count();
  node.queue("job.run", "later", later);
  call_header never = later;
  never.expires_at = duration(2s).count();
  node.queue("job.run", "never", never);
  EXPECT_EQ(node.state("tally", "all"), "(none)");
  node.advance(3s);
  EXPECT_EQ(node.own_lane().expired, 1u);
  node.advance(3s);
  EXPECT_EQ(node.state("tally", "all"), "later,");
  EXPECT_EQ(node.own_lane().open(), 0u);
}

TEST(executor, HigherPriorityFirstAmongThoseThatWait) {
  lone_node node;
  node.serve("job.run", note);
  call_header soon;
  soon.not_before = duration(1s).count();
  for (auto priority : {0, 5, -5, 5}) {
    soon.priority = static_cast<std::int8_t>(priority);
    node.queue("job.run", std::to_string(priority), soon);
  }
  node.advance(2s);
  EXPECT_EQ(node.state("tally", "all"), "5,5,0,-5,");
}

TEST(executor, ACompletionHearsTheResult) {
  lone_node node;
  node.serve("job.run", [](handler_run&, std::string_view) { return std::string("42"); });
  std::vector<std::string> heard;
  node.serve("job.ended", [&](handler_run&, std::string_view payload) {
    auto told = decode_outcome(payload);
    heard.push_back(told.outcome.value + " for " + std::string(told.bound));
    return std::string();
  });
  call_header options;
  options.completion = completion_spec{"job.ended", 0, "me"};
  node.queue("job.run", "", options);
  EXPECT_EQ(heard, std::vector<std::string>{"42 for me"});
}

TEST(executor, SynchronousCallsCommitBeforeTheyAreAnswered) {
  lone_node node;
  node.serve("job.run", [](handler_run& run, std::string_view payload) {
    note(run, payload);
    return std::string("yes");
  });
  node.serve("job.fail",
             [](handler_run&, std::string_view) -> std::string { throw std::runtime_error("no"); });
  auto reply = node.call("job.run", "c");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, errc::none);
  EXPECT_EQ(reply->value.view(), "yes");
  EXPECT_EQ(node.state("tally", "all"), "c,");
  EXPECT_EQ(node.call("job.fail")->status, errc::failed);
  EXPECT_EQ(node.call("job.fail")->text, "no");
  EXPECT_EQ(node.call("job.nothing")->status, errc::unreachable);
}

// A thread that has worked long enough gives back what it did not get to; that is not taken a second time.
TEST(executor, AReminderComesThatLongAfterItsCommitAndNotAfterAThrow) {
  lone_node node;
  auto reminders = 0;
  node.serve("job.remind", [&](handler_run&, std::string_view) -> std::string {
    ++reminders;
    return {};
  });
  node.serve("job.start", [&](handler_run& run, std::string_view payload) -> std::string {
    call_header header;
    header.method = "job.remind";
    run.send_later(10s, header, {});
    if (payload == "throws")
      throw std::runtime_error("after the reminder");
    return note(run, payload);
  });
  node.call("job.start", "throws");
  node.call("job.start", "returns");
  node.advance(9s);
  EXPECT_EQ(reminders, 0);
  node.advance(2s);
  EXPECT_EQ(reminders, 1);
}

TEST(executor, AMessageGivesItsCreditBackOnce) {
  lone_node node;
  auto ran = 0;
  auto taken = 0;
  node.serve("job.run", [&](handler_run&, std::string_view) {
    node.clock.steady += 1'000'000'000;
    ++ran;
    return std::string();
  });
  auto header = std::make_shared<call_header>();
  header->method = "job.run";
  for (auto i = 0; i < 10; ++i)
    caf::anon_send(node.env.executor, method_message{"beta", header, {}, {}, [&] { ++taken; }});
  node.run();
  EXPECT_EQ(ran, 10);
  EXPECT_EQ(taken, 10);
}

TEST(executor, ConflictingMailboxesRunAgainWithoutLosingAnything) {
  lone_node node;
  node.serve("job.run", note);
  // Forty mailboxes that all read and write one row, queued before any of them runs.
  std::vector<std::shared_ptr<journal_operation>> operations;
  for (auto i = 0; i < 200; ++i) {
    queue_request request{"alpha", with_key(std::to_string(i % 40)), "."};
    request.header.method = "job.run";
    request.header.trace = 1;
    caf::anon_send(node.env.persistence,
                   commit_request{make_operation<bool>(
                       growth::grows, 0, false,
                       [request](ledger& books, bool&) { outbox::queue(books, request); },
                       [](bool&, const error*) {})});
  }
  node.run();
  EXPECT_EQ(node.state("tally", "all").size(), 400u);
  EXPECT_EQ(node.own_lane().executed, 200u);
  EXPECT_GT(node.status().conflicts, 0u) << "the test must have made some";
}

// One call whose effects cannot be stored fails alone, whatever stands behind it in its mailbox and runs ahead of it.
TEST(executor, ACallThatCannotBeStoredDelaysNoneBehindIt) {
  lone_node node;
  auto is_open = false;
  node.serve("job.run", [&](handler_run& run, std::string_view payload) {
    if (!is_open)
      throw std::runtime_error("later");
    queue_request next{"alpha", {}, std::string(payload)};
    next.header.method = "log.note";
    next.header.user_id = payload == "bad" ? "taken" : "";
    run.queue(next);
    return std::string();
  });
  node.env.methods.configure("job", {.attempts = 2, .back_off = 1s});
  call_header taken;
  taken.user_id = "taken";
  node.queue("log.note", "first",
             taken);  // nobody serves it yet: the id is live, with other arguments
  for (auto* name : {"a", "bad", "b", "c", "d", "e", "f", "g"})
    node.queue("job.run", name);
  is_open = true;
  node.advance(2s);
  node.advance(2s);
  node.serve("log.note", note);
  EXPECT_EQ(node.own_lane().executed, 7u);
  EXPECT_EQ(node.own_lane().dead, 1u);
  EXPECT_EQ(node.count(table_id::dead), 1u);
}

TEST(executor, BacklogBeyondTheWindowIsRunFromDisk) {
  lone_node node;
  auto is_open = false;
  node.serve("slow.run", [&](handler_run&, std::string_view) -> std::string {
    if (!is_open)
      throw std::runtime_error("later");
    return {};
  });
  node.env.methods.configure("slow", {.attempts = 1000, .ordered = true});
  node.serve("fast.run", note);
  for (auto i = 0u; i < limits::admitted_calls_per_mailbox_max + 500; ++i)
    node.queue("slow.run");
  EXPECT_EQ(node.count(table_id::ready), 500u);
  node.queue("fast.run", "f");
  EXPECT_EQ(node.state("tally", "all"), "f,") << "a mailbox that is stuck delays no other";
  is_open = true;
  for (auto i = 0; i < 10; ++i)
    node.advance(60s);
  EXPECT_EQ(node.own_lane().open(), 0u);
  EXPECT_EQ(node.count(table_id::ready), 0u);
}

TEST(executor, RestartAfterACrashRaisesTheAttemptOfWhatMayHaveStarted) {
  auto disk = make_memory_disk();
  {
    lone_node node(disk);
    node.serve("job.run", [](handler_run&, std::string_view) -> std::string {
      throw std::runtime_error("x");
    });
    node.env.methods.configure("job", {.back_off = 1h, .ordered = true});
    for (auto i = 0; i < 3; ++i)
      node.queue("job.run", std::to_string(i));
    node.store.crash(false);
  }
  lone_node node(disk);
  std::vector<std::uint32_t> attempts;
  node.serve("job.run", [&](handler_run& run, std::string_view payload) {
    attempts.push_back(run.attempt());
    return note(run, payload);
  });
  node.recover();
  EXPECT_EQ(node.state("tally", "all"), "0,1,2,");
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{3, 2, 2}));
  EXPECT_EQ(node.own_lane().executed, 3u);
}

TEST(executor, RestartAfterACleanStopRaisesNothing) {
  auto disk = make_memory_disk();
  {
    lone_node node(disk);
    node.serve("job.run", [](handler_run&, std::string_view) -> std::string {
      throw std::runtime_error("x");
    });
    node.env.methods.configure("job", {.back_off = 1h, .ordered = true});
    node.queue("job.run", "0");
    node.queue("job.run", "1");
    node.stop();
    EXPECT_TRUE(node.is_stopped);
  }
  lone_node node(disk);
  std::vector<std::uint32_t> attempts;
  node.serve("job.run", [&](handler_run& run, std::string_view payload) {
    attempts.push_back(run.attempt());
    return note(run, payload);
  });
  node.recover();
  EXPECT_EQ(attempts, (std::vector<std::uint32_t>{2, 1}));
}

TEST(executor, ACallThatKillsTheProcessIsFoundAndBuried) {
  auto disk = make_memory_disk();
  auto lives = 0;
  std::uint64_t dead = 0;
  while (dead == 0 && lives < 10) {
    ++lives;
    dead = memory_journal(disk).read()->count(table_id::dead);
    lone_node node(disk);
    node.serve("job.run", [&](handler_run& run, std::string_view payload) {
      if (payload == "deadly")
        node.store.crash(false);  // nothing of this life reaches the disk from here on
      return note(run, payload);
    });
    if (lives == 1)
      for (auto* payload : {"a", "deadly", "b"})
        caf::anon_send(node.env.persistence, commit_request{make_operation<bool>(
                                                 growth::grows, 0, false,
                                                 [payload](ledger& books, bool&) {
                                                   queue_request request{"alpha", {}, payload};
                                                   request.header.method = "job.run";
                                                   request.header.trace = 1;
                                                   outbox::queue(books, request);
                                                 },
                                                 [](bool&, const error*) {})});
    node.recover();
    node.run();
  }
  EXPECT_EQ(dead, 1u);
  EXPECT_LE(lives, 7);
  EXPECT_EQ(memory_journal(disk).read()->count(table_id::inbox), 0u) << "the others were executed";
}

TEST(executor, AFullDiskHoldsWhatGrowsAndNothingIsLost) {
  lone_node node;
  node.serve("job.run", [](handler_run& run, std::string_view payload) {
    run.write(tally(std::string(payload)), std::string(100'000, 'x'));
    return std::string();
  });
  call_header later;
  later.not_before = duration(1s).count();
  for (auto i = 0; i < 5; ++i)
    ASSERT_EQ(node.queue("job.run", std::to_string(i), later).refused, errc::none);
  node.store.set_bytes_max(node.store.status().bytes_used + 150'000);
  node.advance(2s);
  EXPECT_GT(node.own_lane().open(), 0u);
  EXPECT_EQ(node.queue("job.run", std::string(500'000, 'y')).refused, errc::disk_full);
  node.store.set_bytes_max(0);
  for (auto i = 0; i < 3; ++i)
    node.advance(2s);
  EXPECT_EQ(node.own_lane().executed, 5u);
  EXPECT_EQ(node.count(table_id::attempts), 0u) << "no attempt was used";
}

}  // namespace
}  // namespace holdfast
