// Typed objects to dynamic values and back; every disagreement names its place.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/describe.hpp>
#include <holdfast/persistence/value_archive.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <tests/persistence/serial_types.hpp>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

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

template <class T>
std::string refusal_of(const value& from, std::string_view name = "it") {
  return refusal([&] { from_value<T>(from, name); });
}

template <class T>
void expect_both_ways(const T& typed, const value& dynamic) {
  EXPECT_EQ(to_value(typed), dynamic) << to_text(to_value(typed));
  EXPECT_EQ(from_value<T>(dynamic), typed);
}

TEST(value_archive, TypesAndTheirValues) {
  expect_both_ways(true, true);
  expect_both_ways(std::uint8_t{200}, 200);
  expect_both_ways(std::numeric_limits<std::int64_t>::min(),
                   std::numeric_limits<std::int64_t>::min());
  expect_both_ways(2.5f, 2.5);
  expect_both_ways(std::string("s"), "s");
  expect_both_ways(shop::colour::green, 7);
  expect_both_ways(binary{std::byte{1}}, binary{std::byte{1}});
  expect_both_ways(std::vector<unsigned char>{1, 2}, binary{std::byte{1}, std::byte{2}});
  expect_both_ways(date_time(5us), date_time(5us));
  expect_both_ways(std::chrono::system_clock::time_point(7us), date_time(7us));
  expect_both_ways(250ms, 250);
  expect_both_ways(std::optional<int>(), nullptr);
  expect_both_ways(std::optional<int>(3), 3);
  expect_both_ways(std::pair(1, std::string("b")), array{1, "b"});
  expect_both_ways(std::tuple(1, true), array{1, true});
  expect_both_ways(std::array<int, 2>{1, 2}, array{1, 2});
  expect_both_ways(std::vector<bool>{true, false}, array{true, false});
  expect_both_ways(std::forward_list<int>{1, 2, 3}, array{1, 2, 3});
  expect_both_ways(std::list<std::string>{"a"}, array{"a"});
  expect_both_ways(std::set<int>{1, 2}, array{1, 2});
  expect_both_ways(std::multiset<int>{1, 1}, array{1, 1});
  expect_both_ways(std::map<std::string, int>{{"a", 1}}, dict{{"a", 1}});
  expect_both_ways(std::map<int, std::string>{{1, "a"}}, array{array{1, "a"}});
  expect_both_ways(std::unordered_map<std::string, int>{{"a", 1}}, dict{{"a", 1}});
  expect_both_ways(std::variant<std::monostate, int>(5), dict{{"which", 1}, {"value", 5}});
  expect_both_ways(value(array{1}), array{1});
  expect_both_ways(shop::point{1, 2.5}, array{1, 2.5});
  expect_both_ways(shop::versioned(1, "n"), dict{{"count", 1}, {"note", "n"}});
  expect_both_ways(shop::order{"ann", {{"A", 3}}, {{"net", 0.5}}},
                   dict{{"who", "ann"},
                        {"lines", array{dict{{"sku", "A"}, {"qty", 3}}}},
                        {"totals", dict{{"net", 0.5}}}});
}

TEST(value_archive, EverythingComesBack) {
  auto all = shop::full();
  all.huge = 5;
  auto dynamic = to_value(all);
  EXPECT_EQ(to_value(from_value<shop::everything>(dynamic)), dynamic);
}

TEST(value_archive, AClassTakesItsMembersByPositionToo) {
  EXPECT_EQ(from_value<shop::line>(array{"A", 3}), (shop::line{"A", 3}));
  EXPECT_EQ(refusal_of<shop::line>(array{"A"}), "it[1]: missing");
  EXPECT_EQ(refusal_of<shop::line>(array{"A", 1, 2}), "it: 3 elements given, 2 taken");
}

TEST(value_archive, ErrorsNameThePlace) {
  dict order{
      {"who", "ann"}, {"lines", array{dict{{"sku", "A"}, {"qty", "x"}}}}, {"totals", dict{}}};
  EXPECT_EQ(refusal_of<shop::order>(order, "order"),
            "order.lines[0].qty: expected integer, got string");
  order.set("lines", array{dict{{"sku", "A"}}});
  EXPECT_EQ(refusal_of<shop::order>(order, "order"), "order.lines[0].qty: missing");
  order.set("lines", array{dict{{"sku", "A"}, {"qty", 1}, {"colour", 2}}});
  EXPECT_EQ(refusal_of<shop::order>(order, "order"),
            "order.lines[0].colour: unknown field; known are sku, qty");
  order.set("lines", array{});
  order.set("totals", dict{{"net", "much"}});
  EXPECT_EQ(refusal_of<shop::order>(order, "order"),
            "order.totals.net: expected number, got string");
  order.set("lines", 7);
  EXPECT_EQ(refusal_of<shop::order>(order, "order"), "order.lines: expected array, got integer");
  EXPECT_EQ(refusal_of<shop::order>("no", "order"), "order: expected struct, got string");
  EXPECT_EQ(refusal_of<shop::point>(dict{{"x", 1}}, "at"),
            "at: this type's serialize names no members (BOOST_SERIALIZATION_NVP); pass an array");
}

TEST(value_archive, NumbersKeepTheirMeaning) {
  EXPECT_EQ(refusal_of<int>(3'000'000'000, "dpi"),
            "dpi: 3000000000 is out of range of 32-bit integers");
  EXPECT_EQ(refusal_of<unsigned>(-1), "it: -1 is out of range of 32-bit unsigned integers");
  EXPECT_EQ(refusal_of<std::uint64_t>(-1), "it: -1 is out of range of 64-bit unsigned integers");
  EXPECT_EQ(refusal_of<shop::colour>(256), "it: 256 is out of range of 8-bit unsigned integers");
  EXPECT_EQ(refusal_of<int>(2.0), "it: expected integer, got double");
  EXPECT_EQ(refusal_of<int>(true), "it: expected integer, got bool");
  EXPECT_EQ(refusal_of<bool>(1), "it: expected bool, got integer");
  EXPECT_EQ(from_value<double>(1 << 20), 1048576.0);
  EXPECT_EQ(refusal_of<double>((std::int64_t{1} << 53) + 1),
            "it: 9007199254740993 is not exact as a double");
  EXPECT_EQ(refusal_of<double>(std::numeric_limits<std::int64_t>::max()),
            "it: 9223372036854775807 is not exact as a double");
  EXPECT_EQ(refusal_of<float>(1e300), "it: 1e+300 is out of range of float");
  EXPECT_EQ(refusal([] {
              to_value(std::vector<std::uint64_t>{1, ~std::uint64_t{0}}, "sums");
            }),
            "sums[1]: 18446744073709551615 does not fit a 64-bit signed integer");
  EXPECT_EQ(refusal_of<std::chrono::sys_time<std::chrono::nanoseconds>>(
                parse_date_time("9999-01-01T00:00:00Z")),
            "it: 9999-01-01T00:00:00Z is out of range of this clock");
}

TEST(value_archive, ContainersRefuseWhatTheyCannotHold) {
  EXPECT_EQ((refusal_of<std::array<int, 2>>(array{1})), "it: expected 2 elements, got 1");
  EXPECT_EQ((refusal_of<std::pair<int, int>>(array{1, 2, 3})), "it: expected 2 elements, got 3");
  EXPECT_EQ(refusal_of<std::set<int>>(array{1, 2, 1}), "it[2]: stands in this set twice");
  EXPECT_EQ((refusal_of<std::map<int, int>>(array{array{1, 2}, array{1, 3}})),
            "it[1][1]: stands in this map twice");
  EXPECT_EQ((refusal_of<std::map<int, int>>(array{array{"k", 2}})),
            "it[0][0]: expected integer, got string");
  EXPECT_EQ((refusal_of<std::variant<int, bool>>(dict{{"which", 2}, {"value", 0}})),
            "it.value: alternative 2 is asked for, of 2");
  EXPECT_EQ((refusal_of<std::variant<int, bool>>(dict{{"which", 0}})),
            "it: expected the members which and value");
  EXPECT_EQ(refusal_of<binary>("text"), "it: expected bytes, got string");
}

TEST(value_archive, RecursionIsBounded) {
  value deep = array{1, array{}};
  for (int i = 0; i < 200; ++i)
    deep = array{1, array{deep}};
  EXPECT_NE(refusal_of<shop::tree>(deep).find("nested too deeply"), std::string::npos);
  shop::tree chain;
  for (int i = 0; i < 200; ++i)
    chain = shop::tree{i, {chain}};
  EXPECT_NE(refusal([&] { to_value(chain); }).find("nested too deeply"), std::string::npos);
}

inline constexpr method<void(std::string, int)> render{"pages.render(path, dpi)"};
inline constexpr method<int(shop::order, std::optional<shop::point>)> place{
    "shop.place(order, at)"};
inline constexpr method<void()> ping{"ping"};

TEST(value_archive, ArgumentsByPositionByNameAndBoth) {
  auto wanted = std::tuple(std::string("a.pdf"), 300);
  EXPECT_EQ(arguments_from_values(render, {"a.pdf", 300}, {}), wanted);
  EXPECT_EQ(arguments_from_values(render, {}, {{"dpi", 300}, {"path", "a.pdf"}}), wanted);
  EXPECT_EQ(arguments_from_values(render, {"a.pdf"}, {{"dpi", 300}}), wanted);
  EXPECT_EQ(arguments_to_values(wanted), (array{"a.pdf", 300}));
  EXPECT_EQ(
      std::get<1>(arguments_from_values(place, {}, {{"order", array{"ann", array{}, dict{}}}})),
      std::nullopt);
  arguments_from_values(ping, {}, {});
}

TEST(value_archive, WrongArgumentsAreNamed) {
  auto refused = [](const array& positional, const dict& named) {
    return refusal([&] { arguments_from_values(render, positional, named); });
  };
  EXPECT_EQ(refused({"a", 1, 2}, {}), "pages.render: 3 arguments are given; it takes path, dpi");
  EXPECT_EQ(refused({"a"}, {}), "pages.render: argument 'dpi' is missing");
  EXPECT_EQ(refused({"a", 1}, {{"dpi", 2}}),
            "pages.render: argument 'dpi' is given twice, by position and by name");
  EXPECT_EQ(refused({}, {{"dip", 2}}),
            "pages.render: there is no parameter 'dip'; it takes path, dpi");
  EXPECT_EQ(refused({"a", "b"}, {}), "dpi: expected integer, got string");
  EXPECT_EQ(refusal([] { arguments_from_values(ping, {1}, {}); }),
            "ping: 1 arguments are given; it takes none");
}

TEST(value_archive, ListingsSayWhatToPass) {
  EXPECT_EQ(describe(render), "pages.render(path: string, dpi: integer) -> null");
  EXPECT_EQ(
      describe(place),
      "shop.place(order: struct {who: string, lines: array of struct {sku: string, qty: integer}, "
      "totals: struct of number}, at: array [integer, number] or null) -> integer");
  EXPECT_EQ(describe(ping), "ping() -> null");
  EXPECT_EQ((describe<std::map<int, std::variant<bool, binary>>>()),
            "array of [integer, {which, value} of 0: bool or 1: bytes]");
  EXPECT_EQ(describe<shop::tree>(2), "struct {label: integer, children: array of struct {label: "
                                     "integer, children: array of struct}}");
  EXPECT_EQ((describe<std::tuple<value, date_time, std::array<char, 4>>>()),
            "[any, date-time, array of 4 integer]");
}

}  // namespace
}  // namespace holdfast
