#pragma once

#include <boost/serialization/nvp.hpp>
#include <boost/serialization/split_member.hpp>
#include <boost/serialization/version.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The user types that the tests of codec, dynamic values and fuzzing share.
namespace shop {

enum class colour : std::uint8_t { red, green = 7 };

struct line {
  std::string sku;
  int qty = 0;
  bool operator==(const line&) const = default;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(sku) & BOOST_SERIALIZATION_NVP(qty);
  }
};

struct order {
  std::string who;
  std::vector<line> lines;
  std::map<std::string, double> totals;
  bool operator==(const order&) const = default;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(who) & BOOST_SERIALIZATION_NVP(lines)
        & BOOST_SERIALIZATION_NVP(totals);
  }
};

// No names: positional in dynamic values.
struct point {
  int x = 0;
  double y = 0;
  bool operator==(const point&) const = default;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& x& y;
  }
};

// Recursive: as deep as somebody makes it.
struct tree {
  int label = 0;
  std::vector<tree> children;
  bool operator==(const tree&) const = default;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(label) & BOOST_SERIALIZATION_NVP(children);
  }
};

// Its second version added `note`; private, split, and a friend of the archives.
class versioned {
public:
  versioned() = default;
  versioned(int count, std::string note) : count_(count), note_(std::move(note)) {}
  bool operator==(const versioned&) const = default;
  unsigned loaded_version() const { return loaded_version_; }

private:
  friend class boost::serialization::access;

  template <class Archive>
  void save(Archive& ar, unsigned) const {
    ar << boost::serialization::make_nvp("count", count_)
       << boost::serialization::make_nvp("note", note_);
  }

  template <class Archive>
  void load(Archive& ar, unsigned version) {
    loaded_version_ = version;
    ar >> boost::serialization::make_nvp("count", count_);
    if (version >= 2)
      ar >> boost::serialization::make_nvp("note", note_);
  }

  BOOST_SERIALIZATION_SPLIT_MEMBER()

  int count_ = 0;
  std::string note_;
  unsigned loaded_version_ = 2;
};

// Every container that the archives know, with numbers, strings and classes in them.
struct everything {
  bool flag = false;
  char letter = 'a';
  std::int8_t tiny = 0;
  std::uint64_t huge = 0;
  float small_real = 0;
  colour paint = colour::red;
  int grid[2][3] = {};
  std::array<short, 3> trio{};
  std::array<line, 2> two_lines;
  std::vector<bool> bits;
  std::vector<std::uint16_t> numbers;
  std::vector<std::string> words;
  std::vector<std::vector<line>> nested;
  std::deque<int> queue;
  std::list<line> linked;
  std::forward_list<std::string> forward;
  std::set<std::string> names;
  std::multiset<int> repeated;
  std::map<std::string, line> by_name;
  std::map<int, std::map<int, std::string>> by_number;
  std::multimap<int, point> many;
  std::pair<int, std::string> pair;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& flag& letter& tiny& huge& small_real& paint& grid& trio& two_lines& bits& numbers& words;
    ar& nested& queue& linked& forward& names& repeated& by_name& by_number& many& pair;
  }
};

inline everything full() {
  everything all;
  all.flag = true;
  all.tiny = -3;
  all.huge = ~std::uint64_t{0} - 5;
  all.small_real = 0.25f;
  all.paint = colour::green;
  all.grid[1][2] = 77;
  all.trio = {1, -2, 3};
  all.two_lines = {line{"x", 1}, line{"y", 2}};
  all.bits = {true, false, true};
  all.numbers = {1, 2, 65535};
  all.words = {"", "one", "two"};
  all.nested = {{{"a", 1}}, {}, {{"b", 2}, {"c", 3}}};
  all.queue = {4, 5};
  all.linked = {{"l", 9}};
  all.forward = {"f", "g"};
  all.names = {"m", "n"};
  all.repeated = {1, 1, 2};
  all.by_name = {{"k", {"v", 1}}, {"l", {"w", 2}}};
  all.by_number = {{1, {{2, "three"}}}, {4, {}}};
  all.many = {{1, {1, 2.5}}, {1, {3, 4.5}}};
  all.pair = {6, "seven"};
  return all;
}

}  // namespace shop

BOOST_CLASS_VERSION(shop::versioned, 2)
