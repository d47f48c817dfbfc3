// The archives against Boost's own, byte by byte; round trips; golden bytes of what is ours alone.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>

#include <boost/archive/binary_iarchive.hpp>
#include <boost/archive/binary_oarchive.hpp>
#include <boost/serialization/array.hpp>
#include <boost/serialization/deque.hpp>
#include <boost/serialization/forward_list.hpp>
#include <boost/serialization/list.hpp>
#include <boost/serialization/map.hpp>
#include <boost/serialization/set.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/unordered_map.hpp>
#include <boost/serialization/unordered_set.hpp>
#include <boost/serialization/utility.hpp>
#include <boost/serialization/vector.hpp>
#include <gtest/gtest.h>

#include <sstream>
#include <tests/persistence/serial_types.hpp>

namespace holdfast {
namespace {

constexpr unsigned stock_flags =
    boost::archive::no_header | boost::archive::no_codecvt | boost::archive::no_tracking;

template <class... T>
std::string stock(const T&... content) {
  std::ostringstream stream;
  {
    boost::archive::binary_oarchive out(stream, stock_flags);
    (void)(out << ... << content);
  }
  return stream.str();
}

template <class T>
T stock_read(const std::string& bytes) {
  std::istringstream stream(bytes);
  boost::archive::binary_iarchive in(stream, stock_flags);
  T content{};
  in >> content;
  return content;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (unsigned char c : bytes) {
    text += "0123456789abcdef"[c >> 4];
    text += "0123456789abcdef"[c & 15];
  }
  return text;
}

template <class T>
void expect_stock_bytes(const T& content) {
  auto ours = encode(content);
  EXPECT_EQ(hex(ours), hex(stock(content)));
  EXPECT_EQ(decode<T>(ours, "it"), content);
}

TEST(archive, AnArgumentListTakesSeventeenBytes) {
  auto bytes = encode_arguments(std::string("a.pdf"), 300);
  EXPECT_EQ(bytes.size(), 17u);
  EXPECT_EQ(hex(bytes), hex(stock(std::string("a.pdf"), 300)));
  EXPECT_EQ((decode_arguments<std::string, int>(bytes)), std::tuple(std::string("a.pdf"), 300));
}

TEST(archive, WritesTheBytesOfTheStockArchive) {
  expect_stock_bytes(true);
  expect_stock_bytes(std::int64_t{-5});
  expect_stock_bytes(2.5);
  expect_stock_bytes(shop::colour::green);
  expect_stock_bytes(std::string("with\0zero", 9));
  expect_stock_bytes(shop::order{"ann", {{"a", 1}, {"b", 2}}, {{"net", 1.5}}});
  expect_stock_bytes(std::vector<double>{1, 2, 3});
  expect_stock_bytes(std::vector<bool>{true, false});
  expect_stock_bytes(std::vector<std::vector<std::string>>{{"a"}, {}, {"b", "c"}});
  expect_stock_bytes(std::deque<shop::point>{{1, 2}, {3, 4}});
  expect_stock_bytes(std::forward_list<int>{1, 2, 3});
  expect_stock_bytes(
      std::map<std::string, std::pair<int, std::string>>{{"a", {1, "x"}}, {"b", {2, "y"}}});
  expect_stock_bytes(std::set<shop::colour>{shop::colour::red, shop::colour::green});
  expect_stock_bytes(shop::tree{1, {{2, {}}, {3, {{4, {}}}}}});
  expect_stock_bytes(shop::versioned(4, "four"));
  expect_stock_bytes(std::vector<shop::versioned>{{1, "a"}, {2, "b"}});
}

TEST(archive, WritesTheBytesOfTheStockArchiveForEverythingAtOnce) {
  auto all = shop::full();
  auto ours = encode(all);
  EXPECT_EQ(hex(ours), hex(stock(all)));
  EXPECT_EQ(hex(ours), hex(encode(decode<shop::everything>(ours, "all"))));
  auto blank = shop::everything();
  EXPECT_EQ(hex(encode(blank)), hex(stock(blank)));
}

TEST(archive, ClassVersionsStandOnceForEachClassOfAnArgumentList) {
  shop::versioned first(1, "a"), second(2, "b");
  shop::line between{"x", 3};
  EXPECT_EQ(hex(encode_arguments(first, between, second)), hex(stock(first, between, second)));
}

// More classes than the short list of known ones holds.
template <int N>
struct numbered {
  int content = N;
  bool operator==(const numbered&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& content;
  }
};

TEST(archive, KnowsMoreThanSixteenClasses) {
  auto check = []<int... N>(std::integer_sequence<int, N...>) {
    auto ours = encode_arguments(numbered<N>()..., numbered<N>()...);
    EXPECT_EQ(hex(ours), hex(stock(numbered<N>()..., numbered<N>()...)));
    EXPECT_EQ((decode_arguments<numbered<N>..., numbered<N>...>(ours)),
              (std::tuple(numbered<N>()..., numbered<N>()...)));
  };
  check(std::make_integer_sequence<int, 24>());
}

// A stock array_wrapper and binary_object, as hand-written serialize functions use them.
struct hand_written {
  std::vector<int> numbers{1, 2, 3};
  char raw[4] = {'r', 'a', 'w', '!'};
  bool operator==(const hand_written& other) const {
    return numbers == other.numbers && std::equal(raw, raw + 4, other.raw);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& boost::serialization::make_nvp(
        "numbers", boost::serialization::make_array(numbers.data(), numbers.size()));
    auto block = boost::serialization::make_binary_object(raw, sizeof raw);
    ar& block;
  }
};

struct derived : shop::line {
  double more = 0;
  bool operator==(const derived&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_BASE_OBJECT_NVP(shop::line);
    ar& BOOST_SERIALIZATION_NVP(more);
  }
};

TEST(archive, WrappersAndBasesAreAsInTheStockArchive) {
  expect_stock_bytes(hand_written());
  derived content;
  content.sku = "base";
  content.more = 1.5;
  expect_stock_bytes(content);
}

TEST(archive, UnorderedContainersAreReadByTheStockArchiveAndTheReverse) {
  std::unordered_map<std::string, int> content{{"a", 1}, {"b", 2}, {"c", 3}};
  content.reserve(10'000);
  EXPECT_EQ((stock_read<std::unordered_map<std::string, int>>(encode(content))), content);
  EXPECT_EQ((decode<std::unordered_map<std::string, int>>(stock(content), "map")), content);
  std::unordered_set<int> numbers{1, 2, 3};
  EXPECT_EQ(stock_read<std::unordered_set<int>>(encode(numbers)), numbers);
  EXPECT_EQ(decode<std::unordered_set<int>>(stock(numbers), "set"), numbers);
  std::unordered_multimap<int, std::string> many{{1, "a"}, {1, "b"}};
  EXPECT_EQ((decode<std::unordered_multimap<int, std::string>>(encode(many), "map")), many);
}

TEST(archive, EqualUnorderedContainersHaveEqualBytes) {
  std::unordered_map<std::string, int> one, other;
  other.reserve(1000);
  for (int i = 0; i < 100; ++i)
    one["key" + std::to_string(i)] = i;
  for (int i = 99; i >= 0; --i)
    other["key" + std::to_string(i)] = i;
  EXPECT_EQ(encode(one), encode(other));
}

TEST(archive, OlderClassVersionsAreReadAndNewerOnesRefused) {
  std::string old_bytes("\0\1\0\0\0\x2a\0\0\0", 9);
  auto old = decode<shop::versioned>(old_bytes, "it");
  EXPECT_EQ(old.loaded_version(), 1u);
  old_bytes[1] = 3;
  try {
    decode<shop::versioned>(old_bytes, "the state");
    FAIL() << "a newer version was taken";
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), errc::undecodable);
    EXPECT_STREQ(refused.what(),
                 "the state: class version 3 is newer than mine, 2, at byte 5 of 9");
  }
}

enum class wide : std::uint64_t { top = 0xfedcba9876543210u };

TEST(archive, GoldenBytesOfWhatIsOursAlone) {
  using namespace std::chrono_literals;
  EXPECT_EQ(hex(encode(std::optional<int>())), "00");
  EXPECT_EQ(hex(encode(std::optional<int>(7))), "0107000000");
  EXPECT_EQ(hex(encode(std::tuple(std::int8_t{1}, std::string("b")))), "01010000000000000062");
  EXPECT_EQ(hex(encode(std::variant<int, std::string>("v"))), "01000000010000000000000076");
  EXPECT_EQ(hex(encode(std::variant<std::monostate, int>())), "00000000");
  EXPECT_EQ(hex(encode(std::chrono::milliseconds(258))), "0201000000000000");
  EXPECT_EQ(hex(encode(date_time(1us))), "0100000000000000");
  EXPECT_EQ(hex(encode(binary{std::byte{1}, std::byte{255}})), "020000000000000001ff");
  EXPECT_EQ(hex(encode(wide::top)), "1032547698badcfe");
  EXPECT_EQ(hex(encode(std::vector<std::pair<int, int>>{{1, 2}})),
            "0000000000"        // class vector: untracked, version 0
            "0100000000000000"  // one element
            "00000000"          // of version 0
            "0000000000"        // class pair
            "0100000002000000");
  EXPECT_EQ(hex(encode(std::unordered_set<char>{'b', 'a'})),
            "0000000000"
            "0200000000000000"
            "0000000000000000"  // bucket count
            "00000000"
            "6162");
  EXPECT_EQ(hex(encode(value(dict{{"a", array{nullptr, true, -1, 0.5, "s"}}}))),
            "08"                      // struct
            "0100000000000000"        // one member
            "010000000000000061"      // "a"
            "070500000000000000"      // array of five
            "00"                      // null
            "0101"                    // true
            "02ffffffffffffffff"      // -1
            "03000000000000e03f"      // 0.5
            "04010000000000000073");  // "s"
}

TEST(archive, OurOwnEncodingsComeBack) {
  using all =
      std::tuple<std::optional<std::string>, std::variant<std::monostate, int, shop::order>, binary,
                 std::chrono::system_clock::time_point, std::chrono::duration<double>, wide, value,
                 std::vector<std::pair<int, double>>, std::map<int, std::optional<shop::line>>>;
  all content{"text",
              shop::order{"bob", {{"z", 9}}, {}},
              {std::byte{3}},
              std::chrono::system_clock::time_point(std::chrono::nanoseconds(123456789)),
              std::chrono::duration<double>(2.5),
              wide::top,
              dict{{"deep", array{dict{{"er", binary{std::byte{0}}}}, date_time{}}}},
              {{1, 0.5}},
              {{1, std::nullopt}, {2, shop::line{"s", 4}}}};
  auto bytes = std::apply([](auto&... each) { return encode_arguments(each...); }, content);
  auto read = [&]<class... A>(const std::tuple<A...>&) { return decode_arguments<A...>(bytes); };
  EXPECT_EQ(read(content), content);
}

TEST(archive, DecodingReplacesWhatTheObjectHeld) {
  auto bytes = encode(shop::full());
  auto target = shop::full();
  target.words.push_back("stale");
  target.by_name["stale"];
  archive_in in(bytes);
  in >> target;
  EXPECT_EQ(hex(encode(target)), hex(bytes));
}

}  // namespace
}  // namespace holdfast
