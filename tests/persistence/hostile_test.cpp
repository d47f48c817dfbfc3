// Bytes that nobody wrote with our archives: each is refused with the place, none takes more memory than it may.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/value_bytes.hpp>

#include <gtest/gtest.h>

#include <tests/persistence/serial_types.hpp>

namespace holdfast {
namespace {

template <class T>
std::string refusal_of(std::string_view bytes) {
  try {
    decode<T>(bytes, "it");
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), errc::undecodable);
    return refused.what();
  }
  return "taken";
}

template <class T>
std::string raw(const T& number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof number);
}

const std::string class_info(5, '\0');

TEST(hostile_bytes, ErrorsNameTheArgument) {
  auto bytes = encode_arguments(std::string("a.pdf"), 300);
  constexpr std::string_view names[] = {"path", "dpi"};
  auto refused = [&](std::string_view wrong) -> std::string {
    try {
      decode_arguments<std::string, int>(wrong, names);
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::undecodable);
      return e.what();
    }
    return "taken";
  };
  std::string_view view(bytes);
  EXPECT_EQ(refused(""), "argument 1 (path): 8 bytes wanted, 0 left, at byte 0 of 0");
  EXPECT_EQ(refused(view.substr(0, 10)),
            "argument 1 (path): a length or count of 5 with 2 bytes left, at byte 8 of 10");
  EXPECT_EQ(refused(view.substr(0, 15)),
            "argument 2 (dpi): 4 bytes wanted, 2 left, at byte 13 of 15");
  EXPECT_EQ(refused(bytes + "x"), "argument 2 (dpi): 1 bytes are left over, at byte 17 of 18");
  EXPECT_THROW(decode_arguments<>("x"), error);
}

TEST(hostile_bytes, EveryShorteningIsRefused) {
  auto bytes = encode(shop::full());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_NE(refusal_of<shop::everything>(std::string_view(bytes).substr(0, length)), "taken")
        << length;
}

TEST(hostile_bytes, HugeCountsAreRefusedBeforeMemoryIsTaken) {
  for (auto count :
       {std::uint64_t{100}, std::uint64_t{1} << 32, std::uint64_t{1} << 61, ~std::uint64_t{0}}) {
    auto tail = class_info + raw(count) + raw(0u);
    EXPECT_NE(refusal_of<std::string>(raw(count)), "taken");
    EXPECT_NE(refusal_of<binary>(raw(count)), "taken");
    EXPECT_NE(refusal_of<std::vector<int>>(tail), "taken");
    EXPECT_NE(refusal_of<std::vector<double>>(tail + "12345678"), "taken");
    EXPECT_NE(refusal_of<std::vector<bool>>(tail), "taken");
    EXPECT_NE(refusal_of<std::vector<shop::line>>(tail), "taken");
    EXPECT_NE(refusal_of<std::deque<int>>(tail), "taken");
    EXPECT_NE(refusal_of<std::list<std::string>>(tail), "taken");
    EXPECT_NE(refusal_of<std::set<int>>(tail), "taken");
    EXPECT_NE((refusal_of<std::map<int, int>>(tail)), "taken");
    EXPECT_NE(
        (refusal_of<std::unordered_map<int, int>>(class_info + raw(count) + raw(count) + raw(0u))),
        "taken");
    EXPECT_NE(refusal_of<value>("\7" + raw(count)), "taken");
    EXPECT_NE(refusal_of<value>("\10" + raw(count)), "taken");
  }
}

struct fat {
  std::array<std::optional<std::string>, 50> parts;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    bool any = false;
    ar& any;
  }
};

// The writer and the reader count the same memory: what would be refused there is refused here.
TEST(hostile_bytes, ElementsMuchLargerThanTheirBytesAreRefusedOnBothSides) {
  std::vector<fat> many(1000);
  EXPECT_THROW(encode(many), error);
  EXPECT_THROW(encode(std::list<fat>(1000)), error);
  auto bytes = class_info + raw(many.size()) + raw(0u) + class_info + std::string(1000, '\0');
  EXPECT_NE(refusal_of<std::vector<fat>>(bytes).find("too much memory"), std::string::npos);
  EXPECT_NE(refusal_of<std::list<fat>>(bytes).find("too much memory"), std::string::npos);
  EXPECT_NE(refusal_of<std::deque<fat>>(bytes).find("too much memory"), std::string::npos);
  many.resize(10);
  EXPECT_EQ(decode<std::vector<fat>>(encode(many), "it").size(), 10u);
}

TEST(hostile_bytes, WhatTheWriterTakesTheReaderTakes) {
  std::vector<std::optional<std::string>> sparse(100'000);
  EXPECT_EQ(decode<decltype(sparse)>(encode(sparse), "it"), sparse);
  std::vector<std::deque<int>> deques(2'000);
  EXPECT_EQ(decode<decltype(deques)>(encode(deques), "it"), deques);
  value nulls = array(100'000);
  EXPECT_EQ(decode<value>(encode(nulls), "it"), nulls);
  std::unordered_map<int, std::string> reserved{{1, "x"}};
  reserved.reserve(1'000'000);
  EXPECT_EQ((decode<std::unordered_map<int, std::string>>(encode(reserved), "it")), reserved);
}

TEST(hostile_bytes, BucketCountsAreIgnored) {
  auto bytes = class_info + raw(std::size_t{1}) + raw(~std::size_t{0}) + raw(0u) + raw(7);
  EXPECT_EQ(decode<std::unordered_set<int>>(bytes, "it"), std::unordered_set<int>{7});
}

TEST(hostile_bytes, OnlyZeroAndOneAreBools) {
  EXPECT_EQ(refusal_of<bool>("\2"), "it: a bool is neither 0 nor 1, at byte 1 of 1");
  EXPECT_NE(refusal_of<std::optional<int>>("\3" + raw(1)), "taken");
  EXPECT_NE(refusal_of<std::vector<bool>>(class_info + raw(std::size_t{2}) + "\1\2"), "taken");
  using two = std::array<bool, 2>;
  EXPECT_NE(refusal_of<two>(class_info + raw(std::size_t{2}) + "\1\2"), "taken");
}

TEST(hostile_bytes, WhatATypeCannotHoldIsRefused) {
  EXPECT_NE(refusal_of<shop::colour>(raw(256)), "taken");
  EXPECT_NE(refusal_of<shop::colour>(raw(-1)), "taken");
  using either = std::variant<int, bool>;
  EXPECT_NE(refusal_of<either>(raw(2u) + raw(0)), "taken");
  using three = std::array<int, 3>;
  EXPECT_NE(refusal_of<three>(class_info + raw(std::size_t{2}) + raw(0) + raw(0)), "taken");
  EXPECT_NE(refusal_of<std::set<int>>(class_info + raw(std::size_t{2}) + raw(0u) + raw(5) + raw(5)),
            "taken");
  EXPECT_NE((refusal_of<std::map<int, int>>(class_info + raw(std::size_t{2}) + raw(0u) + class_info
                                            + raw(5) + raw(1) + raw(5) + raw(1))),
            "taken");
  EXPECT_NE(refusal_of<shop::line>(std::string("\1\0\0\0\0", 5)).find("tracking"),
            std::string::npos);
  EXPECT_NE(refusal_of<value>("\11"), "taken");
}

shop::tree chain_of(int length) {
  shop::tree chain;
  for (int i = 1; i < length; ++i) {
    shop::tree above{i, {}};
    above.children.push_back(std::move(chain));
    chain = std::move(above);
  }
  return chain;
}

TEST(hostile_bytes, DepthIsBoundedOnBothSides) {
  int deepest = limits::archive_depth_max / 2;  // a tree and its vector
  auto bytes = encode(chain_of(deepest));
  EXPECT_EQ(decode<shop::tree>(bytes, "it"), chain_of(deepest));
  EXPECT_THROW(encode(chain_of(deepest + 1)), error);
  // class infos of tree and vector, then a million levels of label, count and element version
  auto hostile = class_info + raw(0) + class_info + raw(std::size_t{1}) + raw(0u);
  for (int i = 0; i < 1'000'000; ++i)
    hostile += raw(0) + raw(std::size_t{1}) + raw(0u);
  EXPECT_NE(refusal_of<shop::tree>(hostile).find("too deeply"), std::string::npos);
  std::string arrays;
  for (int i = 0; i < 1'000'000; ++i)
    arrays += "\7" + raw(std::size_t{1});
  EXPECT_NE(refusal_of<value>(arrays).find("too deeply"), std::string::npos);
}

TEST(hostile_bytes, DynamicArguments) {
  array positional{1, "two", array{3.0}};
  dict named{{"k", dict{{"n", nullptr}}}};
  auto bytes = encode_values(positional, named);
  EXPECT_EQ(decode_values(bytes), (dynamic_arguments{positional, named}));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(decode_values(std::string_view(bytes).substr(0, length)), error) << length;
  EXPECT_THROW(decode_values(bytes + "x"), error);
  EXPECT_THROW(decode_values(encode_arguments(value(1), value(2))), error);
  auto twice = encode_values({}, {{"ab", 1}, {"cd", 2}});
  twice.replace(twice.find("cd"), 2, "ab");
  EXPECT_THROW(decode_values(twice), error);
  value deep;
  for (unsigned i = 0; i < value_depth_max; ++i)
    deep = value(array{deep});
  EXPECT_EQ(decode_values(encode_values({deep}, {})).positional[0], deep);
}

struct thrower {
  template <class Archive>
  void serialize(Archive&, unsigned) {
    if (Archive::is_loading::value)
      throw std::logic_error("I do not like it");
  }
};

TEST(hostile_bytes, AnExceptionFromSerializeIsUndecodable) {
  EXPECT_EQ(refusal_of<thrower>(encode(thrower())),
            "it: its serialize function threw: I do not like it, at byte 5 of 5");
}

}  // namespace
}  // namespace holdfast
