#include <holdfast/actors/placement.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace holdfast {
namespace {

/// A set of workers, one bit each.
using worker_set = std::vector<std::uint64_t>;

/// What is free of a worker's slots, and the order in which workers are taken: the largest free part first, then by name
/// (workers are sorted by it, so that their index is enough).
struct candidate {
  std::uint64_t free = 0;
  std::uint64_t slots = 1;
  std::uint32_t worker = 0;

  bool operator<(const candidate& other) const {
    auto mine = free * other.slots;
    auto its = other.free * slots;
    return mine != its ? mine > its : worker < other.worker;
  }
};

candidate candidate_of(const worker_offer& offer, std::uint32_t index) {
  if (offer.slots == 0 || offer.slots_used >= offer.slots)
    return {0, 1, index};
  return {offer.slots - offer.slots_used, offer.slots, index};
}

/// Who serves a method and who has a label, found without comparing each worker with each demand.
class worker_index {
public:
  explicit worker_index(const std::vector<worker_offer>& workers)
      : words_((workers.size() + 63) / 64) {
    for (std::uint32_t at = 0; at < workers.size(); ++at) {
      for (auto& method : workers[at].methods)
        add(by_method_[method], at);
      for (auto& label : workers[at].labels)
        add(by_label_[label], at);
    }
  }

  /// Those that have the method and the labels; empty if nobody has.
  worker_set fitting(const item_demand& demand) const {
    auto method = by_method_.find(demand.method);
    if (method == by_method_.end())
      return {};
    auto found = method->second;
    for (auto& label : demand.labels) {
      auto having = by_label_.find(label);
      if (having == by_label_.end())
        return {};
      for (std::size_t word = 0; word < words_; ++word)
        found[word] &= having->second[word];
    }
    return found;
  }

private:
  void add(worker_set& set, std::uint32_t worker) {
    set.resize(words_);
    set[worker / 64] |= std::uint64_t{1} << (worker % 64);
  }

  std::size_t words_;
  std::map<std::string_view, worker_set> by_method_, by_label_;
};

bool contains(const worker_set& set, std::uint32_t worker) {
  return (set[worker / 64] >> (worker % 64) & 1) != 0;
}

/// The workers while a plan is made, always in the order in which they are taken.
class free_workers {
public:
  explicit free_workers(std::vector<worker_offer>& workers) : workers_(workers) {
    for (std::uint32_t at = 0; at < workers.size(); ++at)
      order_.push_back(candidate_of(workers[at], at));
    std::ranges::sort(order_, std::less<>());
  }

  /// Gives the slots of the first one that fits and has room; its name, or nullptr if there is none.
  const std::string* take(const item_demand& demand, const worker_set& fitting) {
    for (auto at = order_.begin(); at != order_.end(); ++at) {
      if (at->free == 0 && demand.slots > 0)
        return nullptr;  // nobody behind has a free slot
      auto& worker = workers_[at->worker];
      if (!contains(fitting, at->worker) || !worker.has_room(demand))
        continue;
      worker.slots_used += demand.slots;
      auto now = candidate_of(worker, at->worker);
      auto place = std::lower_bound(at + 1, order_.end(), now);
      *std::move(at + 1, place, at) = now;
      return &worker.name;
    }
    return nullptr;
  }

private:
  std::vector<worker_offer>& workers_;
  std::vector<candidate> order_;
};

/// The waiting items of one demand. Free slots only get fewer while a plan is made: once nobody could take one of them,
/// nobody can take any of them.
struct demand_class {
  bool is_known = false;
  worker_set fitting;  ///< empty: no more
};

void append_part(std::string& key, const std::string& part) {
  key += ' ';
  key += std::to_string(part.size());
  key += ':';
  key += part;
}

std::string quoted(const std::vector<std::string>& names) {
  std::string all;
  for (auto& name : names)
    all += (all.empty() ? "\"" : ", \"") + name + "\"";
  return all;
}

}  // namespace

std::string item_demand::to_key() const {
  // Each part with its length: names may contain any separator.
  auto key = std::to_string(slots);
  append_part(key, method);
  for (auto& label : labels)
    append_part(key, label);
  return key;
}

bool worker_offer::fits(const item_demand& demand) const {
  return demand.slots <= slots && std::ranges::binary_search(methods, demand.method)
         && std::ranges::includes(labels, demand.labels);
}

std::vector<assignment> plan(placement_view view) {
  std::ranges::sort(view.workers, {}, &worker_offer::name);
  std::ranges::sort(view.items, {}, [](const waiting_item& item) {
    return std::tuple<int, std::uint64_t, const item_id&>(-item.priority, item.order, item.id);
  });
  worker_index index(view.workers);
  free_workers workers(view.workers);
  std::vector<demand_class> classes(view.demands.size());
  std::vector<assignment> made;
  for (auto& item : view.items) {
    auto& demand = view.demands.at(item.demand);
    auto& same = classes[item.demand];
    if (!std::exchange(same.is_known, true))
      same.fitting = index.fitting(demand);
    if (same.fitting.empty())
      continue;
    if (auto* worker = workers.take(demand, same.fitting))
      made.push_back({std::move(item.id), *worker});
    else
      same.fitting.clear();
  }
  return made;
}

std::string why_not(const item_demand& demand, const std::vector<worker_offer>& workers) {
  if (workers.empty())
    return "no worker is here that takes items";
  std::size_t serving = 0;
  bool has_labels = false;
  std::uint32_t slots = 0;
  auto missing = demand.labels;  // by all that serve it
  for (auto& worker : workers) {
    if (worker.fits(demand))
      return {};
    if (!std::ranges::binary_search(worker.methods, demand.method))
      continue;
    ++serving;
    std::erase_if(missing, [&](const auto& label) {
      return std::ranges::binary_search(worker.labels, label);
    });
    if (!std::ranges::includes(worker.labels, demand.labels))
      continue;
    has_labels = true;
    slots = std::max(slots, worker.slots);
  }
  if (serving == 0)
    return "no worker runs " + demand.method + " (workers here: " + std::to_string(workers.size())
           + ")";
  auto such = " (such workers: " + std::to_string(serving) + ")";
  auto that_run = "no worker that runs " + demand.method;
  if (!missing.empty())
    return that_run + " has the label " + quoted(missing) + such;
  if (!has_labels)
    return that_run + " has all of the labels " + quoted(demand.labels) + " together" + such;
  return "it takes " + std::to_string(demand.slots) + " slots; the largest worker that runs "
         + demand.method + " and has its labels has " + std::to_string(slots);
}

}  // namespace holdfast
