#include <holdfast/actors/peer.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tests/actors/call_site_types.hpp>
#include <tests/actors/recording.hpp>

namespace {

using namespace std::chrono_literals;
using namespace call_sites;
using holdfast::errc;

class peer_test : public testing::Test {
protected:
  holdfast::peer to(const char* name) { return {holdfast::outside_port(port_), name}; }

  template <class F>
  std::string refusal(errc code, F attempt) {
    try {
      attempt();
    } catch (const holdfast::error& problem) {
      EXPECT_EQ(problem.code(), code) << problem.what();
      EXPECT_TRUE(port_.queued.empty()) << "something was stored";
      return problem.what();
    }
    ADD_FAILURE() << "it was not refused";
    return {};
  }

  recording::port port_;
};

TEST_F(peer_test, QueueEncodesTheArgumentsAndReturnsTheId) {
  holdfast::call_id id = to("beta").queue(render, "a.pdf", 300);
  EXPECT_EQ(id, (holdfast::call_id{7, 1, 42}));
  ASSERT_EQ(port_.queued.size(), 1u);
  auto& call = port_.queued[0];
  EXPECT_EQ(call.peer, "beta");
  EXPECT_EQ(call.header.method, "pages.render");
  EXPECT_EQ(call.header.payload, holdfast::payload_kind::arguments);
  EXPECT_EQ(call.header.fingerprint, holdfast::fingerprint(render));
  EXPECT_EQ((holdfast::decode_arguments<std::string, int>(call.payload)),
            std::tuple(std::string("a.pdf"), 300));
}

TEST_F(peer_test, OptionsReachTheHeader) {
  to("beta")
      .with({.attempts = 3,
             .back_off = 5s,
             .expires_in = 1h,
             .id = "a.pdf",
             .key = "a",
             .not_before = 2min,
             .priority = -7})
      .queue(render, "a.pdf", 300);
  auto& header = port_.queued.at(0).header;
  EXPECT_EQ(header.attempts, 3);
  EXPECT_EQ(header.back_off_ns, 5'000'000'000);
  EXPECT_EQ(header.expires_at, 3'600'000'000'000);
  EXPECT_EQ(header.not_before, 120'000'000'000);
  EXPECT_EQ(header.user_id, "a.pdf");
  EXPECT_EQ(header.key, "a");
  EXPECT_EQ(header.priority, -7);
}

TEST_F(peer_test, BracesMakeUserTypes) {
  to("beta").queue(place, {.who = "ann", .lines = {{.sku = "A1", .qty = 3}}}, {.x = 1, .y = 2.0});
  auto [what, at] = holdfast::decode_arguments<order, point>(port_.queued.at(0).payload);
  EXPECT_EQ(what.who, "ann");
  ASSERT_EQ(what.lines.size(), 1u);
  EXPECT_EQ(what.lines[0].sku, "A1");
  EXPECT_EQ(at.x, 1);
}

TEST_F(peer_test, CompletionAndOptionsComeInEitherOrder) {
  to("beta").then(counted, "job-1").with({.priority = 5}).queue(count_pages, "a.pdf");
  to("beta").with({.priority = 5}).then(counted, "job-1").queue(count_pages, "a.pdf");
  ASSERT_EQ(port_.queued.size(), 2u);
  for (auto& call : port_.queued) {
    EXPECT_EQ(call.header.priority, 5);
    ASSERT_TRUE(call.header.completion);
    EXPECT_EQ(call.header.completion->method, "pages.counted");
    EXPECT_EQ(call.header.completion->fingerprint, holdfast::fingerprint(counted));
    EXPECT_EQ(holdfast::decode_arguments<std::string>(call.header.completion->bound),
              std::tuple(std::string("job-1")));
  }
  to("beta").then(rendered).queue(render, "a.pdf", 1);
  EXPECT_EQ(port_.queued.at(2).header.completion->method, "pages.rendered");
}

TEST_F(peer_test, QueueAsyncIsWaitedForLater) {
  auto ticket = to("beta").queue_async(render, "a.pdf", 300);
  EXPECT_TRUE(ticket.is_ready());
  auto id = ticket.get();
  EXPECT_EQ(id.sequence, 42u);
  EXPECT_FALSE(id.is_duplicate);
}

TEST_F(peer_test, ADuplicateIsVisibleAndAConflictIsAnError) {
  port_.next_result.is_duplicate = true;
  EXPECT_TRUE(to("beta").with({.id = "x"}).queue(render, "a.pdf", 300).is_duplicate);
  port_.next_result.refused = errc::id_conflict;
  try {
    to("beta").with({.id = "x"}).queue(render, "b.pdf", 300);
    FAIL() << "a conflict was taken";
  } catch (const holdfast::error& problem) {
    EXPECT_EQ(problem.code(), errc::id_conflict);
    EXPECT_NE(std::string(problem.what()).find("'x'"), std::string::npos) << problem.what();
  }
}

TEST_F(peer_test, CallGivesTheValueOrWhyThereIsNone) {
  port_.next_reply.value = holdfast::shared_bytes(holdfast::encode(12));
  auto pages_in = to("beta").within(2s).call(count_pages, "a.pdf");
  ASSERT_TRUE(pages_in);
  EXPECT_EQ(*pages_in, 12);
  EXPECT_EQ(port_.called.at(0).within, 2s);

  port_.next_reply = {errc::unreachable, "beta is down", {}};
  auto none = to("beta").call(count_pages, "a.pdf");
  EXPECT_FALSE(none);
  EXPECT_EQ(none.error().kind, errc::unreachable);
  EXPECT_EQ(none.value_or(-1), -1);
  EXPECT_EQ(port_.called.at(1).within, holdfast::call_time_default);
  EXPECT_THROW((void)none.value(), holdfast::error);

  port_.next_reply = {};
  EXPECT_TRUE(to("beta").call(render, "a.pdf", 300).has_value());
}

TEST_F(peer_test, AResultThatDoesNotDecodeIsUnknown) {
  port_.next_reply.value = holdfast::shared_bytes(std::string("xx"));
  auto broken = to("beta").call(count_pages, "a.pdf");
  EXPECT_EQ(broken.error().kind, errc::unknown);
}

TEST_F(peer_test, SendSaysWhetherItLeft) {
  EXPECT_TRUE(to("beta").send(progress, "a.pdf", 0.5));
  port_.takes_messages = false;
  EXPECT_FALSE(to("beta").send(progress, "a.pdf", 0.5));
  EXPECT_EQ(port_.sent.size(), 2u);
}

TEST_F(peer_test, ByNameWithValues) {
  to("beta").queue("pages.render", {"a.pdf", 300});
  to("beta").queue("pages.render", holdfast::dict{{"path", "a.pdf"}, {"dpi", 300}});
  to("beta").with({.id = "x"}).queue("pages.render", {"a.pdf"}, {{"dpi", 300}});
  ASSERT_EQ(port_.queued.size(), 3u);
  EXPECT_EQ(port_.queued[0].header.payload, holdfast::payload_kind::values);
  EXPECT_EQ(port_.queued[0].header.fingerprint, 0u);
  EXPECT_EQ(holdfast::decode_values(port_.queued[0].payload).positional,
            (holdfast::array{"a.pdf", 300}));
  EXPECT_EQ(holdfast::decode_values(port_.queued[1].payload).named.at("dpi"), holdfast::value(300));
  EXPECT_EQ(holdfast::decode_values(port_.queued[2].payload).positional.size(), 1u);

  port_.next_reply.value = holdfast::shared_bytes(holdfast::encode(holdfast::value(12)));
  EXPECT_EQ(to("beta").call("pages.count", {"a.pdf"}).value(), holdfast::value(12));
}

TEST_F(peer_test, DurableActorsAreCalledByMember) {
  auto alice = to("bank").actor<account>("alice");
  alice.queue<&account::deposit>(100);
  alice.queue(&account::deposit, 100);
  to("bank").with({.id = "d1"}).actor<account>("alice").queue<&account::deposit>(100);
  ASSERT_EQ(port_.queued.size(), 3u);
  for (auto& call : port_.queued) {
    EXPECT_EQ(call.header.method, "bank.account.deposit");
    EXPECT_EQ(call.header.key, "alice");
    EXPECT_EQ(holdfast::decode_arguments<long>(call.payload), std::tuple(100L));
  }
  to("bank").then(heard_balance).actor<account>("alice").queue<&account::balance>();
  EXPECT_EQ(port_.queued.at(3).header.completion->method, "bank.heard");
  alice.send<&account::rename>("Alice");
  EXPECT_EQ(port_.sent.at(0).header.method, "bank.account.rename");

  port_.next_reply.value = holdfast::shared_bytes(holdfast::encode(100L));
  EXPECT_EQ(alice.call<&account::balance>().value(), 100);
  EXPECT_EQ(to("bank").within(1s).actor<account>("alice").call(&account::balance).value(), 100);
  EXPECT_EQ(port_.called.at(1).within, 1s);
}

TEST_F(peer_test, AnUnlistedMemberIsRefused) {
  auto text =
      refusal(errc::bad_name, [&] { to("bank").actor<account>("alice").queue(&account::hidden); });
  EXPECT_NE(text.find("bank.account"), std::string::npos) << text;
}

TEST_F(peer_test, OptionsOutOfRangeAreRefusedWithNothingStored) {
  auto with = [&](holdfast::queue_options options) {
    return refusal(errc::bad_option, [&] { to("beta").with(options).queue(render, "a.pdf", 300); });
  };
  EXPECT_NE(with({.priority = 101}).find("priority"), std::string::npos);
  EXPECT_NE(with({.priority = -101}).find("-101"), std::string::npos);
  EXPECT_NE(with({.attempts = 0}).find("attempts"), std::string::npos);
  EXPECT_NE(with({.attempts = 1001}).find("1000"), std::string::npos);
  EXPECT_NE(with({.back_off = 0s}).find("back_off"), std::string::npos);
  EXPECT_NE(with({.expires_in = -1s}).find("expires_in"), std::string::npos);
  EXPECT_NE(with({.not_before = 0s}).find("not_before"), std::string::npos);
  EXPECT_NE(with({.expires_in = 24h * 366 * 51}).find("50 years"), std::string::npos);
  refusal(errc::bad_option, [&] { (void)to("beta").within(0s); });
  refusal(errc::bad_option, [&] {
    to("bank").with({.key = "bob"}).actor<account>("alice").queue<&account::deposit>(1);
  });
}

TEST_F(peer_test, NamesAndSizesAreCheckedAtTheCallSite) {
  refusal(errc::bad_name, [&] { to("be ta").queue(render, "a.pdf", 300); });
  refusal(errc::bad_name, [&] { to("").queue(render, "a.pdf", 300); });
  refusal(errc::bad_name, [&] { to("beta").queue("no method"); });
  refusal(errc::bad_name, [&] { (void)to("bank").actor<account>(""); });
  std::string long_key(holdfast::limits::key_bytes_max + 1, 'k');
  refusal(errc::bad_name, [&] { to("beta").with({.key = long_key}).queue(render, "a.pdf", 300); });
  refusal(errc::bad_name, [&] { to("beta").with({.id = long_key}).queue(render, "a.pdf", 300); });
  std::string large(holdfast::limits::payload_bytes_max, 'x');
  auto text = refusal(errc::too_large, [&] { to("beta").queue(count_pages, large); });
  EXPECT_NE(text.find("pages.count"), std::string::npos) << text;
  refusal(errc::too_large, [&] { to("beta").send(count_pages, large); });
  refusal(errc::too_large, [&] { (void)to("beta").call(count_pages, large); });
}

}  // namespace
