#include <holdfast/runtime/actor_handlers.hpp>
#include <holdfast/runtime/node.hpp>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <tests/actors/call_site_types.hpp>
#include <tests/persistence/temporary_directory.hpp>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace call_sites;
using holdfast::errc;

/// Only a hang reaches it.
constexpr auto patience = 60s;

template <class T>
T heard(std::promise<T>& promise) {
  auto future = promise.get_future();
  if (future.wait_for(patience) != std::future_status::ready)
    throw std::runtime_error("nothing was heard");
  return future.get();
}

template <class F>
errc thrown_by(F attempt) {
  try {
    attempt();
  } catch (const holdfast::error& problem) {
    return problem.code();
  }
  return errc::none;
}

class node_test : public testing::Test {
protected:
  holdfast::node_options options(const std::string& name) const {
    return {.data = folder_.path() / name,
            .listen = "127.0.0.1:0",
            .log_level = "off",
            .name = name,
            .secret_file = folder_.path() / "secret"};
  }
  holdfast::node_options options(const std::string& name, const holdfast::node& peer) const {
    auto with_peer = options(name);
    with_peer.peers = {{peer.name(), peer.address()}};
    return with_peer;
  }
  holdfast::test::temporary_directory folder_;
};

TEST_F(node_test, ACallToOneselfRunsAndItsCompletionHears) {
  std::promise<int> result;
  holdfast::node alpha(options("alpha"));
  alpha.serve(count_pages, [](const std::string& path) { return int(path.size()); });
  alpha.serve(counted, [&](const holdfast::outcome<int>& outcome, const std::string& job) {
    EXPECT_EQ(job, "job-1");
    result.set_value(outcome.value.value_or(-1));
  });
  alpha.start();
  auto id = alpha.self().then(counted, "job-1").queue(count_pages, "a.pdf");
  EXPECT_TRUE(id);
  EXPECT_EQ(heard(result), 5);
}

TEST_F(node_test, TheThreeVerbsReachAnotherNode) {
  std::promise<std::string> sent;
  std::promise<int> counted_there;
  holdfast::node beta(options("beta"));
  beta.serve(count_pages, [](const std::string& path) { return int(path.size()); });
  beta.serve(progress, [&](holdfast::context& ctx, const std::string& path, double) {
    sent.set_value(ctx.caller() + ":" + path);
  });
  beta.start();
  holdfast::node alpha(options("alpha", beta));
  alpha.serve(counted, [&](const holdfast::outcome<int>& outcome, const std::string&) {
    counted_there.set_value(outcome.value.value_or(-1));
  });
  std::promise<void> up;
  alpha.on<holdfast::peer_up>("pages", [&](const holdfast::peer_up&) { up.set_value(); });
  alpha.start();
  heard(up);
  EXPECT_EQ(alpha.to("beta").call(count_pages, "a.pdf").value(), 5);
  EXPECT_TRUE(alpha.to("beta").send(progress, "b.pdf", 0.5));
  EXPECT_EQ(heard(sent), "alpha:b.pdf");
  alpha.to("beta").then(counted, "x").queue(count_pages, "abc");
  EXPECT_EQ(heard(counted_there), 3);
}

TEST_F(node_test, WhatWasQueuedBeforeTheStartGoesOutAfterIt) {
  std::promise<int> result;
  holdfast::node alpha(options("alpha"));
  alpha.self().queue(render, "early.pdf", 1);
  alpha.serve(render, [&](const std::string&, int dpi) { result.set_value(dpi); });
  alpha.start();
  EXPECT_EQ(heard(result), 1);
}

TEST_F(node_test, CallsAreStoredInTheOrderInWhichAThreadQueuedThemWaitingOrNot) {
  holdfast::node alpha(options("alpha"));
  alpha.start();
  auto absent = alpha.to("absent");
  constexpr int calls = 100;
  std::vector<holdfast::sequence_number> stored(calls);
  std::vector<std::pair<int, holdfast::queue_ticket>> open;
  for (int i = 0; i < calls; ++i)
    if (i % 3 == 0)
      open.emplace_back(i, absent.queue_async(render, "a.pdf", i));
    else
      stored[i] = absent.queue(render, "a.pdf", i).sequence;
  for (auto& [i, ticket] : open)
    stored[i] = ticket.get().sequence;
  for (int i = 0; i < calls; ++i)
    EXPECT_EQ(stored[i], static_cast<holdfast::sequence_number>(i + 1));
}

TEST_F(node_test, AMethodServedLaterRunsWhatWasParked) {
  std::promise<int> result;
  holdfast::node alpha(options("alpha"));
  alpha.start();
  alpha.self().queue(render, "a.pdf", 7);
  alpha.serve(render, [&](const std::string&, int dpi) { result.set_value(dpi); });
  EXPECT_EQ(heard(result), 7);
}

TEST_F(node_test, StateAndActorsOutliveTheNode) {
  for (long expected : {100, 200}) {
    holdfast::node bank(options("bank"));
    bank.serve<account>();
    bank.start();
    auto alice = bank.self().actor<account>("alice");
    EXPECT_EQ(alice.call<&account::deposit>(100).value(), expected);
    EXPECT_EQ(bank.self().actor<account>("bob").call<&account::balance>().value(), 0);
    EXPECT_TRUE(bank.stop());
  }
}

TEST_F(node_test, ACapturedPeerInsideAHandlerIsRefused) {
  holdfast::node alpha(options("alpha"));
  auto captured = std::make_shared<std::optional<holdfast::peer>>();
  alpha.serve(count_pages, [captured](const std::string& path) {
    (*captured)->queue(render, path, 1);
    return 0;
  });
  alpha.start();
  captured->emplace(alpha.self());
  auto refused = alpha.self().call(count_pages, "a.pdf");
  EXPECT_EQ(refused.error().kind, errc::failed);
  EXPECT_NE(refused.error().text.find("ctx.to"), std::string::npos) << refused.error().text;
}

TEST_F(node_test, ACallInsideAHandlerContinuesInATransactionOfItsOwn) {
  std::promise<int> result;
  holdfast::node beta(options("beta"));
  beta.serve(count_pages, [](const std::string& path) { return int(path.size()); });
  beta.start();
  holdfast::node alpha(options("alpha", beta));
  alpha.serve(render, [&](holdfast::context& ctx, const std::string& path, int) {
    ctx.to("beta")
        .call(count_pages, path)
        .then([&, path](holdfast::context& later, const holdfast::expected<int>& n) {
          later.state(pages).put(path, n.value_or(-1));
          result.set_value(n.value_or(-1));
        });
  });
  alpha.start();
  alpha.self().queue(render, "a.pdf", 1);
  EXPECT_EQ(heard(result), 5);
}

TEST_F(node_test, AnUnknownPeerIsUnreachableAndStillTakesCalls) {
  holdfast::node alpha(options("alpha"));
  alpha.start();
  EXPECT_EQ(alpha.to("nobody").call(count_pages, "a.pdf").error().kind, errc::unreachable);
  EXPECT_FALSE(alpha.to("nobody").send(progress, "a.pdf", 0.5));
  EXPECT_TRUE(alpha.to("nobody").queue(render, "a.pdf", 1));
}

TEST_F(node_test, ADuplicateIdIsAnsweredAndAnotherArgumentRefused) {
  holdfast::node alpha(options("alpha"));
  alpha.start();
  auto first = alpha.to("beta").with({.id = "x"}).queue(render, "a.pdf", 1);
  auto second = alpha.to("beta").with({.id = "x"}).queue(render, "a.pdf", 1);
  EXPECT_TRUE(second.is_duplicate);
  EXPECT_EQ(static_cast<const holdfast::call_id&>(first), second);
  EXPECT_EQ(thrown_by([&] { alpha.to("beta").with({.id = "x"}).queue(render, "b.pdf", 1); }),
            errc::id_conflict);
}

TEST_F(node_test, StoppingRefusesAndIsIdempotent) {
  holdfast::node alpha(options("alpha"));
  alpha.start();
  auto self = alpha.self();
  EXPECT_TRUE(alpha.stop());
  EXPECT_TRUE(alpha.stop());
  EXPECT_EQ(thrown_by([&] { self.queue(render, "a.pdf", 1); }), errc::stopping);
}

TEST_F(node_test, TheDirectoryIsOfOneNodeAndOneName) {
  {
    holdfast::node alpha(options("alpha"));
    alpha.start();
    holdfast::node again(options("alpha"));
    EXPECT_EQ(thrown_by([&] { again.start(); }), errc::journal_locked);
  }
  auto renamed = options("alpha");
  renamed.name = "omega";
  holdfast::node omega(renamed);
  EXPECT_EQ(thrown_by([&] { omega.start(); }), errc::wrong_name);
}

TEST_F(node_test, StatusAndPeersArePlainStructs) {
  holdfast::node alpha(options("alpha"));
  alpha.start();
  alpha.to("beta").queue(render, "a.pdf", 1);
  auto status = alpha.status();
  EXPECT_EQ(status.name, "alpha");
  EXPECT_TRUE(status.is_running);
  EXPECT_EQ(status.outbox, 1u);
  auto peers = alpha.peers();
  ASSERT_EQ(peers.size(), 1u);
  EXPECT_EQ(peers[0].name, "beta");
  EXPECT_EQ(peers[0].open, 1u);
}

// ---- actors of the program's own

caf::behavior counter_behavior(caf::event_based_actor* self) {
  return {[self](const std::string& path) -> caf::result<int> {
    if (path == "refuse")
      return caf::make_error(caf::sec::invalid_argument, "no");
    if (path == "die") {
      self->quit(caf::exit_reason::unhandled_exception);
      return self->make_response_promise<int>();
    }
    return int(path.size());
  }};
}

TEST_F(node_test, AnActorsReplyIsTheResult) {
  holdfast::node alpha(options("alpha"));
  alpha.serve(count_pages, alpha.system().spawn(counter_behavior));
  alpha.start();
  EXPECT_EQ(alpha.self().call(count_pages, "a.pdf").value(), 5);
  EXPECT_EQ(alpha.self().call("pages.count", {"abc"}).value(), holdfast::value(3));
  EXPECT_EQ(alpha.self().call(count_pages, "refuse").error().kind, errc::failed);
}

TEST_F(node_test, AnActorThatEndsFailsItsCalls) {
  holdfast::node alpha(options("alpha"));
  alpha.serve(count_pages, alpha.system().spawn(counter_behavior));
  alpha.start();
  auto during = alpha.self().call(count_pages, "die");
  EXPECT_EQ(during.error().kind, errc::failed) << during.error().text;
  auto after = alpha.self().call(count_pages, "a.pdf");
  EXPECT_EQ(after.error().kind, errc::failed);
  EXPECT_NE(after.error().text.find("pages.count"), std::string::npos) << after.error().text;
}

}  // namespace
