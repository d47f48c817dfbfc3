#include <holdfast/actors/retry.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/runtime/foreign_lane.hpp>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

/// Rows looked at in one reading of the journal.
constexpr std::size_t read_rows = 64;

constexpr auto retry_delay = std::chrono::milliseconds(500);

}  // namespace

void foreign_lane::recover() {
  auto rows = port_.read();
  auto known = find_peer(*rows, port_.peer());
  if (!known || !known->lane)
    return;
  if (auto row = find_out_lane(*rows, *known->lane)) {
    lane_ = *known->lane;
    unsure_ = transmitted_ = std::min(row->sent_through, row->next - 1);
  }
}

void foreign_lane::open() {
  is_open_ = true;
  auto known = find_peer(*port_.read(), port_.peer());
  if (known && known->lane)
    begin(*known->lane);
}

void foreign_lane::begin(lane_number lane) {
  auto row = find_out_lane(*port_.read(), lane);
  if (!row || row->is_closed)
    return;
  if (std::exchange(lane_, lane) != lane) {
    unsure_ = transmitted_ = 0;
    tries_.clear();
    deferred_.clear();
    due_.clear();
  }
  next_ = row->stored_through + 1;
  last_ = row->next - 1;
  sent_through_ = row->sent_through;
  pump();
}

void foreign_lane::close() {
  is_open_ = false;
  is_raising_ = false;
  wake_at_ = 0;
  unanswered_.clear();
  unanswered_bytes_ = 0;
  ending_.clear();
}

void foreign_lane::grew(lane_number lane, sequence_number last) {
  if (!is_open_)
    return;
  if (lane_ != lane || last_ == 0) {
    auto known = find_peer(*port_.read(), port_.peer());
    if (known && known->lane == lane)
      begin(lane);
    return;
  }
  last_ = std::max(last_, last);
  pump();
}

bool foreign_lane::has_room() const {
  return unanswered_.size() < limits::foreign_window_calls
         && (unanswered_.empty() || unanswered_bytes_ < limits::foreign_window_bytes);
}

void foreign_lane::pump() {
  if (!is_open_ || !lane_)
    return;
  send_due();
  while (has_room() && next_ <= last_ && deferred_.size() < limits::foreign_deferred_max
         && may_transmit() && read_on()) {}
  wake_at_next_due();
}

void foreign_lane::send_due() {
  auto now = port_.now();
  while (has_room() && !due_.empty() && due_.begin()->first <= now) {
    auto sequence = due_.begin()->second;
    due_.erase(due_.begin());
    deferred_.erase(sequence);
    if (sequence >= next_)
      continue;  // it comes anyway
    if (auto record = record_of(sequence))
      offer(sequence, *record);
  }
}

// Above sent_through nothing may leave; it is raised before it is reached.
bool foreign_lane::may_transmit() {
  if (sent_through_ >= next_)
    return true;
  auto row = find_out_lane(*port_.read(), *lane_);
  if (!row)
    return false;
  sent_through_ = row->sent_through;
  last_ = std::max(last_, row->next - 1);
  if (sent_through_ >= next_)
    return true;
  if (std::exchange(is_raising_, true))
    return false;
  auto wanted = std::min(last_, next_ + outbox::sent_through_stride);
  auto apply = [lane = *lane_, wanted](ledger& books) {
    outbox::raise_sent_through(books, lane, wanted);
  };
  port_.commit({growth::shrinks, 64, false}, apply, [this](const error* refusal) {
    is_raising_ = false;
    if (refusal)
      port_.give_up(refusal->code(), refusal->what());
    else
      pump();
  });
  return false;
}

// What ended is gone from the outbox: the rows that are there are all that is left.
bool foreign_lane::read_on() {
  auto end = std::min(sent_through_, last_) + 1;
  std::vector<std::pair<sequence_number, std::string>> found;
  std::size_t bytes = 0;
  port_.read()->scan(table_id::outbox, call_key(*lane_, next_), call_key(*lane_, end),
                     [&](row stored) {
                       found.emplace_back(read_call_key(stored.key).second, stored.value);
                       bytes += stored.value.size();
                       return found.size() < read_rows && bytes < limits::foreign_window_bytes;
                     });
  if (found.empty()) {
    next_ = end;
    return true;
  }
  for (auto& [sequence, record] : found) {
    if (!has_room() || !is_open_)
      return false;
    next_ = sequence + 1;
    offer(sequence, record);
  }
  return true;
}

void foreign_lane::offer(sequence_number sequence, std::string_view record) {
  if (is_tombstone(record) || deferred_.contains(sequence) || ending_.contains(sequence)
      || unanswered_.contains(sequence))
    return;
  try {
    auto call = decode_call(record);
    if (call.header.expires_at != 0 && call.header.expires_at <= port_.now())
      end(sequence, {errc::expired, false, {}, "its time ran out before it was executed", {}});
    else if (call.header.not_before > port_.now())
      defer(sequence, call.header.not_before);
    else
      transmit(sequence, call.header, call.payload);
  } catch (const error& problem) {
    auto reason = problem.code() == errc::too_large ? errc::too_large_for_peer
                  : problem.code() == errc::damaged ? errc::damaged
                                                    : errc::undecodable;
    end(sequence, {reason, false, {}, problem.what(), {}});
  }
}

void foreign_lane::transmit(sequence_number sequence, const call_header& header,
                            std::string_view payload) {
  auto given = arguments_for_foreign(header, payload);
  auto before = tries_.contains(sequence) ? tries_.at(sequence).sent : 0;
  std::int64_t attempt = before + (sequence <= unsure_ ? 2 : 1);
  dict options{{"attempt", attempt}, {"from", port_.env().self.name}};
  if (!header.key.empty())
    options.add("key", header.key);
  if (!given.named.empty())
    options.add("named", std::move(given.named));
  port_.say("holdfast.queue", {value(id_of(sequence).to_text()), value(header.method),
                               value(std::move(given.params)), value(std::move(options))});
  transmitted_ = std::max(transmitted_, sequence);
  ++tries_[sequence].sent;
  unanswered_[sequence] = payload.size();
  unanswered_bytes_ += payload.size();
  port_.update([](peer_status& status) { ++status.calls_transmitted; });
}

void foreign_lane::defer(sequence_number sequence, node_time due) {
  deferred_[sequence] = due;
  due_.emplace(due, sequence);
}

void foreign_lane::wake_at_next_due() {
  if (due_.empty() || !has_room())
    return;
  auto at = due_.begin()->first;
  if (wake_at_ != 0 && wake_at_ <= at)
    return;
  wake_at_ = at;
  auto wait = duration(std::max<node_time>(at - port_.now(), 1'000'000));
  port_.after(wait, [this, at] {
    if (wake_at_ == at)
      wake_at_ = 0;
    pump();
  });
}

void foreign_lane::executed(const std::string& id, const value& result) {
  auto sequence = read_id(id);
  auto record = sequence ? record_of(*sequence) : std::nullopt;
  if (!record)
    return;
  outcome_record outcome;
  try {
    auto header = decode_call_header(*record);
    if (header.completion)
      outcome.value = result_from_foreign(header, result);
  } catch (const error& problem) {
    outcome = {errc::undecodable, false, {}, problem.what(), {}};
  }
  end(*sequence, std::move(outcome));
  pump();
}

void foreign_lane::failed(const std::string& id, const std::string& reason,
                          const std::string& text) {
  auto sequence = read_id(id);
  auto record = sequence ? record_of(*sequence) : std::nullopt;
  auto waiting = sequence ? unanswered_.find(*sequence) : unanswered_.end();
  if (!record || waiting == unanswered_.end())
    return;
  auto header = header_if_sound(*record).value_or(call_header{});
  auto& known = tries_[*sequence];
  auto decision = decide_retry({}, header, known.failures, port_.env().random->next());
  ++known.failures;
  auto said = reason + ": " + text;
  if (port_.env().log)
    port_.env().log->warn("{} at foreign node {}: attempt {} failed: {} (trace {:x} from {})",
                          header.method, port_.peer(), known.failures, said, header.trace,
                          header.origin);
  if (decision.is_given_up) {
    end(*sequence, {errc::handler_failed, false, {}, said, {}});
  } else {
    unanswered_bytes_ -= waiting->second;
    unanswered_.erase(waiting);
    defer(*sequence, port_.now() + decision.wait.count());
  }
  pump();
}

void foreign_lane::end(sequence_number sequence, outcome_record outcome) {
  if (!ending_.insert(sequence).second)
    return;
  outcome.call = id_of(sequence);
  if (outcome.ended != errc::none && port_.env().log)
    port_.env().log->warn("call {} to foreign node {} ended: {}: {}", outcome.call.to_text(),
                          port_.peer(), to_string(outcome.ended), outcome.error);
  commit_end(sequence, std::move(outcome));
}

void foreign_lane::commit_end(sequence_number sequence, outcome_record outcome) {
  auto shared = std::make_shared<const outcome_record>(std::move(outcome));
  auto apply = [lane = *lane_, sequence, shared](ledger& books) {
    outbox::settle_here(books, lane, sequence, *shared);
  };
  port_.commit({growth::shrinks, 128 + shared->value.size(), false}, apply,
               [this, sequence, shared](const error* refusal) {
                 if (refusal) {  // until it is on disk the call is open, and comes again
                   port_.after(retry_delay,
                               [this, sequence, shared] { commit_end(sequence, *shared); });
                   return;
                 }
                 ending_.erase(sequence);
                 tries_.erase(sequence);
                 if (auto i = unanswered_.find(sequence); i != unanswered_.end()) {
                   unanswered_bytes_ -= i->second;
                   unanswered_.erase(i);
                 }
                 if (auto i = deferred_.find(sequence); i != deferred_.end()) {
                   due_.erase({i->second, sequence});
                   deferred_.erase(i);
                 }
                 pump();
               });
}

std::optional<sequence_number> foreign_lane::read_id(const std::string& text) const {
  auto id = call_id::parse(text);
  if (!id || !lane_ || id->origin != origin_of(port_.env().self.id) || id->lane != *lane_)
    return std::nullopt;
  return id->sequence;
}

std::optional<std::string> foreign_lane::record_of(sequence_number sequence) const {
  auto rows = port_.read();
  auto record = rows->get(table_id::outbox, call_key(*lane_, sequence));
  return record && !is_tombstone(*record) ? std::optional(std::string(*record)) : std::nullopt;
}

call_id foreign_lane::id_of(sequence_number sequence) const {
  return {origin_of(port_.env().self.id), *lane_, sequence};
}

}  // namespace holdfast
