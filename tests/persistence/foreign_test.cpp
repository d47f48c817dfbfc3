// What the journal keeps of foreign nodes: names, ids of their calls, the ends of calls for them.

#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/dynamic_signature.hpp>
#include <holdfast/persistence/foreign.hpp>
#include <holdfast/persistence/value_bytes.hpp>

#include <tests/persistence/outbox_fixture.hpp>

namespace holdfast::test {
namespace {

class foreign_test : public outbox_test {
protected:
  foreign::stored accept(const std::string& id, queue_request call) {
    return alpha.commit([&](ledger& books) {
      return foreign::accept(books, {"py", id, std::move(call)});
    });
  }
  queue_request to_alpha(std::string payload = "payload") {
    auto call = call_to("alpha", "work.run", std::move(payload));
    call.header.is_foreign = true;
    return call;
  }
  std::uint64_t introduce(const std::string& name) {
    return alpha.commit([&](ledger& books) { return foreign::introduce(books, name); });
  }
  bool settle_here(sequence_number sequence, errc kind) {
    return alpha.commit([&](ledger& books) {
      return outbox::settle_here(books, 1, sequence, {kind, false, {}, "why", "value"});
    });
  }
};

TEST_F(foreign_test, ACallIsStoredOnceUnderItsId) {
  EXPECT_EQ(accept("a", to_alpha()), foreign::stored::now);
  EXPECT_EQ(accept("a", to_alpha()), foreign::stored::before);
  EXPECT_EQ(accept("b", to_alpha()), foreign::stored::now);
  EXPECT_EQ(alpha.count(table_id::inbox), 2u);
  EXPECT_THROW(accept("a", to_alpha("other")), error);
  alpha.restart();
  EXPECT_EQ(accept("a", to_alpha()), foreign::stored::before);
  auto lane = find_in_lane(*alpha.read(), foreign::source_of("py"), foreign::lane);
  ASSERT_TRUE(lane);
  EXPECT_EQ(lane->source_name, "py");
  EXPECT_EQ(lane->mark, 2u);
}

TEST_F(foreign_test, ACallForAnotherNodeGoesToItsLaneOnce) {
  EXPECT_EQ(accept("a", call_to("beta")), foreign::stored::now);
  EXPECT_EQ(accept("a", call_to("beta")), foreign::stored::before);
  EXPECT_EQ(alpha.count(table_id::outbox), 1u);
  EXPECT_EQ(lane().counters.issued, 1u);
}

TEST_F(foreign_test, SoManyIdsAreRemembered) {
  auto rows = alpha.count(table_id::meta);
  for (std::size_t n = 0; n < limits::foreign_ids_max + 5; ++n)
    accept("id-" + std::to_string(n), to_alpha());
  EXPECT_EQ(accept("id-5", to_alpha()), foreign::stored::before);
  EXPECT_EQ(accept("id-4", to_alpha()), foreign::stored::now);
  EXPECT_LE(alpha.count(table_id::meta), rows + 2 * limits::foreign_ids_max + 2);
}

TEST_F(foreign_test, WhatOneExecutesIsToldToNobody) {
  accept("a", to_alpha());
  for (auto& entry : alpha.in_turn())
    alpha.commit([&](ledger& books) { return inbox::executed(books, entry, {}, {}); });
  EXPECT_EQ(alpha.count(table_id::inbox), 0u);
  EXPECT_EQ(alpha.count(table_id::outcomes), 0u);
  auto lane = find_in_lane(*alpha.read(), foreign::source_of("py"), foreign::lane);
  EXPECT_EQ(lane->executed, 1u);
}

TEST_F(foreign_test, ANameIsNativeOrForeign) {
  EXPECT_EQ(introduce("py"), 1u);
  EXPECT_EQ(introduce("py"), 2u);
  alpha.commit([](ledger& books) { books.peer("beta").id = books.self().id; });
  EXPECT_THROW(introduce("beta"), error);
  auto row = find_peer(*alpha.read(), "py");
  ASSERT_TRUE(row);
  EXPECT_TRUE(row->is_foreign);
  EXPECT_FALSE(find_peer(*alpha.read(), "beta")->is_foreign);
}

// The number that a process draws: its link was lost, not what it does.
TEST_F(foreign_test, AProcessThatComesBackIsTheSame) {
  auto comes = [&](std::uint64_t start) {
    return alpha.commit([&](ledger& books) { return foreign::introduce(books, "py", start); });
  };
  EXPECT_EQ(comes(7), 1u);
  EXPECT_EQ(comes(7), 1u);
  alpha.restart();
  EXPECT_EQ(comes(7), 1u);
  EXPECT_EQ(comes(8), 2u);
  EXPECT_EQ(comes(7), 3u);
  EXPECT_EQ(comes(0), 4u);
  EXPECT_EQ(comes(0), 5u) << "it does not say which process it is";
}

TEST_F(foreign_test, IdsOfRunsAreApartAndWithoutAnIdNothingIsRemembered) {
  auto end = [&](const std::string& id, const std::string& payload) {
    return alpha.commit([&](ledger& books) {
      return foreign::accept(books, {"py", id, to_alpha(payload), true});
    });
  };
  EXPECT_EQ(accept("a", to_alpha()), foreign::stored::now);
  EXPECT_EQ(end("a", "end"), foreign::stored::now);
  EXPECT_EQ(end("a", "end"), foreign::stored::before);
  EXPECT_THROW(end("a", "another end"), error);
  EXPECT_EQ(accept("a", to_alpha()), foreign::stored::before);
  auto rows = alpha.count(table_id::meta);
  EXPECT_EQ(end("", "checkpoint"), foreign::stored::now);
  EXPECT_EQ(end("", "checkpoint"), foreign::stored::now);
  EXPECT_EQ(alpha.count(table_id::meta), rows);
  EXPECT_EQ(alpha.count(table_id::inbox), 4u);
}

// It was queued for before it ever came.
TEST_F(foreign_test, ANameWithALaneBecomesForeign) {
  queue_at(alpha, call_to("py"));
  introduce("py");
  EXPECT_EQ(lane().peer_id, foreign::source_of("py"));
}

TEST_F(foreign_test, NamesAreBounded) {
  alpha.commit([](ledger& books) {
    for (std::size_t n = 0; n < limits::foreign_names_max; ++n)
      foreign::introduce(books, "py" + std::to_string(n));
  });
  EXPECT_THROW(introduce("one-more"), error);
  EXPECT_EQ(introduce("py7"), 2u);
}

TEST_F(foreign_test, ACallEndsByTheForeignNodesWord) {
  for (int n = 0; n < 3; ++n)
    queue_at(alpha, with_completion());
  EXPECT_FALSE(settle_here(2, errc::none)) << "it was never sent";
  raise(3);
  EXPECT_TRUE(settle_here(2, errc::none));
  EXPECT_FALSE(settle_here(2, errc::none)) << "it was answered before";
  EXPECT_EQ(lane().stored_through, 0u);
  EXPECT_TRUE(settle_here(1, errc::handler_failed));
  EXPECT_EQ(lane().stored_through, 2u);
  EXPECT_EQ(lane().counters.executed, 1u);
  EXPECT_EQ(lane().counters.dead, 1u);
  EXPECT_EQ(lane().counters.open(), 1u);
  EXPECT_EQ(reason_of_end(1), "handler_failed");
  EXPECT_EQ(completions(), (std::vector<errc>{errc::none, errc::handler_failed}));
}

TEST(foreign_rows, ACallKeepsItsMark) {
  call_header header;
  header.method = "work.run";
  header.trace = 1;
  EXPECT_FALSE(decode_call(encode_call(header, "x")).header.is_foreign);
  header.is_foreign = true;
  EXPECT_TRUE(decode_call(encode_call(header, "x")).header.is_foreign);
}

TEST(dynamic_signatures, WhatIsCalledSomewhereCanBeTranslated) {
  know_signature<double, std::string, int>();
  auto* known = find_dynamic_signature(fingerprint<double, std::string, int>());
  ASSERT_TRUE(known);
  EXPECT_EQ(known->arguments(encode_arguments(std::string("a.pdf"), 300)), (array{"a.pdf", 300}));
  EXPECT_EQ(decode<double>(known->result(2), "the result"), 2.0);
  EXPECT_THROW(known->result("two"), error);
  EXPECT_THROW(known->arguments("x"), error);
  EXPECT_FALSE(find_dynamic_signature(fingerprint<char, std::int8_t, float>()));
}

}  // namespace
}  // namespace holdfast::test
