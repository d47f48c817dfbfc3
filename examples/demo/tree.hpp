// What the processes of the demo agree on: the methods that they call of each other and the tables that they keep.
#pragma once

#include <holdfast/runtime/node.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace demo {

struct measurement {
  std::uint64_t size = 0;
  std::string sha256;
  bool operator==(const measurement&) const = default;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(size) & BOOST_SERIALIZATION_NVP(sha256);
  }
};

/// What a node knows of one file. `times` would be 2 if one call's effects were committed twice.
struct file_row {
  std::string path;
  measurement found;
  std::uint32_t times = 0;
  std::uint32_t attempt = 0;  ///< that succeeded

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(path) & BOOST_SERIALIZATION_NVP(found)
        & BOOST_SERIALIZATION_NVP(times) & BOOST_SERIALIZATION_NVP(attempt);
  }
};

/// One page of a node's table, and how many rows it has in all.
struct file_page {
  std::vector<file_row> rows;
  std::uint64_t total = 0;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(rows) & BOOST_SERIALIZATION_NVP(total);
  }
};

// The target serves the first, the source hears its result through the second.
inline constexpr holdfast::method<measurement(std::string)> measure{"files.measure(path)"};
inline constexpr holdfast::method<void(holdfast::outcome<measurement>, std::string)> measured{
    "files.measured(result, path)"};

// Both serve this one: a page of their table, from behind a key.
inline constexpr holdfast::method<file_page(std::string)> list_files{"files.list(after)"};

inline constexpr holdfast::table<std::string, file_row> file_rows{"files.rows"};
inline constexpr holdfast::table<int, std::uint64_t> file_totals{"files.totals"};

/// A file's name as user id and as key of the tables: its path, or the digest of one that is too long for that.
std::string key_of(const std::string& path);

}  // namespace demo
