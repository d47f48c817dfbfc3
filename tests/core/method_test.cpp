// Method declarations and the argument checks of the verbs. What must not compile is in compile_fail/.

#include <holdfast/core/arguments.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/core/value.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace holdfast {
namespace {

inline constexpr method<void(std::string, int)> render{"pages.web.render( path ,dpi )"};
inline constexpr method<int()> count{"count"};
inline constexpr method<int()> count_with_list{"pages.count()"};

static_assert(render.name() == "pages.web.render");
static_assert(render.service() == "pages.web");
static_assert(render.params()[0] == "path" && render.params()[1] == "dpi");
static_assert(count.service() == "count" && count.params().empty());
static_assert(count_with_list.name() == "pages.count");
static_assert(std::is_same_v<decltype(render)::arguments, std::tuple<std::string, int>>);
static_assert(std::is_same_v<decltype(count)::result, int>);

static_assert(argument_fits<std::string, const char (&)[4]>);
static_assert(argument_fits<int, std::size_t>);
static_assert(argument_fits<double, int>);
static_assert(argument_fits<bool, std::true_type>);
static_assert(argument_fits<value, std::nullptr_t>);
static_assert(argument_fits<std::optional<int>, int>);
static_assert(!argument_fits<int, double>);
static_assert(!argument_fits<int, float&>);
static_assert(!argument_fits<bool, int>);
static_assert(!argument_fits<bool, const char*>);
static_assert(!argument_fits<std::string, std::nullptr_t>);
static_assert(!argument_fits<std::optional<std::string>, std::nullptr_t>);
static_assert(!argument_fits<std::string, int>);
static_assert(!all_fit<pack<int>, pack<>>);
static_assert(all_fit<pack<>, pack<>>);

struct spot {
  int x = 0, y = 0;
};

// A verb as arguments.hpp describes it.
template <class R, class... A>
std::string verb(const method<R(A...)>& called, const std::type_identity_t<A>&...) {
  return std::string(called.name());
}
template <class R, class... A, class... G>
requires(!all_fit<pack<A...>, pack<G...>>) std::string verb(const method<R(A...)>&, G&&...) {
  explain<pack<A...>, pack<G...>>();
  return "unreachable";
}

inline constexpr method<void(spot, std::optional<int>, std::string)> move_to{
    "game.move(to, speed, why)"};

TEST(method, VerbsTakeConversionsAndBraces) {
  EXPECT_EQ(verb(render, "a.pdf", 300), "pages.web.render");
  EXPECT_EQ(verb(render, {}, 'c'), "pages.web.render");
  EXPECT_EQ(verb(move_to, {.x = 1, .y = 2}, {}, "because"), "game.move");
  EXPECT_EQ(verb(move_to, spot{}, 3, std::string("because")), "game.move");
  EXPECT_EQ(verb(count), "count");
}

}  // namespace
}  // namespace holdfast
