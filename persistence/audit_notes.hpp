#pragma once

#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/identity.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::detail {

// Shared by the sources of audit.hpp.

struct audited_store {
  const journal_reader& rows;
  node_identity self;
};

class audit_notes {
public:
  explicit audit_notes(audit_report& report) : report_(report) {}

  void add(audit_check check, const std::string& node, lane_number lane, sequence_number sequence,
           std::string text) {
    if (report_.findings.size() < audit_findings_max)
      report_.findings.push_back({check, node, lane, sequence, std::move(text)});
    else
      ++report_.more_findings;
  }

  /// Runs `look`; an error is a finding about a row that cannot be read.
  bool try_row(const std::string& node, lane_number lane, sequence_number sequence,
               function_ref<void()> look) {
    try {
      look();
      return true;
    } catch (const error& problem) {
      add(audit_check::row_sound, node, lane, sequence, problem.what());
      return false;
    }
  }

  audit_report& report() { return report_; }

private:
  audit_report& report_;
};

/// "call 7 of lane 2 to beta"
std::string name_of_call(sequence_number sequence, lane_number lane, const std::string& peer);

void audit_inbox(const audited_store& store, audit_notes& notes);
void audit_outbox(const audited_store& store, audit_notes& notes);
void compare_ends(const audited_store& source, const audited_store& target, lane_number number,
                  const out_lane& lane, audit_notes& notes);

}  // namespace holdfast::detail
