// Values as JSON and back; what cannot be carried is refused with its place.

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/base64.hpp>
#include <holdfast/runtime/json.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace holdfast {
namespace {

template <class F>
std::string refusal(F action) {
  try {
    action();
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), errc::bad_argument);
    return refused.what();
  }
  return "taken";
}

std::string refusal_of(std::string_view text) {
  return refusal([&] { parse_json(text); });
}

void expect_both_ways(const value& content, std::string_view text) {
  EXPECT_EQ(to_json(content), text);
  EXPECT_EQ(parse_json(text), content) << text;
}

TEST(json, BothWays) {
  expect_both_ways(nullptr, "null");
  expect_both_ways(true, "true");
  expect_both_ways(std::numeric_limits<std::int64_t>::max(), "9223372036854775807");
  expect_both_ways(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  expect_both_ways(0.1, "0.1");
  expect_both_ways(1.0, "1.0");
  expect_both_ways(-1e300, "-1e+300");
  expect_both_ways("a\"\n\xc3\xa4", "\"a\\\"\\n\xc3\xa4\"");
  expect_both_ways(binary{std::byte{0}, std::byte{255}}, R"({"$bytes":"AP8="})");
  expect_both_ways(parse_date_time("2026-11-22T18:21:07.25Z"),
                   R"({"$date":"2026-11-22T18:21:07.250000Z"})");
  expect_both_ways(array(), "[]");
  expect_both_ways(dict(), "{}");
  expect_both_ways(dict{{"b", array{1, dict{{"c", nullptr}}}}, {"a", "x"}},
                   R"({"b":[1,{"c":null}],"a":"x"})");
  expect_both_ways(dict{{"$bytes", 1}, {"more", 2}}, R"({"$bytes":1,"more":2})");
}

TEST(json, KindsOfNumbers) {
  EXPECT_EQ(parse_json("1").kind(), value_kind::integer);
  EXPECT_EQ(parse_json("1.0").kind(), value_kind::real);
  EXPECT_EQ(parse_json("1e2").kind(), value_kind::real);
  EXPECT_EQ(parse_json("-0").kind(), value_kind::integer);
}

TEST(json, IndentedText) {
  EXPECT_EQ(to_json(dict{{"a", array{1, 2}}, {"b", dict()}}, 2),
            "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
  EXPECT_EQ(to_json(binary(), 2), R"({"$bytes": ""})");
}

TEST(json, WhatJsonCannotCarryIsRefusedByName) {
  auto why = [](const value& content) { return refusal([&] { to_json(content); }); };
  EXPECT_EQ(why(dict{{"a", array{1, std::nan("")}}}), "$.a[1]: NaN, which has no JSON form");
  EXPECT_EQ(why(-std::numeric_limits<double>::infinity()), "$: infinity, which has no JSON form");
  EXPECT_EQ(why(array{"\xff"}),
            "$[0]: a string that is not UTF-8 (send it as bytes), which has no JSON form");
  EXPECT_EQ(why(dict{{"\xff", 1}}).substr(0, 3), "$.\xff");
  EXPECT_EQ(why(dict{{"$date", 1}}), "$: a struct of one member '$date', which has no JSON form");
  EXPECT_NE(why(date_time(date_time::duration::max())), "taken");
}

TEST(json, WrongTextIsRefusedWithItsPosition) {
  EXPECT_EQ(refusal_of(R"({"a":1,"a":2})"),
            "not the JSON expected here: a struct names 'a' twice; member names are "
            "unique, at character 13");
  EXPECT_EQ(refusal_of("[9223372036854775808]"),
            "not the JSON expected here: the integer 9223372036854775808 does not fit 64 bits with "
            "sign, at "
            "character 21");
  EXPECT_NE(refusal_of("123456789012345678901234567890").find("does not fit"), std::string::npos);
  EXPECT_NE(refusal_of("-9223372036854775809").find("does not fit"), std::string::npos);
  EXPECT_EQ(refusal_of("[1, 2"),
            "not the JSON expected here: syntax error while parsing array - unexpected end of "
            "input; expected ']', at character 5");
  EXPECT_NE(refusal_of("{} x").find("at character 4"), std::string::npos) << refusal_of("{} x");
  EXPECT_NE(refusal_of("1e999").find("number overflow"), std::string::npos) << refusal_of("1e999");
  for (auto wrong : {"", "nul", "NaN", "Infinity", "1e999", "[1,]", "{\"a\"}", "'a'", "\"\xff\"",
                     "{}{}", "01", R"({"$bytes":1})", R"({"$bytes":"AP8"})", R"({"$bytes":"A?=="})",
                     R"({"$date":5})", R"({"$date":"yesterday"})"})
    EXPECT_NE(refusal_of(wrong).find("at character"), std::string::npos) << wrong;
}

TEST(json, DepthIsBoundedBothWays) {
  auto nested = [](unsigned depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(to_json(parse_json(nested(value_depth_max))), nested(value_depth_max));
  EXPECT_NE(refusal_of(nested(value_depth_max + 1)).find("nested deeper"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(1'000'000, '[')).find("nested deeper"), std::string::npos);
  value deep;
  for (unsigned i = 0; i <= value_depth_max; ++i)
    deep = value(array{deep});
  EXPECT_NE(refusal([&] { to_json(deep); }).find("nested deeper"), std::string::npos);
}

TEST(base64, BothWaysAndNothingElse) {
  std::string_view texts[] = {"", "AA==", "AAE=", "AAEC", "/+8="};
  for (auto text : texts)
    EXPECT_EQ(encode_base64(*decode_base64(text)), text);
  for (auto wrong :
       {"A", "AA", "AA=", "A===", "====", "AB==", "AA==AA==", "A A=", "\xff\xff\xff\xff"})
    EXPECT_FALSE(decode_base64(wrong)) << wrong;
}

}  // namespace
}  // namespace holdfast
