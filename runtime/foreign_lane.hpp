#pragma once

#include <holdfast/persistence/ledger.hpp>
#include <holdfast/persistence/outbox.hpp>
#include <holdfast/runtime/foreign_port.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

/// Queued calls for one foreign node, over all its sessions: the outbox is read by sequence, each call goes out as
/// holdfast.queue(id, m, params, {attempt, from}) and stays on disk until holdfast.executed(id) or as many holdfast.failed(id)
/// as it has attempts. What is unanswered when a session ends is sent again in the next (at least once).
///
/// At most limits::foreign_window_calls and foreign_window_bytes are unanswered. A call that failed, or that is not due yet,
/// waits aside and is passed by others. `attempt` is 1 for a call that was never sent. How often a call failed is kept in
/// memory: a restart of this node gives it its attempts again.
class foreign_lane {
public:
  explicit foreign_lane(foreign_port& port) : port_(port) {}

  /// Before the first session: what may have been sent by an earlier process.
  void recover();

  void open();   ///< the session is open
  void close();  ///< it is over

  void grew(lane_number lane, sequence_number last);

  // The node's answers. What is not open any more was answered before.
  void executed(const std::string& id, const value& result);
  void failed(const std::string& id, const std::string& reason, const std::string& text);

  std::optional<lane_number> lane() const { return lane_; }
  sequence_number transmitted() const { return transmitted_; }  ///< in any session

private:
  struct tries {
    std::uint32_t sent = 0;
    std::uint32_t failures = 0;
  };

  void begin(lane_number lane);
  void pump();
  void send_due();
  bool has_room() const;
  bool may_transmit();
  bool read_on();
  void offer(sequence_number sequence, std::string_view record);
  void transmit(sequence_number sequence, const call_header& header, std::string_view payload);
  void defer(sequence_number sequence, node_time due);
  void end(sequence_number sequence, outcome_record outcome);
  void commit_end(sequence_number sequence, outcome_record outcome);
  void wake_at_next_due();
  std::optional<sequence_number> read_id(const std::string& id) const;
  std::optional<std::string> record_of(sequence_number sequence) const;
  call_id id_of(sequence_number sequence) const;

  foreign_port& port_;
  std::optional<lane_number> lane_;
  bool is_open_ = false;
  bool is_raising_ = false;
  sequence_number next_ = 1;          // the next to be looked at in this session
  sequence_number last_ = 0;          // on disk, as far as we were told
  sequence_number sent_through_ = 0;  // as last read or raised
  sequence_number unsure_ = 0;        // up to here an earlier process may have sent it
  sequence_number transmitted_ = 0;
  std::map<sequence_number, std::size_t> unanswered_;  // with their bytes
  std::size_t unanswered_bytes_ = 0;
  std::map<sequence_number, tries> tries_;  // of those that were sent and have not ended
  std::set<sequence_number> ending_;        // their end is on its way to the disk
  std::map<sequence_number, node_time> deferred_;
  std::set<std::pair<node_time, sequence_number>> due_;
  node_time wake_at_ = 0;
};

}  // namespace holdfast
