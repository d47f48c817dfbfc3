#include <holdfast/actors/serve.hpp>

#include <gtest/gtest.h>

#include <string>
#include <tests/actors/call_site_types.hpp>
#include <tests/actors/recording.hpp>

namespace {

using namespace call_sites;
using holdfast::errc;
using holdfast::payload_kind;

class serve_test : public testing::Test {
protected:
  template <class... A>
  std::string run(const holdfast::served_method& served, const A&... arguments) {
    run_.own.fingerprint = served.fingerprint;
    return served.run(run_, payload_kind::arguments,
                      holdfast::encode_arguments<A...>(arguments...));
  }
  holdfast::value run_values(const holdfast::served_method& served,
                             const holdfast::array& positional, const holdfast::dict& named = {}) {
    auto bytes = served.run(run_, payload_kind::values, holdfast::encode_values(positional, named));
    return holdfast::decode<holdfast::value>(bytes, "the result");
  }
  template <class F>
  std::string refusal(errc code, F attempt) {
    try {
      attempt();
    } catch (const holdfast::error& problem) {
      EXPECT_EQ(problem.code(), code) << problem.what();
      return problem.what();
    }
    ADD_FAILURE() << "it was not refused";
    return {};
  }

  recording::run run_;
};

TEST_F(serve_test, DecodesRunsAndEncodes) {
  auto served = make_served(count_pages, [](const std::string& path) { return int(path.size()); });
  EXPECT_EQ(served.name, "pages.count");
  EXPECT_EQ(served.service, "pages");
  EXPECT_EQ(served.signature, "(string) -> int32");
  EXPECT_EQ(served.parameters, std::vector<std::string>{"path"});
  EXPECT_EQ(holdfast::decode<int>(run(served, std::string("a.pdf")), "the result"), 5);
}

TEST_F(serve_test, AContextComesFirstIfItIsWanted) {
  auto served = make_served(render, [](holdfast::context& ctx, const std::string& path, int dpi) {
    ctx.state(pages).put(path, dpi);
    ctx.to("gamma").send(progress, path, 0.5);
  });
  EXPECT_EQ(run(served, std::string("a.pdf"), 300), "");
  EXPECT_EQ(holdfast::context(run_).state(pages).get("a.pdf"), 300);
  EXPECT_EQ(run_.sent.size(), 1u);
}

TEST_F(serve_test, ValuesAreConvertedAndAnsweredWithAValue) {
  auto served = make_served(place, [](const order& what, point at) {
    return what.who + ":" + std::to_string(what.lines.at(0).qty) + ":" + std::to_string(at.x);
  });
  holdfast::dict given{{"who", "ann"},
                       {"lines", holdfast::array{holdfast::dict{{"sku", "A"}, {"qty", 3}}}}};
  EXPECT_EQ(run_values(served, {}, {{"order", given}, {"at", holdfast::array{1, 2}}}),
            holdfast::value("ann:3:1"));
  auto quiet = make_served(render, [](const std::string&, int) {});
  EXPECT_TRUE(run_values(quiet, {"a.pdf", 300}).is_null());
}

TEST_F(serve_test, AValueThatDoesNotFitNamesItsPlace) {
  auto served = make_served(place, [](const order&, point) { return std::string(); });
  holdfast::dict wrong{{"who", "ann"},
                       {"lines", holdfast::array{holdfast::dict{{"sku", "A"}, {"qty", "x"}}}}};
  auto text = refusal(errc::bad_argument, [&] {
    run_values(served, {wrong, holdfast::array{1, 2}});
  });
  EXPECT_NE(text.find("order.lines[0].qty"), std::string::npos) << text;
  EXPECT_NE(text.find("integer"), std::string::npos) << text;
}

TEST_F(serve_test, AnotherSignatureIsUndecodable) {
  auto served = make_served(count_pages, [](const std::string&) { return 1; });
  run_.own.fingerprint = holdfast::fingerprint(render);
  auto text = refusal(errc::undecodable, [&] {
    served.run(run_, payload_kind::arguments, holdfast::encode_arguments(std::string("a"), 1));
  });
  EXPECT_NE(text.find("pages.count"), std::string::npos) << text;
  EXPECT_NE(text.find("(string) -> int32"), std::string::npos) << text;
}

TEST_F(serve_test, ACompletionHearsTheOutcomeAndWhatWasBound) {
  std::string heard;
  auto served =
      make_served(counted, [&](const holdfast::outcome<int>& result, const std::string& job) {
        heard = job + (result ? " " + std::to_string(*result.value) : " " + result.error)
                + (result.revised ? " revised " : " ") + result.call_id.to_text();
      });
  run_.own.fingerprint = holdfast::fingerprint(counted);
  auto bound = holdfast::encode_arguments(std::string("job-1"));
  holdfast::outcome_record good;
  good.value = holdfast::encode(12);
  good.call = {7, 1, 9};
  served.run(run_, payload_kind::completion, holdfast::encode_outcome(good, bound));
  EXPECT_EQ(heard, "job-1 12 " + good.call.to_text());

  holdfast::outcome_record bad;
  bad.ended = errc::handler_failed;
  bad.error = "no such page";
  bad.is_revised = true;
  served.run(run_, payload_kind::completion, holdfast::encode_outcome(bad, bound));
  EXPECT_EQ(heard.rfind("job-1 no such page revised", 0), 0u) << heard;
}

TEST_F(serve_test, WhatIsNoCompletionSaysSo) {
  auto served = make_served(count_pages, [](const std::string&) { return 1; });
  run_.own.fingerprint = served.fingerprint;
  refusal(errc::undecodable,
          [&] { served.run(run_, payload_kind::completion, holdfast::encode_outcome({}, {})); });
}

TEST_F(serve_test, AnErrorOfTheHandlerDoesNotLookLikeBadArguments) {
  auto served = make_served(count_pages, [](const std::string&) -> int {
    throw holdfast::error(errc::undecodable, "a row is broken");
  });
  EXPECT_EQ(refusal(errc::failed, [&] { run(served, std::string("a")); }), "a row is broken");
}

class durable_actor_test : public serve_test {
protected:
  const holdfast::served_method& member(const std::string& name) {
    for (auto& served : served_)
      if (served.name == "bank.account." + name)
        return served;
    throw std::logic_error("no such member");
  }
  std::vector<holdfast::served_method> served_ = holdfast::make_served_actor<account>();
};

TEST_F(durable_actor_test, EachListedMemberIsAMethodOfTheService) {
  ASSERT_EQ(served_.size(), 3u);
  EXPECT_EQ(member("deposit").service, "bank.account");
  EXPECT_EQ(member("deposit").signature, "(int64) -> int64");
  EXPECT_EQ(member("deposit").parameters, std::vector<std::string>{"amount"});
}

TEST_F(durable_actor_test, StateIsReadAtTheCallAndWrittenWithIt) {
  run_.own.key = "alice";
  EXPECT_EQ(holdfast::decode<long>(run(member("deposit"), 100L), "result"), 100);
  EXPECT_EQ(holdfast::decode<long>(run(member("deposit"), 50L), "result"), 150);
  EXPECT_EQ(run_.rows.size(), 1u);
  EXPECT_EQ(run_.writes, 2);
  run_.own.key = "bob";
  EXPECT_EQ(holdfast::decode<long>(run(member("balance")), "result"), 0)
      << "bob has a state of his own";
}

TEST_F(durable_actor_test, WhatDidNotChangeIsNotWritten) {
  run_.own.key = "alice";
  run(member("deposit"), 100L);
  run(member("balance"));
  run(member("deposit"), 0L);
  EXPECT_EQ(run_.writes, 1);
  run(member("rename"), std::string("Alice"));
  EXPECT_EQ(run_.writes, 2);
}

TEST_F(durable_actor_test, ACallWithoutANameIsABadArgument) {
  auto text = refusal(errc::bad_argument, [&] { run(member("balance")); });
  EXPECT_NE(text.find("bank.account"), std::string::npos) << text;
}

}  // namespace
