// Encoded keys sort as the keys do. Every pair of many values is compared, and the bytes are pinned.

#include <holdfast/persistence/key_codec.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <tests/persistence/serial_types.hpp>

using namespace std::string_literals;

namespace holdfast {
namespace {

template <class K>
void expect_order(const std::vector<K>& keys) {
  for (auto& a : keys) {
    auto bytes = encode_key(a);
    EXPECT_EQ(decode_key<K>(bytes), a);
    for (auto& b : keys) {
      EXPECT_EQ(bytes < encode_key(b), a < b);
      EXPECT_EQ(bytes == encode_key(b), a == b);
    }
  }
}

template <class I>
std::vector<I> integers() {
  std::vector<I> all{0, 1, 2, 127, std::numeric_limits<I>::min(), std::numeric_limits<I>::max()};
  std::mt19937_64 random(7);
  for (int i = 0; i < 60; ++i)
    all.push_back(static_cast<I>(random() >> (random() % 64)));
  return all;
}

std::vector<std::string> strings() {
  std::vector<std::string> all{"",
                               "a",
                               "b",
                               "ab",
                               "a\xff",
                               std::string("a\0", 2),
                               std::string("a\0b", 3),
                               std::string(1, '\0'),
                               std::string(2, '\0'),
                               "\x01",
                               "\xff\xff"};
  std::mt19937_64 random(8);
  for (int i = 0; i < 60; ++i) {
    std::string text;
    for (auto left = random() % 6; left != 0; --left)
      text += "\0\1ab\xfe\xff"[random() % 6];
    all.push_back(text);
  }
  return all;
}

TEST(key_codec, NumbersSortAsThemselves) {
  expect_order(integers<std::int8_t>());
  expect_order(integers<std::uint8_t>());
  expect_order(integers<std::int32_t>());
  expect_order(integers<std::int64_t>());
  expect_order(integers<std::uint64_t>());
  EXPECT_LT(encode_key(false), encode_key(true));
  constexpr auto inf = std::numeric_limits<double>::infinity();
  expect_order(
      std::vector<double>{-inf, -1e300, -1.5, -1e-310, -0.0, 0.0, 5e-324, 1, 1.5, 1e300, inf});
  expect_order(std::vector<float>{-3.5f, -0.0f, 0.0f, 1e-40f, 7.25f});
  expect_order(std::vector<shop::colour>{shop::colour::red, shop::colour::green});
  EXPECT_THROW(encode_key(std::numeric_limits<double>::quiet_NaN()), error);
}

TEST(key_codec, StringsAndBytesSortAsThemselves) {
  expect_order(strings());
  std::vector<binary> all;
  for (auto& text : strings()) {
    auto from = reinterpret_cast<const std::byte*>(text.data());
    all.emplace_back(from, from + text.size());
  }
  expect_order(all);
}

TEST(key_codec, ComposedKeysSortPartByPart) {
  std::vector<std::tuple<std::string, int>> pairs;
  std::vector<std::optional<std::string>> maybe{std::nullopt};
  std::vector<std::pair<std::optional<int>, std::string>> mixed{{std::nullopt, "x"}};
  std::vector<std::vector<std::string>> lists{{}};
  auto numbers = integers<int>();
  auto texts = strings();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    pairs.emplace_back(texts[i], numbers[i % 5]);
    pairs.emplace_back(texts[i], numbers[i % 7]);
    maybe.emplace_back(texts[i]);
    mixed.emplace_back(numbers[i % 3], texts[i]);
    lists.push_back({texts[i]});
    lists.push_back({texts[i], texts[(i * 5) % texts.size()]});
  }
  expect_order(pairs);
  expect_order(maybe);
  expect_order(mixed);
  expect_order(lists);
  expect_order(std::vector<std::array<int, 2>>{{1, 2}, {1, -2}, {-1, 5}});
  using namespace std::chrono_literals;
  expect_order(std::vector<date_time>{date_time(-1us), date_time(0us), date_time(5us)});
  expect_order(std::vector<std::chrono::seconds>{-1s, 0s, 5s});
}

TEST(key_codec, GoldenBytes) {
  EXPECT_EQ(encode_key(1), "\x80\0\0\1"s);
  EXPECT_EQ(encode_key(std::int64_t{-1}), "\x7f\xff\xff\xff\xff\xff\xff\xff");
  EXPECT_EQ(encode_key(std::uint16_t{258}), "\1\2");
  EXPECT_EQ(encode_key("a\0b"s), "a\0\xff"
                                 "b\0\0"s);
  EXPECT_EQ(encode_key(std::pair(true, "x"s)), "\1x\0\0"s);
  EXPECT_EQ(encode_key(1.0), "\xbf\xf0\0\0\0\0\0\0"s);
  EXPECT_EQ(encode_key(-1.0), "\x40\x0f\xff\xff\xff\xff\xff\xff");
  EXPECT_EQ(encode_key(std::optional<bool>()), "\0"s);
  EXPECT_EQ(encode_key(std::vector<std::uint8_t>{7}), "\1\7\0"s);
}

TEST(key_codec, WrongBytesAreRefused) {
  EXPECT_THROW(decode_key<int>("abc"), error);
  EXPECT_THROW(decode_key<int>("abcde"), error);
  EXPECT_THROW(decode_key<bool>("\2"), error);
  for (auto wrong : {""s, "abc"s, "a\0"s, "a\0\1"s, "a\0\0b"s})
    EXPECT_THROW(decode_key<std::string>(wrong), error) << wrong;
  EXPECT_THROW(decode_key<std::vector<int>>("\1"s), error);
}

}  // namespace
}  // namespace holdfast
