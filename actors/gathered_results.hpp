#pragma once

#include <holdfast/actors/task.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace holdfast {

/// What these results have written; later ones win.
std::shared_ptr<const overlay> layer_of(const std::vector<run_result>& results);

/// Results of one mailbox that wait to be committed together, in their order, and what they have written, for the runs
/// behind them. A row is looked for in few layers however many results there are: layers of like size are merged. Pure.
class gathered_results {
public:
  void add(std::vector<run_result> results);

  /// All of them; nothing is left.
  std::vector<run_result> take();

  bool is_empty() const { return results_.empty(); }
  const std::vector<std::shared_ptr<const overlay>>& layers() const {
    return layers_;
  }  ///< newest first

private:
  std::vector<run_result> results_;
  std::vector<std::shared_ptr<const overlay>> layers_;
};

}  // namespace holdfast
