#include "comparison.hpp"

#include <algorithm>
#include <set>

namespace demo {
namespace {

constexpr std::size_t examples_max = 5;

void count(comparison& result, std::uint64_t& counter, const std::string& path,
           const std::string& what) {
  ++counter;
  if (result.examples.size() < examples_max)
    result.examples.push_back(path + ": " + what);
}

std::string text_of(const measurement& found) {
  return (found.size == 0 ? "" : std::to_string(found.size) + " bytes, ") + found.sha256;
}

}  // namespace

comparison compare(const plain_pass& expected, const std::vector<file_row>& rows) {
  comparison result;
  std::set<std::string> seen;
  for (auto& row : rows) {
    auto file = expected.find(row.path);
    if (file == expected.end())
      count(result, result.different, row.path, "is in the table and not in the tree");
    else if (file->second != row.found)
      count(result, result.different, row.path,
            "the table says " + text_of(row.found) + "; a plain pass says "
                + text_of(file->second));
    bool is_second = !seen.insert(row.path).second;
    if (is_second || row.times != 1)
      count(result, result.twice, row.path,
            "took effect " + std::to_string(row.times + is_second) + " times");
    result.repeated += row.attempt > 1 ? 1 : 0;
  }
  for (auto& [path, found] : expected)
    if (!seen.contains(path))
      count(result, result.missing, path, "is not in the table");
  return result;
}

std::uint64_t work_ends::lost() const {
  return std::max(heard.missing, submitted - std::min(submitted, done));
}

std::uint64_t work_ends::twice() const {
  return std::max(heard.twice, results_kept - std::min(results_kept, submitted));
}

}  // namespace demo
