#pragma once

#include <holdfast/core/ids.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

namespace holdfast {

/// A set of sequence numbers that come in runs, kept as runs. Pure.
class sequence_set {
public:
  using run = std::pair<sequence_number, sequence_number>;  ///< first and last

  std::size_t runs() const { return runs_.size(); }
  bool empty() const { return runs_.empty(); }

  void add(sequence_number first, sequence_number last) {
    auto i = runs_.upper_bound(first);
    if (i != runs_.begin()) {
      auto before = std::prev(i);
      if (before->second + 1 >= first) {
        first = before->first;
        last = std::max(last, before->second);
        i = runs_.erase(before);
      }
    }
    while (i != runs_.end() && i->first <= last + 1) {
      last = std::max(last, i->second);
      i = runs_.erase(i);
    }
    runs_.emplace(first, last);
  }

  void remove(sequence_number first, sequence_number last) {
    auto i = runs_.upper_bound(first);
    if (i != runs_.begin() && std::prev(i)->second >= first)
      --i;
    while (i != runs_.end() && i->first <= last) {
      auto [from, to] = *i;
      i = runs_.erase(i);
      if (from < first)
        runs_.emplace(from, first - 1);
      if (to > last)
        runs_.emplace(last + 1, to);
    }
  }

  /// What of first..last is not in the set, ascending.
  std::vector<run> missing(sequence_number first, sequence_number last) const {
    std::vector<run> result;
    auto i = runs_.upper_bound(first);
    if (i != runs_.begin() && std::prev(i)->second >= first)
      --i;
    for (; i != runs_.end() && i->first <= last; ++i) {
      if (i->first > first)
        result.emplace_back(first, i->first - 1);
      if (i->second >= last)
        return result;
      first = i->second + 1;
    }
    result.emplace_back(first, last);
    return result;
  }

private:
  std::map<sequence_number, sequence_number> runs_;
};

}  // namespace holdfast
