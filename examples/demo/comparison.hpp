#pragma once

#include "tree.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace demo {

using plain_pass = std::map<std::string, measurement>;

/// How a table differs from what a plain pass over the same files gives.
struct comparison {
  std::uint64_t missing = 0;  ///< files that the table does not have
  std::uint64_t twice = 0;    ///< files whose call took effect more than once
  std::uint64_t different =
      0;  ///< rows with another size or digest, and rows of files that do not exist
  std::uint64_t repeated =
      0;  ///< files whose call did not succeed at its first attempt: what a kill leaves behind
  std::vector<std::string> examples;  ///< the first few that are wrong, in words

  bool is_equal() const { return missing + twice + different == 0; }
};

comparison compare(const plain_pass& expected, const std::vector<file_row>& rows);

}  // namespace demo
