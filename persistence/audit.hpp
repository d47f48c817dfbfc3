#pragma once

#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// Invariant C4, looked at from outside: every call that the stores of one or many nodes know is counted once and stands in
// one place. Reads only. The stores may be given in any number and order; where both ends of a lane are among them, they are
// compared. Take the snapshots while the nodes stand still, or a call on its way between them shows as a finding.

enum class audit_check : std::uint8_t {
  store_identity,  ///< the store says who it belongs to
  row_sound,       ///< every row decodes, its checksums included (J3)
  lane_sum,        ///< issued = executed + expired + dead + dropped + damaged + orphaned + open
  open_rows,       ///< what is open by the counters is there in rows, and nothing else
  tombstone_rows,  ///< likewise for consumed sequences
  stored_sum,      ///< what a target has stored has ended or is in its inbox
  one_place,       ///< a call of an inbox is in memory, ready, due or parked: one of them
  index_row,       ///< an index row leads to a call
  marks_meet,  ///< the target's mark lies between what the source was told and what it may have sent
  ends_meet,   ///< both ends of a lane have counted the same ends
  call_known,  ///< a call that left the source's hands is at the target, open or ended (C1), and not at it alone (C2)
};

std::string_view to_string(audit_check check);

struct audit_finding {
  audit_check check{};
  std::string node;              ///< whose store it was found in
  lane_number lane = 0;          ///< 0 too where no lane is meant
  sequence_number sequence = 0;  ///< 0 where no single call is meant
  std::string text;              ///< one sentence
};

/// One lane as its source counts it.
struct audited_lane {
  std::string source;
  std::string target;
  lane_number lane = 0;
  bool is_closed = false;
  lane_counters counters;
  std::uint64_t open_rows = 0;  ///< calls that are really there
  bool has_target = false;      ///< the other end was compared
};

struct audit_report {
  std::vector<audited_lane> lanes;
  std::vector<audit_finding> findings;
  std::uint64_t more_findings = 0;  ///< beyond audit_findings_max
  bool is_clean() const { return findings.empty(); }
};

/// A store that is damaged all over must not fill the memory with sentences about it.
inline constexpr std::size_t audit_findings_max = 1000;

/// Looks at every row of the inboxes and outboxes once. Throws nothing about what it finds.
audit_report audit(std::span<const journal_reader* const> stores);

}  // namespace holdfast
