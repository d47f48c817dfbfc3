// Signatures tell apart what would decode to garbage, and nothing else. Their numbers are stored: pinned here.

#include <holdfast/persistence/signature.hpp>

#include <gtest/gtest.h>

#include <set>
#include <tests/persistence/serial_types.hpp>

namespace holdfast {
namespace {

inline constexpr method<void(std::string, int)> render{"pages.render(path, dpi)"};
inline constexpr method<void(std::string, std::int64_t)> render_wide{"pages.render(path, dpi)"};

static_assert(fingerprint(render) != fingerprint(render_wide));

TEST(signature, TextsNameTheKinds) {
  EXPECT_EQ(signature_text(render), "(string, int32) -> void");
  EXPECT_EQ(signature_text(render_wide), "(string, int64) -> void");
  EXPECT_EQ((signature_text<void>()), "() -> void");
  EXPECT_EQ(
      (signature_text<shop::line, std::vector<int>, std::vector<shop::line>, std::list<int>>()),
      "(vector<int32>, list<class>, list<int32>) -> class");
  EXPECT_EQ((signature_text<value, std::map<std::string, std::optional<double>>, binary,
                            std::array<char, 4>>()),
            "(map<string, optional<double>>, bytes, array<char>#4) -> value");
  EXPECT_EQ(
      (signature_text<void, std::pair<bool, std::byte>, std::tuple<>, std::chrono::milliseconds>()),
      "(pair<bool, byte>, tuple<>, duration<int64>#1#1000) -> void");
}

TEST(signature, DifferentKindsHaveDifferentNumbers) {
  std::set<std::uint64_t> all{
      fingerprint<void>(),
      fingerprint<int>(),
      fingerprint<void, int>(),
      fingerprint<void, int, int>(),
      fingerprint<void, unsigned>(),
      fingerprint<void, short>(),
      fingerprint<void, std::int64_t>(),
      fingerprint<void, double>(),
      fingerprint<void, float>(),
      fingerprint<void, bool>(),
      fingerprint<void, std::string>(),
      fingerprint<void, binary>(),
      fingerprint<void, value>(),
      fingerprint<void, shop::line>(),
      fingerprint<void, shop::colour>(),
      fingerprint<void, std::vector<int>>(),
      fingerprint<void, std::list<int>>(),
      fingerprint<void, std::optional<int>>(),
      fingerprint<void, std::chrono::seconds>(),
      fingerprint<void, std::chrono::milliseconds>(),
      fingerprint<void, std::variant<int, bool>>(),
      fingerprint<void, std::tuple<int, bool>>(),
  };
  EXPECT_EQ(all.size(), 22u);
}

TEST(signature, TypesThatEncodeAlikeAreAlike) {
  EXPECT_EQ((fingerprint<void, long>()), (fingerprint<void, long long>()));
  EXPECT_EQ((fingerprint<void, std::list<int>>()), (fingerprint<void, std::deque<int>>()));
  EXPECT_EQ((fingerprint<void, shop::line>()), (fingerprint<void, shop::versioned>()))
      << "names do not count";
}

TEST(signature, NumbersArePinned) {
  EXPECT_EQ(fingerprint(render), 13605704040459784246u);
  EXPECT_EQ((fingerprint<void>()), 3802175283181230561u);
}

}  // namespace
}  // namespace holdfast
