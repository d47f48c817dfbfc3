#pragma once

#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast {

/// Invariant C4, counted: for each lane issued = executed + expired + dead + dropped + damaged + orphaned + open, where
/// `open` is compared with the calls that are really there. Over the stores of several nodes the two ends of each lane are
/// compared too: nothing may be executed at the source that was not executed at the target.
struct lane_audit {
  std::string node, peer, id;  ///< id: of the lane, the same at both ends
  std::string end;             ///< "source" or "target"
  std::uint64_t issued = 0;    ///< at the target: stored
  std::uint64_t executed = 0, expired = 0, dead = 0, dropped = 0, damaged = 0, orphaned = 0;
  std::uint64_t open = 0;   ///< by the counters
  std::uint64_t found = 0;  ///< calls that are in the store and not decided
  std::string problem;      ///< empty when all is well

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    using boost::serialization::make_nvp;
    ar& make_nvp("node", node) & make_nvp("peer", peer) & make_nvp("lane", id)
        & make_nvp("end", end) & make_nvp("issued", issued) & make_nvp("executed", executed)
        & make_nvp("expired", expired) & make_nvp("dead", dead) & make_nvp("dropped", dropped)
        & make_nvp("damaged", damaged) & make_nvp("orphaned", orphaned) & make_nvp("open", open)
        & make_nvp("found", found) & make_nvp("problem", problem);
  }
};

/// Both ends of all lanes of one store.
std::vector<lane_audit> audit_store(const journal_reader& rows);

/// Compares the ends that several stores have of one lane, and notes problems in the lines.
void compare_ends(std::vector<lane_audit>& lines);

}  // namespace holdfast
