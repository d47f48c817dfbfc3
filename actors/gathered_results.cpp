#include <holdfast/actors/gathered_results.hpp>

#include <iterator>

namespace holdfast {

std::shared_ptr<const overlay> layer_of(const std::vector<run_result>& results) {
  auto layer = std::make_shared<overlay>();
  for (auto& result : results)
    for (auto& write : result.effects.writes)
      layer->insert_or_assign(write.key, write.value);
  return layer;
}

void gathered_results::add(std::vector<run_result> results) {
  auto layer = layer_of(results);
  results_.insert(results_.end(), std::move_iterator(results.begin()),
                  std::move_iterator(results.end()));
  if (layer->empty())
    return;
  // A row is copied at most once for each doubling of the layer that it is in.
  while (!layers_.empty() && layers_.front()->size() <= 2 * layer->size()) {
    auto merged = std::make_shared<overlay>(*layer);
    merged->insert(layers_.front()->begin(), layers_.front()->end());
    layer = std::move(merged);
    layers_.erase(layers_.begin());
  }
  layers_.insert(layers_.begin(), std::move(layer));
}

std::vector<run_result> gathered_results::take() {
  layers_.clear();
  return std::exchange(results_, {});
}

}  // namespace holdfast
