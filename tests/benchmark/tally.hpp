#pragma once

#include <holdfast/actors/durable_actor.hpp>

#include <boost/serialization/access.hpp>

#include <cstdint>

namespace bench {

/// The smallest durable actor: it counts.
class tally {
public:
  static constexpr const char* actor_name = "bench.tally";

  template <class M>
  static constexpr void methods(M& m) {
    m("add(amount)", &tally::add);
  }

  void add(std::uint64_t amount) { sum_ += amount; }

private:
  friend class boost::serialization::access;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& sum_;
  }

  std::uint64_t sum_ = 0;
};

/// The same by name: for many calls that are not waited for. The mailbox key is the actor's name.
inline constexpr holdfast::method<void(std::uint64_t)> add_to_tally{"bench.tally.add(amount)"};

}  // namespace bench
