#pragma once

#include <holdfast/actors/work_item.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Who runs what. Pure. What holds of every plan:
///
/// - complete (W3): afterwards no worker with free slots could take any item that is left;
/// - stable: it gives items to workers and never takes one away, and a plan that was carried out leaves nothing to plan.
///   One more worker never costs an item its place, as long as all items take the same number of slots. (With sizes mixed
///   it can: a large item may then fit where a later one would have gone.)
/// - balanced: among the workers that could take an item it goes to the one with the largest free part of its slots;
/// - deterministic: a function of the view alone.
namespace holdfast {

/// What an item demands. Items with the same demand form one class of the waiting queue, named by `to_key`.
struct item_demand {
  std::string method;
  std::vector<std::string> labels;  ///< all of them; sorted, no duplicates
  std::uint32_t slots = 1;

  auto operator<=>(const item_demand&) const = default;
  std::string to_key() const;  ///< one text per demand and one demand per text
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(method) & BOOST_SERIALIZATION_NVP(labels)
        & BOOST_SERIALIZATION_NVP(slots);
  }
};

/// What a worker offers.
struct worker_offer {
  std::string name;
  std::vector<std::string> methods;  ///< sorted
  std::vector<std::string> labels;   ///< sorted
  std::uint32_t slots = 0;
  std::uint32_t slots_used = 0;

  bool fits(const item_demand& demand) const;  ///< leaving aside what is used
  bool has_room(const item_demand& demand) const {
    return slots_used <= slots && demand.slots <= slots - slots_used;
  }
};

struct waiting_item {
  item_id id;
  std::uint32_t demand = 0;  ///< index into placement_view::demands
  std::int16_t priority = 0;
  std::uint64_t order = 0;  ///< of arrival
};

struct placement_view {
  std::vector<worker_offer> workers;  ///< those that take items
  std::vector<item_demand> demands;
  std::vector<waiting_item> items;
};

struct assignment {
  item_id item;
  std::string worker;
  bool operator==(const assignment&) const = default;
};

/// In the order in which they are decided: higher priority first, then the one that came first.
std::vector<assignment> plan(placement_view view);

/// One sentence why none of the workers takes the item: for `why`. Empty if one of them could, now or when it is free.
std::string why_not(const item_demand& demand, const std::vector<worker_offer>& workers);

}  // namespace holdfast
