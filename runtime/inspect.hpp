#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/runtime/status.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a journal says about calls, peers and state: read from one snapshot, whether a node runs or not. Nothing here
/// changes anything; every listing is bounded by `limit`.
namespace holdfast::inspect {

enum class calls_in { outbox, inbox, dead, parked };

/// In the order of the store: by lane and sequence. `now` is node time; 0 when no node runs: then times left are unknown.
std::vector<call_report> list_calls(const journal_reader& rows, calls_in where, std::size_t limit,
                                    node_time now);

/// Everything known of one call. Nothing when the id belongs to no lane of this node.
std::optional<call_history> show_call(const journal_reader& rows, const node_identity& self,
                                      call_id id, node_time now);

/// Where the target's half of a call stands here.
struct inbox_place {
  std::uint32_t lane = 0;
  sequence_number sequence = 0;
};
std::optional<inbox_place> find_inbox_place(const journal_reader& rows, call_id id);

/// Peers and closed lanes, without what only a link knows.
std::vector<peer_report> list_peers(const journal_reader& rows);

/// Fills the counts that the journal has.
void count_calls(const journal_reader& rows, node_report& report);

std::string text_of_time(std::int64_t wall_ns);  ///< "" for 0

}  // namespace holdfast::inspect
