#include <holdfast/actors/work_front.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tests/actors/call_site_types.hpp>
#include <tests/actors/recording.hpp>

namespace {

using namespace std::chrono_literals;
using namespace call_sites;
using namespace holdfast;

inline constexpr method<void(outcome<int>, std::string)> heard_pages{"pages.heard(result, job)"};
inline constexpr method<void(outcome<value>)> heard_any{"pages.heard_any(result)"};

class work_front_test : public ::testing::Test {
protected:
  controller_front hub() { return {outside_port(port_), "hub"}; }

  submission submitted() {
    auto& calls = inside_.queued.empty() ? port_.queued : inside_.queued;
    if (calls.empty()) {
      ADD_FAILURE() << "nothing was submitted";
      return {};
    }
    EXPECT_EQ(calls.back().peer, "hub");
    EXPECT_EQ(calls.back().header.method, "holdfast.work.submit");
    EXPECT_EQ(calls.back().header.fingerprint, fingerprint(work::submit));
    return std::get<0>(decode_arguments<submission>(calls.back().payload));
  }

  template <class F>
  std::string refusal(errc code, F attempt) {
    try {
      attempt();
    } catch (const error& problem) {
      EXPECT_EQ(problem.code(), code) << problem.what();
      EXPECT_TRUE(port_.queued.empty()) << "something was stored";
      return problem.what();
    }
    ADD_FAILURE() << "it was not refused";
    return {};
  }

  static item_report report(const item_id& id, item_state state, std::string text = {}) {
    item_report made;
    made.id = id;
    made.state = state;
    made.text = std::move(text);
    return made;
  }

  /// The controller answers `look` with these, one after the other, the last one for ever.
  void controller_says(std::vector<std::vector<item_report>> answers) {
    port_.answer = [answers, next = std::size_t{0}](const recording::call& call) mutable {
      if (call.header.method != "holdfast.work_view.look")
        return call_reply{errc::unreachable, call.header.method, {}};
      auto& now = answers[std::min(next++, answers.size() - 1)];
      return call_reply{errc::none, {}, shared_bytes(encode(now))};
    };
  }

  recording::port port_;
  recording::run inside_;
};

TEST_F(work_front_test, AnItemIsNamedByTheCallThatSubmittedIt) {
  item_id id = hub().submit(render, "a.pdf", 300);
  EXPECT_EQ(id, (call_id{7, 1, 42}).to_text());
  auto item = submitted();
  EXPECT_EQ(item.demand, (item_demand{"pages.render", {}, 1}));
  EXPECT_EQ(item.fingerprint, fingerprint(render));
  EXPECT_EQ(item.payload_is, payload_kind::arguments);
  EXPECT_EQ(item.payload, (encode_arguments<std::string, int>("a.pdf", 300)));
}

TEST_F(work_front_test, WhatIsLeftOutHasTheDefaultsOfTheDesign) {
  hub().submit(render, "a.pdf", 300);
  auto item = submitted();
  EXPECT_EQ(item.rules.attempts, 3);
  EXPECT_EQ(item.rules.losses_max, 20);
  EXPECT_EQ(item.rules.back_off_ns, 1'000'000'000);
  EXPECT_EQ(item.rules.on_lost, lost_policy::move);
  EXPECT_EQ(item.rules.on_return, return_policy::keep_first);
  EXPECT_FALSE(item.rules.runs_after_failure);
  EXPECT_EQ(duration(item.grace_ns), 5s);
  EXPECT_EQ(duration(item.keep_ns), 24h);
  EXPECT_EQ(item.deadline_ns, 0);
  EXPECT_EQ(item.timeout_ns, 0);
  EXPECT_EQ(item.stop_alone_ns, -1);
  EXPECT_EQ(item.priority, 0);
  EXPECT_FALSE(item.completion);
}

TEST_F(work_front_test, EveryOptionTravels) {
  hub()
      .with({.after = {"b", "a", "b"},
             .attempts = 7,
             .back_off = 10min,
             .deadline = 2h,
             .grace = 0s,
             .keep = 1h,
             .key = "film-1",
             .labels = {"gpu", "big", "gpu"},
             .losses = 4,
             .on_lost = lost_policy::suspend,
             .on_return = return_policy::adopt,
             .priority = -5,
             .run_after_failure = true,
             .slots = 2,
             .stop_alone = 0s,
             .timeout = 5min,
             .title = "the film"})
      .submit(render, "a.pdf", 300);
  auto item = submitted();
  EXPECT_EQ(item.after, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(item.rules.attempts, 7);
  EXPECT_EQ(duration(item.rules.back_off_ns), 10min);
  EXPECT_EQ(duration(item.rules.back_off_max_ns), 10min) << "the bound is not below the start";
  EXPECT_EQ(duration(item.deadline_ns), 2h);
  EXPECT_EQ(item.grace_ns, 0);
  EXPECT_EQ(duration(item.keep_ns), 1h);
  EXPECT_EQ(item.key, "film-1");
  EXPECT_EQ(item.demand, (item_demand{"pages.render", {"big", "gpu"}, 2}));
  EXPECT_EQ(item.rules.losses_max, 4);
  EXPECT_EQ(item.rules.on_lost, lost_policy::suspend);
  EXPECT_EQ(item.rules.on_return, return_policy::adopt);
  EXPECT_EQ(item.priority, -5);
  EXPECT_TRUE(item.rules.runs_after_failure);
  EXPECT_EQ(item.stop_alone_ns, 0);
  EXPECT_EQ(duration(item.timeout_ns), 5min);
  EXPECT_EQ(item.title, "the film");
}

TEST_F(work_front_test, AnOptionOutOfRangeIsRefusedWhereItIsGiven) {
  auto with = [&](submit_options options) {
    return refusal(errc::bad_option, [&] { hub().with(options).submit(render, "a.pdf", 1); });
  };
  EXPECT_EQ(with({.attempts = 0}), "the option attempts is 0; it goes from 1 to 1000");
  EXPECT_EQ(with({.losses = 1001}), "the option losses is 1001; it goes from 1 to 1000");
  EXPECT_EQ(with({.priority = 101}), "the option priority is 101; it goes from -100 to 100");
  EXPECT_EQ(with({.slots = 0}), "the option slots is 0; it goes from 1 to 1024");
  EXPECT_EQ(with({.timeout = 0s}),
            "the option timeout must be longer than nothing; leave it out instead");
  EXPECT_EQ(with({.deadline = -1s}), "the option deadline is a time from nothing to 50 years");
  EXPECT_EQ(with({.grace = -1s}), "the option grace is a time from nothing to 50 years");
  EXPECT_EQ(with({.keep = 24h * 366 * 51}), "the option keep is a time from nothing to 50 years");
  EXPECT_EQ(with({.stop_alone = -1ns}), "the option stop_alone is a time from nothing to 50 years");
  EXPECT_EQ(with({.after = {""}}), "the option after names an item without a name");
  EXPECT_EQ(with({.key = std::string(201, 'k')}),
            "the option key has 201 bytes; at most 200 are allowed");
  std::vector<std::string> many;
  for (int i = 0; i < 2001; ++i)
    many.push_back(std::to_string(i));
  EXPECT_EQ(with({.after = many}),
            "the option after names 2001 items; at most 2000 are allowed: put "
            "an item behind each group of them and wait for those");
}

TEST_F(work_front_test, BadNamesAndLargeArgumentsAreRefusedWhereTheyAreGiven) {
  refusal(errc::bad_name, [&] { hub().with({.labels = {"a b"}}).submit(render, "a.pdf", 1); });
  refusal(errc::bad_name, [&] { hub().submit("no method"); });
  refusal(errc::bad_name,
          [&] { controller_front(outside_port(port_), "h ub").submit(render, "a.pdf", 1); });
  auto text = refusal(errc::too_large,
                      [&] { hub().submit(count_pages, std::string(work::item_bytes_max, 'x')); });
  EXPECT_EQ(text,
            "the arguments of pages.count take 2097160 bytes; a work item carries at most 2097152: "
            "store them elsewhere and submit where they are");
}

TEST_F(work_front_test, ByNameWithDynamicValues) {
  hub().submit("pages.render", {"a.pdf", 300});
  EXPECT_EQ(submitted().payload_is, payload_kind::values);
  EXPECT_EQ(submitted().fingerprint, 0u);
  hub().submit("pages.render", dict{{"path", "a.pdf"}, {"dpi", 300}});
  EXPECT_EQ(decode_values(submitted().payload).named.size(), 2u);
}

TEST_F(work_front_test, ACompletionIsBoundToItsArguments) {
  hub().then(heard_pages, "job-1").submit(count_pages, "a.pdf");
  auto item = submitted();
  ASSERT_TRUE(item.completion);
  EXPECT_EQ(item.completion->method, "pages.heard");
  EXPECT_EQ(item.completion->fingerprint, fingerprint(heard_pages));
  EXPECT_EQ(item.completion->bound, (encode_arguments<std::string>("job-1")));
  hub().then(heard_any).with({.title = "t"}).submit("pages.count", {"a.pdf"});
  EXPECT_EQ(submitted().completion->method, "pages.heard_any");
}

TEST_F(work_front_test, WithoutWaitingForTheDisk) {
  auto ticket = hub().submit_async(render, "a.pdf", 300);
  EXPECT_TRUE(ticket.is_ready());
  EXPECT_EQ(ticket.get(), (call_id{7, 1, 42}).to_text());
}

TEST_F(work_front_test, AHandlerSubmitsWithItsCommit) {
  context ctx(inside_);
  static_assert(std::is_void_v<decltype(ctx.controller("hub").submit(render, "a.pdf", 300))>);
  ctx.controller("hub").with({.key = "k"}).submit(render, "a.pdf", 300);
  EXPECT_EQ(submitted().key, "k");
  std::optional<std::string> heard;
  ctx.controller("hub").show("7-1-1").then(
      [&](expected<item_report> shown) { heard = shown ? shown->id : shown.error().text; });
  ASSERT_EQ(inside_.continuations.size(), 1u);
  inside_.continuations[0](inside_, {errc::none, {}, shared_bytes(encode(item_report{"7-1-1"}))});
  EXPECT_EQ(heard, "7-1-1");
}

TEST_F(work_front_test, TheBlockingFormsRefuseAHandlersThread) {
  running_here inside(inside_);
  refusal(errc::wrong_context, [&] { hub().submit(render, "a.pdf", 300); });
  refusal(errc::wrong_context, [&] { (void)hub().wait("7-1-1", 1s); });
}

TEST_F(work_front_test, QuestionsGoToTheControllerAndWaitAsLongAsSaid) {
  port_.next_reply = {errc::unreachable, "away", {}};
  EXPECT_EQ(hub().show("x").error().text, "away");
  EXPECT_EQ(port_.called.back().within, call_time_default);
  (void)hub().within(2s).why("x");
  EXPECT_EQ(port_.called.back().header.method, "holdfast.work_view.why");
  EXPECT_EQ(port_.called.back().within, duration(2s));
  (void)hub().list({.states = {item_state::failed}});
  auto filter = std::get<0>(decode_arguments<item_filter>(port_.called.back().payload));
  EXPECT_EQ(filter.states, std::vector{item_state::failed});
  (void)hub().cancel("x");
  EXPECT_EQ(port_.called.back().header.method, "holdfast.work.cancel");
  (void)hub().retry("x");
  EXPECT_EQ(port_.called.back().header.method, "holdfast.work.retry");
  (void)hub().counts();
  EXPECT_EQ(port_.called.back().header.method, "holdfast.work_view.counts");
}

TEST_F(work_front_test, WaitingEndsWithTheLastItem) {
  controller_says({{},
                   {report("a", item_state::running)},
                   {report("a", item_state::done), report("b", item_state::waiting)},
                   {report("b", item_state::failed, "no")}});
  auto reports = hub().wait({"b", "a"}, 1min);
  ASSERT_TRUE(reports);
  ASSERT_EQ(reports->size(), 2u);
  EXPECT_EQ((*reports)[0].id, "b") << "in the order of the question";
  EXPECT_EQ((*reports)[0].state, item_state::failed);
  EXPECT_EQ((*reports)[1].state, item_state::done);
  auto asked = std::get<0>(decode_arguments<std::vector<item_id>>(port_.called.back().payload));
  EXPECT_EQ(asked, std::vector<item_id>{"b"}) << "those that ended are not asked about again";
}

TEST_F(work_front_test, PausesGrowToHalfASecondAndNotBeyondTheTime) {
  controller_says({{report("a", item_state::running)}});
  auto one = hub().wait("a", 3s);
  ASSERT_TRUE(one);
  EXPECT_EQ(one->state, item_state::running);
  ASSERT_GT(port_.pauses.size(), 5u);
  EXPECT_EQ(port_.pauses.front(), duration(20ms));
  duration sum{};
  for (std::size_t i = 0; i < port_.pauses.size(); ++i) {
    sum += port_.pauses[i];
    EXPECT_LE(port_.pauses[i], duration(500ms));
  }
  EXPECT_EQ(sum, duration(3s));
  EXPECT_EQ(port_.pauses[port_.pauses.size() - 2], duration(500ms));
}

TEST_F(work_front_test, ManyItemsAreAskedAboutInParts) {
  std::vector<item_id> ids;
  for (int i = 0; i < 2500; ++i)
    ids.push_back(std::to_string(i));
  port_.answer = [](const recording::call& call) {
    std::vector<item_report> reports;
    auto [asked] = decode_arguments<std::vector<item_id>>(call.payload);
    for (auto& id : asked)
      reports.push_back(report(id, item_state::done));
    return call_reply{errc::none, {}, shared_bytes(encode(reports))};
  };
  EXPECT_EQ(hub().wait(ids, 1s).value().size(), 2500u);
  EXPECT_EQ(port_.called.size(), 3u);
}

TEST_F(work_front_test, AControllerThatIsAwayIsAskedAgainUntilTheTimeIsOver) {
  port_.next_reply = {errc::unreachable, "the link to 'hub' is down", {}};
  auto reports = hub().wait({"a"}, 2s);
  ASSERT_FALSE(reports);
  EXPECT_EQ(reports.error().kind, errc::unreachable);
  EXPECT_GT(port_.called.size(), 3u);
}

TEST_F(work_front_test, AResultIsDecodedOrSaysHowTheItemEnded) {
  port_.answer = [](const recording::call& call) {
    if (call.header.method == "holdfast.work_view.look")
      return call_reply{
          errc::none, {}, shared_bytes(encode(std::vector{report("a", item_state::done)}))};
    auto shown = report("a", item_state::done);
    shown.has_result = true;
    shown.result = encode(12);
    return call_reply{errc::none, {}, shared_bytes(encode(shown))};
  };
  EXPECT_EQ(hub().result<int>("a", 1s).value(), 12);
  controller_says({{report("a", item_state::failed, "out of ink")}});
  auto failed = hub().result<int>("a", 1s);
  EXPECT_EQ(failed.error().kind, errc::failed);
  EXPECT_EQ(failed.error().text, "item a is failed: out of ink");
  controller_says({{}});
  EXPECT_EQ(hub().result<int>("a", 1s).error().kind, errc::unknown);
}

class work_types_test : public work_front_test {
protected:
  static worker_status worker(std::string name, std::string type, std::string phase,
                              std::uint32_t slots, std::uint32_t used) {
    worker_status made;
    made.name = std::move(name);
    made.type = std::move(type);
    made.phase = std::move(phase);
    made.slots = slots;
    made.slots_used = used;
    return made;
  }

  void workers_are(std::vector<worker_status> workers) {
    port_.answer = [this, workers](const recording::call& call) {
      if (call.header.method == "holdfast.work_view.workers")
        return call_reply{errc::none, {}, shared_bytes(encode(workers))};
      if (call.peer == away_)
        return call_reply{errc::unreachable, "away", {}};
      return call_reply{errc::none, {}, shared_bytes(encode(static_cast<int>(call.peer[1])))};
    };
  }
  std::string away_;
};

TEST_F(work_types_test, ABroadcastGoesToEveryReadyOneOfTheType) {
  workers_are({worker("r1", "render", "ready", 2, 2), worker("r2", "render", "lost", 2, 0),
               worker("e1", "encode", "ready", 2, 0), worker("r3", "render", "ready", 1, 0)});
  EXPECT_EQ(hub().broadcast("render").send(progress, "a.pdf", 0.5).value(), 2u);
  ASSERT_EQ(port_.sent.size(), 2u);
  EXPECT_EQ(port_.sent[0].peer, "r1");
  EXPECT_EQ(port_.sent[1].peer, "r3");
  EXPECT_EQ(hub().workers_of("encode").value().size(), 1u);
}

TEST_F(work_types_test, AnyOfATypeIsTheLeastLoadedThatCanBeReached) {
  workers_are({worker("r1", "render", "ready", 2, 1), worker("r2", "render", "ready", 8, 1),
               worker("r3", "render", "ready", 2, 2)});
  EXPECT_EQ(hub().any_of("render").call(count_pages, "a.pdf").value(), '2');
  away_ = "r2";
  EXPECT_EQ(hub().any_of("render").call(count_pages, "a.pdf").value(), '1');
  EXPECT_EQ(hub().any_of("paint").call(count_pages, "a.pdf").error().text,
            "no worker of type 'paint' is ready; the call did not run");
}

}  // namespace
