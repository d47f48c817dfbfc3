#include "tests/actors/worker_fixture.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace holdfast;
using namespace holdfast::testing;

// ---- what it says of itself

TEST_F(worker_test, ItReportsWhenTheLinkIsUp) {
  auto& said = hub.reports.front();
  EXPECT_EQ(said.type, "render");
  EXPECT_EQ(said.labels, (std::vector<std::string>{"big", "gpu"}));
  EXPECT_EQ(said.methods, (std::vector<std::string>{"pages.convert", "pages.count"}));
  EXPECT_EQ(said.slots, 2u);
  EXPECT_EQ(said.incarnation, 1u);
  EXPECT_EQ(said.session, 0u);
  EXPECT_EQ(said.address, "w1.example:7000");
  EXPECT_FALSE(said.is_leaving);
}

TEST_F(worker_test, ItReportsFromTimeToTimeAndWhenItsOfferChanges) {
  auto before = hub.reports.size();
  all.advance(2s);
  EXPECT_EQ(hub.reports.size(), before + 1);
  EXPECT_EQ(hub.reports.back().session, hub.session);
  EXPECT_EQ(hub.reports.back().version, hub.version);
  mine->serve(render, [](const std::string&, int) {});
  all.run();
  EXPECT_EQ(hub.reports.size(), before + 2);
  EXPECT_EQ(hub.reports.back().methods.size(), 3u);
}

// ---- a run

TEST_F(worker_test, AnItemIsRunAndItsResultIsHeardOnce) {
  auto item = assigned("i", 1, count_pages, "a.pdf");
  item.attempt = 3;
  hub.give({item});
  all.run();
  EXPECT_EQ(log, std::vector<std::string>{"count a.pdf attempt 3"});
  EXPECT_EQ(hub.count("started i1"), 1u);
  ASSERT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(hub.ends[0].how, run_end::done);
  EXPECT_EQ(decode<int>(hub.ends[0].value, "the result"), 5);
  EXPECT_EQ(node->count_rows("worker.ended"), 0u) << "it was heard";
  all.advance(10s);
  EXPECT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(mine->numbers().unheard, 0u);
  EXPECT_EQ(mine->numbers().started, 1u);
}

TEST_F(worker_test, RunsThatEndTogetherAreToldInOneCall) {
  hub.give({assigned("i", 1, convert, 1), assigned("j", 1, convert, 2)});
  all.run();
  for (auto& ticket : tickets)
    ticket.finish(std::string("done"));
  all.run();
  EXPECT_EQ(hub.ends.size(), 2u);
  EXPECT_EQ(hub.ended_calls, 1u);
}

TEST_F(worker_test, DynamicValuesAreAnsweredInValues) {
  auto item = assigned("i", 1, count_pages, "");
  item.fingerprint = 0;
  item.payload_is = payload_kind::values;
  item.payload = encode_values({"abc"}, {});
  hub.give({item});
  all.run();
  ASSERT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(decode<value>(hub.ends[0].value, "the result"), value(3));
}

TEST_F(worker_test, WhatCannotBeRunSaysWhy) {
  auto strange = assigned("s", 1, count_pages, "a");
  strange.fingerprint = 7;
  auto cut = assigned("c", 1, count_pages, "a");
  cut.payload.pop_back();
  hub.give({assigned("b", 1, count_pages, "bad.pdf"), strange});
  all.run();
  hub.give({cut, assigned("u", 1, render, "a", 1)});
  all.run();
  ASSERT_EQ(hub.ends.size(), 4u);
  std::map<item_id, item_end> ends;
  for (auto& end : hub.ends)
    ends[end.item] = end;
  EXPECT_EQ(ends["b"].how, run_end::failed);
  EXPECT_EQ(ends["b"].text, "no pages in it");
  EXPECT_EQ(ends["s"].how, run_end::never_fits);
  EXPECT_NE(ends["s"].text.find("(string) -> int32"), std::string::npos) << ends["s"].text;
  EXPECT_EQ(ends["c"].how, run_end::never_fits);
  EXPECT_EQ(ends["u"].how, run_end::refused);
  EXPECT_EQ(ends["u"].text, "the worker w1 runs no method 'pages.render'");
}

TEST_F(worker_test, AResultThatIsTooLargeIsAFailure) {
  mine->serve(convert, [](int) { return std::string(work::item_bytes_max, 'x'); });
  hub.give({assigned("i", 1, convert, 1)});
  all.run();
  ASSERT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(hub.ends[0].how, run_end::failed);
  EXPECT_EQ(
      hub.ends[0].text,
      "the result of pages.convert takes 2097160 bytes; at most 2097152 can be kept: store it "
      "elsewhere and return where it is");
}

TEST_F(worker_test, WhateverAHandlerThrowsIsAFailureOfItsRunAlone) {
  mine->serve(render, [](const std::string& path, int) {
    if (path == "number")
      throw 7;
    throw error(errc::bad_argument, "not the arguments: the printer");
  });
  hub.give({assigned("n", 1, render, "number", 1), assigned("e", 1, render, "error", 1)});
  all.run();
  ASSERT_EQ(hub.ends.size(), 2u);
  for (auto& end : hub.ends)
    EXPECT_EQ(end.how, run_end::failed) << end.text;
  EXPECT_TRUE(node->fatal.empty());
}

// ---- asynchronous

TEST_F(worker_test, ATicketFinishesOnce) {
  hub.give({assigned("i", 1, convert, 7)});
  all.run();
  ASSERT_EQ(tickets.size(), 1u);
  EXPECT_TRUE(hub.ends.empty());
  EXPECT_EQ(mine->numbers().running, 1u);
  auto copy = tickets[0];
  copy.finish(std::string("seven"));
  tickets[0].fail("too late");
  tickets.clear();
  all.run();
  ASSERT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(decode<std::string>(hub.ends[0].value, "the result"), "seven");
  EXPECT_EQ(mine->numbers().running, 0u);
}

TEST_F(worker_test, ATicketThatIsDroppedFailsItsRun) {
  hub.give({assigned("i", 1, convert, 7)});
  all.run();
  tickets.clear();
  all.run();
  ASSERT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(hub.ends[0].how, run_end::failed);
  EXPECT_EQ(hub.ends[0].text, "its handler let go of the ticket without finishing it");
}

TEST_F(worker_test, ATicketIsFinishedWithTheTypeOfItsMethod) {
  hub.give({assigned("i", 1, convert, 7), assigned("r", 1, convert, 8)});
  all.run();
  tickets[0].finish(7);
  tickets[1].reject("there is no page 8");
  all.run();
  ASSERT_EQ(hub.ends.size(), 2u);
  EXPECT_EQ(hub.ends[0].how, run_end::failed);
  EXPECT_EQ(hub.ends[0].text, "it was finished with int32, and pages.convert returns string");
  EXPECT_EQ(hub.ends[1].how, run_end::never_fits);
}

TEST_F(worker_test, ATicketMayOutliveItsWorker) {
  hub.give({assigned("i", 1, convert, 7)});
  all.run();
  end();
  tickets[0].save_checkpoint("half");
  tickets[0].finish(std::string("seven"));
  all.run();
  EXPECT_TRUE(hub.ends.empty());
}

TEST_F(worker_test, ProgressIsThinnedAndCheckpointsComeBeforeTheEnd) {
  hub.give({assigned("i", 1, convert, 7)});
  all.run();
  for (int i = 1; i <= 9; ++i)
    tickets[0].progress(i / 10.0, "page");
  tickets[0].save_checkpoint("page 8");
  tickets[0].save_checkpoint("page 9");
  tickets[0].finish(std::string("done"));
  all.run();
  EXPECT_EQ(hub.count("progress i1 0.1 page"), 1u);
  EXPECT_EQ(hub.count("progress i1 0.2 page"), 0u);
  EXPECT_EQ(hub.count("checkpoint i1 page 8"), 0u) << "the later one took its place";
  auto saved = std::find(hub.heard.begin(), hub.heard.end(), "checkpoint i1 page 9");
  auto ended = std::find(hub.heard.begin(), hub.heard.end(), "ended i1 done");
  EXPECT_LT(saved, ended);
  EXPECT_NE(ended, hub.heard.end());
}

TEST_F(worker_test, ACheckpointThatIsTooLargeIsRefusedWhereItIsSaved) {
  hub.give({assigned("i", 1, convert, 7)});
  all.run();
  EXPECT_THROW(tickets[0].save_checkpoint(std::string(work::item_bytes_max + 1, 'x')), error);
}

// ---- cancelled, late, too long

TEST_F(worker_test, ADroppedRunIsToldToStopAndSaysNoMore) {
  hub.give({assigned("i", 1, convert, 7)});
  all.run();
  int called = 0;
  tickets[0].on_cancel([&] { ++called; });
  EXPECT_FALSE(tickets[0].is_cancelled());
  hub.drop("i");
  all.run();
  EXPECT_TRUE(tickets[0].is_cancelled());
  EXPECT_EQ(called, 1);
  tickets[0].on_cancel([&] { ++called; });
  EXPECT_EQ(called, 2) << "at once, for it was cancelled";
  tickets[0].progress(0.5);
  tickets[0].finish(std::string("broken off"));
  all.run();
  EXPECT_TRUE(hub.ends.empty());
  EXPECT_EQ(mine->numbers().running, 0u);
}

TEST_F(worker_test, AResultOfARunThatNeverLookedIsEvidence) {
  hub.give({assigned("i", 1, convert, 7)});
  all.run();
  hub.drop("i");
  all.run();
  tickets[0].finish(std::string("late"));
  all.run();
  ASSERT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(hub.ends[0].how, run_end::done);
  EXPECT_EQ(node->count_rows("worker.ended"), 0u);
}

TEST_F(worker_test, AnAttemptsTimeIsUpWhateverItsHandlerDoes) {
  auto item = assigned("i", 1, convert, 7);
  item.timeout_ns = duration(3s).count();
  hub.give({item});
  all.run();
  all.advance(3s - 1ms);
  EXPECT_TRUE(hub.ends.empty());
  all.advance(1ms);
  ASSERT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(hub.ends[0].how, run_end::timed_out);
  EXPECT_EQ(duration(hub.ends[0].ran_ns), duration(3s));
  EXPECT_TRUE(tickets[0].is_cancelled());
  EXPECT_EQ(hub.reports.back().slots, 1u) << "its handler has not returned";
  tickets[0].finish(std::string("late"));
  all.run();
  EXPECT_EQ(hub.ends.size(), 1u);
  EXPECT_EQ(hub.reports.back().slots, 2u);
}

TEST_F(worker_test, ACallbackThatThrowsStopsNobodyElse) {
  hub.give({assigned("i", 1, convert, 7), assigned("j", 1, convert, 8)});
  all.run();
  bool second = false;
  tickets[0].on_cancel([] { throw std::runtime_error("no"); });
  tickets[0].on_cancel([&] { second = true; });
  hub.drop("i");
  hub.drop("j");
  all.run();
  EXPECT_TRUE(second);
  EXPECT_TRUE(tickets[1].is_cancelled());
  EXPECT_NE(node->logged.str().find("was told to stop, and threw: no"), std::string::npos);
}

TEST_F(worker_test, ItemsWaitForSlotsInTheOrderInWhichTheyCame) {
  hub.give({assigned("a", 1, convert, 1), assigned("b", 1, convert, 2)});
  hub.give({assigned("c", 1, convert, 3)});
  all.run();
  EXPECT_EQ(log, (std::vector<std::string>{"convert 1", "convert 2"}));
  tickets[1].finish(std::string());
  all.run();
  EXPECT_EQ(log.back(), "convert 3");
  EXPECT_EQ(hub.count("started c1"), 1u);
}

// ---- who may say what

TEST_F(worker_test, WorkIsTakenFromItsControllerAlone) {
  scripted_hub thief(all, "thief");
  thief.start();
  thief.dial("w1");
  all.advance_until([&] { return thief.is_up("w1"); });
  thief.session = 1;
  thief.say({1, 1, 0, {assigned("x", 1, count_pages, "a.pdf")}, {}, {}});
  thief.send("w1", method<void(std::vector<held_item>)>{"holdfast.worker.stored(items)"},
             {{"i", 1, true, false}});
  all.run();
  EXPECT_TRUE(log.empty());
  EXPECT_NE(
      node->logged.str().find("work from thief is refused: this worker takes it from hub alone"),
      std::string::npos);
  EXPECT_NE(node->logged.str().find("holdfast.worker.stored from thief is refused"),
            std::string::npos);
  EXPECT_TRUE(thief.reports.empty());
}

}  // namespace
