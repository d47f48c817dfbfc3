// Dynamic values, their text, dates and names.

#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/core/value.hpp>

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

template <class F>
std::string refusal(F action, errc code = errc::bad_argument) {
  try {
    action();
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), code);
    return refused.what();
  }
  return "taken";
}

TEST(value, KindsFollowTheTypeGiven) {
  EXPECT_EQ(value().kind(), value_kind::null);
  EXPECT_EQ(value(nullptr).kind(), value_kind::null);
  EXPECT_EQ(value(true).kind(), value_kind::boolean);
  EXPECT_EQ(value('a').kind(), value_kind::integer);
  EXPECT_EQ(value(7u).kind(), value_kind::integer);
  EXPECT_EQ(value(1.5f).kind(), value_kind::real);
  EXPECT_EQ(value("text").kind(), value_kind::string);
  EXPECT_EQ(value(std::string_view("text")).kind(), value_kind::string);
  EXPECT_EQ(value(binary(3)).kind(), value_kind::bytes);
  EXPECT_EQ(value(date_time()).kind(), value_kind::date_time);
  EXPECT_EQ(value(array{1, "x"}).kind(), value_kind::array);
  EXPECT_EQ(value(dict{{"a", 1}}).kind(), value_kind::structure);
  EXPECT_EQ(value(dict()).kind_name(), "struct");
  static_assert(!std::is_constructible_v<value, void*>, "a pointer is no bool");
}

TEST(value, BytesAndStringsAreDifferent) {
  EXPECT_NE(value(""), value(binary()));
  EXPECT_NE(value(0), value(false));
  EXPECT_NE(value(1), value(1.0));
  EXPECT_EQ(value(array{1, dict{{"a", "b"}}}), value(array{1, dict{{"a", "b"}}}));
}

TEST(value, IntegersBeyondInt64AreRefused) {
  EXPECT_EQ(value(std::uint64_t{1} << 62).as_integer(), std::int64_t{1} << 62);
  EXPECT_EQ(refusal([] { value(~std::uint64_t{0}); }),
            "18446744073709551615 does not fit a 64-bit signed integer");
}

TEST(value, AccessorsNameBothKinds) {
  EXPECT_EQ(value(3).as_double(), 3.0);
  EXPECT_EQ(refusal([] { value("x").as_integer(); }), "expected integer, got string");
  EXPECT_EQ(refusal([] { value(array()).as_dict(); }), "expected struct, got array");
  EXPECT_EQ(value("x").get_if<std::int64_t>(), nullptr);
}

TEST(value, AStructKeepsOrderAndRefusesANameTwice) {
  dict members{{"b", 1}, {"a", 2}};
  EXPECT_EQ(members[0].name, "b");
  members.set("b", 3);
  members.add("c", 4);
  EXPECT_EQ(members, (dict{{"b", 3}, {"a", 2}, {"c", 4}}));
  EXPECT_NE(members, (dict{{"a", 2}, {"b", 3}, {"c", 4}}));
  EXPECT_EQ(members.at("c"), value(4));
  EXPECT_EQ(members.find("d"), nullptr);
  EXPECT_EQ(refusal([&] { members.at("d"); }), "the struct has no member 'd'");
  auto twice = "a struct names 'a' twice; member names are unique";
  EXPECT_EQ(refusal([&] { members.add("a", 1); }), twice);
  EXPECT_EQ(refusal([&] { dict{{"a", 1}, {"b", 1}, {"a", 2}}; }), twice);
  std::vector<member> many;
  for (int i = 0; i < 100; ++i)
    many.push_back({std::to_string(i), i});
  EXPECT_EQ(dict(many).size(), 100u);
  many[3].name = "77";
  EXPECT_NE(refusal([&] { dict{many}; }), "taken");
}

TEST(value, TextIsReadableAndShort) {
  value all =
      dict{{"who", "a\"b"}, {"list", array{nullptr, true, -1, 2.5, binary(3), date_time(1us)}}};
  EXPECT_EQ(
      to_text(all),
      "{who: \"a\\\"b\", list: [null, true, -1, 2.5, <3 bytes>, 1970-01-01T00:00:00.000001Z]}");
  EXPECT_EQ(to_text(std::string(5000, 'x'), 10), "\"xxxxxxxxx...");
  EXPECT_LE(to_text(array(1'000'000, value("long")), 100).size(), 110u);
  value deep;
  for (unsigned i = 0; i < 10 * value_depth_max; ++i)
    deep = value(array{deep});
  EXPECT_NE(to_text(deep).find("..."), std::string::npos);
}

TEST(value, DatesComeBack) {
  for (auto text :
       {"1970-01-01T00:00:00Z", "2026-11-22T18:21:07.250000Z", "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z", "2024-02-29T12:00:00Z", "1969-12-31T23:59:59.999999Z"})
    EXPECT_EQ(format_date_time(parse_date_time(text)), text);
  EXPECT_EQ(parse_date_time("2026-01-01T02:30:00+02:30"), parse_date_time("2026-01-01T00:00:00Z"));
  EXPECT_EQ(parse_date_time("2025-12-31T23:00:00.5-01:00"),
            parse_date_time("2026-01-01T00:00:00.5Z"));
}

TEST(value, WrongDatesSayWhatIsWrong) {
  auto why = [](std::string_view text) { return refusal([&] { parse_date_time(text); }); };
  for (auto outside : {"0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01"})
    EXPECT_NE(why(outside).find("outside the years 0000 to 9999"), std::string::npos) << outside;
  EXPECT_EQ(why("2023-02-29T00:00:00Z"), "'2023-02-29T00:00:00Z' is not a date-time such as "
                                         "2026-11-22T18:21:07.25Z: that month has no such day");
  for (auto wrong :
       {"", "2023", "2023-13-01T00:00:00Z", "2023-01-01 00:00:00Z", "2023-01-01T24:00:00Z",
        "2023-01-01T00:00:00", "2023-01-01T00:00:00.Z", "2023-01-01T00:00:00.1234567Z",
        "2023-01-01T00:00:00Zx", "-023-01-01T00:00:00Z", "2023-01-01T00:00:00+2:00"})
    EXPECT_NE(why(wrong).find("is not a date-time"), std::string::npos) << wrong;
  EXPECT_NE(refusal([] { format_date_time(date_time(date_time::duration::max())); }), "taken");
}

TEST(names, WhatMayNameAThing) {
  for (auto good : {"a", "bank.account", "node-1", "A_9.b"})
    check_name("node", good);
  for (auto bad : {"a b", "a..b", ".a", "a.", "a/b", "\xc3\xa4", "a\nb"})
    EXPECT_NE(refusal([&] { check_name("table", bad); }, errc::bad_name), "taken") << bad;
  EXPECT_EQ(refusal([] { check_name("table", ""); }, errc::bad_name), "the table name is empty");
  EXPECT_EQ(
      refusal([] { check_name("table", "a b"); }, errc::bad_name),
      "the table name 'a b' may hold letters, digits, '_', '-' and single dots between them only");
  check_name("table", std::string(limits::name_bytes_max, 'x'));
  EXPECT_NE(refusal([] { check_name("table", std::string(limits::name_bytes_max + 1, 'x')); },
                    errc::bad_name),
            "taken");
  check_method_name("pages.render");
  EXPECT_NE(refusal([] { check_method_name("pages-render"); }, errc::bad_name), "taken");
}

}  // namespace
}  // namespace holdfast
