#include <holdfast/actors/lane_receiver.hpp>

#include <algorithm>

namespace holdfast {

namespace {

constexpr auto retry_delay = std::chrono::milliseconds(500);

}  // namespace

void lane_receiver::take(transfer_batch batch) {
  if (!batches_.empty() && bytes_ + batch.bytes > window_bytes_) {
    port_.give_up(errc::bad_frame, "the peer sends more queued calls than its window allows");
    return;
  }
  auto request = std::make_shared<accept_request>();
  request->source = source_;
  request->source_name = port_.peer();
  request->lane = batch.lane;
  request->nonce = batch.nonce;
  request->first = batch.first;
  request->records = std::move(batch.records);
  bytes_ += batch.bytes;
  batches_.push_back({std::move(request), batch.bytes, false});
  if (!is_held_)
    submit(batches_.back());
}

void lane_receiver::submit(held& batch) {
  batch.is_submitted = true;
  ++submitted_;
  auto request = batch.request;
  auto result = std::make_shared<accept_result>();
  port_.commit(
      {growth::grows, batch.bytes + 64 * request->records.size(), false},
      [request, result](ledger& books) { *result = inbox::accept(books, *request); },
      [this, request, result](const error* refusal) {
        --submitted_;
        finished(request.get(), *result, refusal);
      });
}

void lane_receiver::finished(const accept_request* request, const accept_result& result,
                             const error* refusal) {
  auto is_this = [&](const held& batch) { return batch.request.get() == request; };
  auto i = std::find_if(batches_.begin(), batches_.end(), is_this);
  i->is_submitted = false;
  if (refusal && refusal->code() == errc::damaged) {
    port_.give_up(errc::bad_frame, refusal->what());
  } else if (refusal || (result.is_gap && is_held_)) {
    hold(refusal);
  } else if (result.is_gap) {
    port_.give_up(errc::bad_frame, "the peer left out calls of its lane: it sent from "
                                       + std::to_string(request->first) + " on, stored is "
                                       + std::to_string(result.through));
  } else {
    port_.write(encode_stored(port_.nonce(), {request->lane, result.through}));
    if (std::exchange(is_shown_, false))
      port_.show(errc::none, {});
    auto count = request->records.size();
    port_.update([count](peer_status& status) { status.calls_received += count; });
    bytes_ -= i->bytes;
    batches_.erase(i);
  }
}

// Whatever was on its way behind a refused batch comes back as well, refused or as a gap; then all are tried in order.
void lane_receiver::hold(const error* refusal) {
  if (refusal) {
    is_shown_ = true;
    port_.show(refusal->code(),
               "queued calls from '" + port_.peer() + "' wait: " + refusal->what());
  }
  if (std::exchange(is_held_, true))
    return;
  port_.after(retry_delay, [this] { submit_all(); });
}

void lane_receiver::submit_all() {
  if (submitted_ > 0) {
    port_.after(retry_delay, [this] { submit_all(); });
    return;
  }
  is_held_ = false;
  for (auto& batch : batches_)
    submit(batch);
}

}  // namespace holdfast
