#include <holdfast/actors/lane_sender.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace holdfast {

namespace {

// A backlog is sent in batches of up to batch_calls_max; sent_through runs several of them ahead, so that transfer does
// not wait for the commit that raises it.
constexpr sequence_number ahead = 8 * outbox::sent_through_stride;

}  // namespace

void lane_sender::begin(lane_number lane, sequence_number mark) {
  auto rows = port_.read();
  auto row = find_out_lane(*rows, lane);
  if (!row || row->is_closed)
    return;
  lane_ = lane;
  window_.emplace(window_bytes_, mark);
  last_ = row->next - 1;
  sent_through_ = row->sent_through;
  noted_ = row->stored_through;
  note_stored();
  pump();
}

void lane_sender::grew(lane_number lane, sequence_number last) {
  if (lane_ != lane) {
    auto known = find_peer(*port_.read(), port_.peer());
    if (known && known->lane == lane)
      begin(lane, 0);
    return;
  }
  last_ = std::max(last_, last);
  pump();
}

void lane_sender::stored(const stored_note& note) {
  if (lane_ != note.lane || !window_->stored(note.through)) {
    port_.give_up(errc::bad_frame, "the peer says it stored calls that were never sent to it");
    return;
  }
  note_stored();
  pump();
}

// Lazily, and one at a time: the latest word includes the earlier ones.
void lane_sender::note_stored() {
  auto through = window_->stored_through();
  if (is_noting_ || through <= noted_)
    return;
  is_noting_ = true;
  noted_ = through;
  auto apply = [lane = *lane_, through](ledger& books) { outbox::stored(books, lane, through); };
  port_.commit({growth::shrinks, 64, true}, apply, [this](const error*) {
    is_noting_ = false;
    note_stored();
  });
}

void lane_sender::pump() {
  if (!lane_ || window_->next() > last_ || (window_->room() == 0 && !window_->is_empty()))
    return;
  auto rows = port_.read();
  while (window_->next() <= last_ && may_transmit(*rows)) {
    auto room = std::min(limits::batch_bytes_max, window_->room());
    if (room == 0 && !window_->is_empty())
      return;
    auto batch = outbox::read_batch(*rows, *lane_, window_->next(), room, limits::batch_calls_max,
                                    peer_record_bytes_max_, port_.now());
    batch.bytes = 0;  // as the target counts them
    for (auto& record : batch.records)
      batch.bytes += record.size();
    if (batch.records.empty() && batch.blocked != errc::none)
      entomb(batch.blocked);
    if (batch.records.empty() || !window_->fits(batch.bytes))
      return;
    auto count = batch.records.size();
    window_->transmit(batch.first, batch.first + count - 1, batch.bytes);
    port_.write(encode_batch(port_.nonce(), batch));
    port_.update([count](peer_status& status) { status.calls_transmitted += count; });
  }
}

// Above sent_through nothing may leave; it is raised before it is reached.
bool lane_sender::may_transmit(const journal_reader& rows) {
  auto next = window_->next();
  if (sent_through_ < next + ahead / 2) {
    if (auto row = find_out_lane(rows, *lane_)) {
      sent_through_ = row->sent_through;
      last_ = std::max(last_, row->next - 1);
    }
    auto wanted = std::min(last_, next - 1 + ahead);
    if (sent_through_ < wanted && sent_through_ < next + ahead / 2)
      raise(wanted);
  }
  return sent_through_ >= next;
}

// The next call cannot travel. The lane goes on behind a tombstone in its place: never does one record stop it.
void lane_sender::entomb(errc reason) {
  if (std::exchange(is_entombing_, true))
    return;
  auto text = reason == errc::too_large_for_peer
                  ? "'" + port_.peer() + "' takes no call of that size"
                  : std::string("its record fails its checksum: check the disk of this node");
  auto apply = [lane = *lane_, next = window_->next(), reason, text](ledger& books) {
    outbox::entomb(books, lane, next, reason, text);
  };
  port_.commit({growth::shrinks, 128, false}, apply, [this](const error* refusal) {
    is_entombing_ = false;
    if (refusal)
      port_.give_up(refusal->code(), refusal->what());
    else
      pump();
  });
}

void lane_sender::raise(sequence_number through) {
  if (is_raising_)
    return;
  is_raising_ = true;
  auto apply = [lane = *lane_, through](ledger& books) {
    outbox::raise_sent_through(books, lane, through);
  };
  port_.commit({growth::shrinks, 64, false}, apply, [this](const error* refusal) {
    is_raising_ = false;
    if (refusal)
      port_.give_up(refusal->code(), refusal->what());
    else
      pump();
  });
}

}  // namespace holdfast
