#include <holdfast/actors/context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tests/actors/call_site_types.hpp>
#include <tests/actors/recording.hpp>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace call_sites;
using holdfast::errc;

class context_test : public testing::Test {
protected:
  recording::run run_;
  holdfast::context ctx_{run_};
};

template <class F>
errc thrown_by(F attempt) {
  try {
    attempt();
  } catch (const holdfast::error& problem) {
    return problem.code();
  }
  return errc::none;
}

TEST_F(context_test, VerbsGoIntoTheRunAndCarryTheTraceOn) {
  run_.own.trace = 99;
  run_.own.origin = "gamma";
  static_assert(std::is_void_v<decltype(ctx_.to("beta").queue(render, "a", 1))>);
  ctx_.to("beta").queue(render, "a.pdf", 300);
  ctx_.to("beta").send(progress, "a.pdf", 0.5);
  ctx_.to("beta").with({.key = "k"}).then(counted, "j").queue(count_pages, "a.pdf");
  ctx_.self().actor<account>("bob").queue<&account::deposit>(1);
  ASSERT_EQ(run_.queued.size(), 3u);
  ASSERT_EQ(run_.sent.size(), 1u);
  EXPECT_EQ(run_.queued[0].header.trace, 99u);
  EXPECT_EQ(run_.queued[0].header.origin, "gamma");
  EXPECT_EQ(run_.sent[0].header.trace, 99u);
  EXPECT_EQ(run_.queued[1].header.completion->method, "pages.counted");
  EXPECT_EQ(run_.queued[2].peer, "beta") << "self is the node that runs the handler";
}

TEST_F(context_test, AReminderGoesToOneselfWithItsWait) {
  run_.own.trace = 99;
  ctx_.later(30s).send(progress, "a.pdf", 0.5);
  ASSERT_EQ(run_.later.size(), 1u);
  EXPECT_EQ(run_.later[0].header.method, "pages.progress");
  EXPECT_EQ(run_.later[0].header.trace, 99u);
  EXPECT_EQ(run_.later[0].within, 30s);
  EXPECT_EQ(thrown_by([&] { ctx_.later(-1s); }), errc::bad_option);
}

TEST_F(context_test, CallTakesATypedContinuation) {
  std::vector<int> heard;
  errc failure = errc::none;
  ctx_.to("beta")
      .within(2s)
      .call(count_pages, "a.pdf")
      .then([&](holdfast::context& ctx, holdfast::expected<int> n) {
        EXPECT_EQ(ctx.node(), "beta");
        heard.push_back(n.value());
      });
  ctx_.to("beta").call(count_pages, "b.pdf").then([&](const holdfast::expected<int>& n) {
    failure = n.error().kind;
  });
  ASSERT_EQ(run_.continuations.size(), 2u);
  EXPECT_EQ(run_.called[0].within, 2s);
  run_.continuations[0](run_, {errc::none, "", holdfast::shared_bytes(holdfast::encode(12))});
  run_.continuations[1](run_, {errc::unreachable, "down", {}});
  EXPECT_EQ(heard, std::vector{12});
  EXPECT_EQ(failure, errc::unreachable);
}

TEST_F(context_test, RowsAreTypedAndOrdered) {
  auto t = ctx_.state(pages);
  EXPECT_FALSE(t.get("a"));
  t.put("b", 2);
  t.put("a", 1);
  t.put("c", 3);
  EXPECT_EQ(t.get("a"), 1);
  EXPECT_TRUE(t.contains("b"));
  std::string seen;
  for (auto& [path, n] : t.range("a", "c"))
    seen += path + std::to_string(n);
  EXPECT_EQ(seen, "a1b2") << "the end is excluded";
  EXPECT_EQ(t.range("a", "z", 1).size(), 1u);
  EXPECT_TRUE(t.range("z", "a").empty());
  EXPECT_EQ(t.from("b").size(), 2u);
  t.erase("b");
  EXPECT_FALSE(t.contains("b"));
  EXPECT_EQ(t.all().size(), 2u);
}

TEST_F(context_test, TablesDoNotSeeEachOther) {
  static constexpr holdfast::table<std::string, int> longer{"pages2"};
  ctx_.state(longer).put("a", 7);
  EXPECT_TRUE(ctx_.state(pages).all().empty());
  EXPECT_EQ(ctx_.state(longer).all().size(), 1u);
}

TEST_F(context_test, RowsBeyondTheLimitsAreRefusedByName) {
  auto t = ctx_.state(pages);
  EXPECT_EQ(thrown_by([&] { t.put(std::string(600, 'x'), 1); }), errc::too_large);
  EXPECT_EQ(thrown_by([&] { (void)t.range("a", "b", 0); }), errc::bad_option);
  EXPECT_EQ(thrown_by([&] { (void)t.range("a", "b", holdfast::limits::effects_max + 1); }),
            errc::bad_option);
  EXPECT_EQ(run_.writes, 0);
}

TEST_F(context_test, ACapturedPeerIsRefusedInsideAHandler) {
  recording::port port;
  holdfast::peer captured{holdfast::outside_port(port), "beta"};
  run_.own.method = "pages.render";
  {
    holdfast::running_here inside(run_);
    EXPECT_EQ(thrown_by([&] { captured.queue(render, "a.pdf", 300); }), errc::wrong_context);
    EXPECT_EQ(thrown_by([&] { captured.send(progress, "a.pdf", 0.5); }), errc::wrong_context);
    EXPECT_EQ(thrown_by([&] { (void)captured.call(count_pages, "a.pdf"); }), errc::wrong_context);
  }
  EXPECT_TRUE(port.queued.empty());
  captured.queue(render, "a.pdf", 300);
  EXPECT_EQ(port.queued.size(), 1u);
}

}  // namespace
