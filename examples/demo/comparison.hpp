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

/// What became of work items, as two who do not know of each other say: the controller, and who submitted them.
struct work_ends {
  std::uint64_t submitted = 0;
  std::uint64_t known = 0;         ///< to the controller
  std::uint64_t done = 0;          ///< of those, by their state
  std::uint64_t results_kept = 0;  ///< that the controller has ever accepted
  comparison heard;                ///< what the submitter's table says

  std::uint64_t lost() const;
  std::uint64_t twice() const;
  bool is_good() const {
    return lost() == 0 && twice() == 0 && known == submitted && heard.is_equal();
  }
};

}  // namespace demo
