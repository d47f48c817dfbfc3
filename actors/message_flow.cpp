#include <holdfast/actors/message_flow.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace holdfast {

std::string encode_message(const call_header& header, std::string_view payload, node_time deadline,
                           node_time now) {
  auto sent = header;
  sent.expires_at = deadline == 0 ? 0 : std::max<node_time>(deadline - now, 1);
  sent.not_before = 0;
  return encode_call(sent, payload);
}

method_message decode_message(const std::string& peer, shared_bytes record, node_time now) {
  try {
    auto call = decode_call(record.view());
    auto header = std::make_shared<call_header>(std::move(call.header));
    if (header->expires_at < 0)
      throw error(errc::damaged, "time left is negative");
    if (header->expires_at != 0)
      header->expires_at =
          now + std::min<node_time>(header->expires_at, std::numeric_limits<node_time>::max() / 2);
    auto offset = static_cast<std::size_t>(call.payload.data() - record.view().data());
    return {peer, std::move(header), record.part(offset, call.payload.size()), {}, {}};
  } catch (const error& reason) {
    throw error(errc::bad_frame,
                "the record of a message or request is damaged: " + std::string(reason.what()));
  }
}

void message_flow::begin() {
  entry_.send_credit = credit_max_;
}

void message_flow::send(const send_message& message) {
  auto cost = message_cost(message.payload.size());
  // A message larger than the whole credit goes when nothing else is on its way.
  if (cost > credit_ && credit_ < credit_max_) {
    port_.update([](peer_status& status) { ++status.messages_refused; });
    entry_.send_credit += cost;
    return;
  }
  credit_ -= cost;
  frame_builder built(frame_type::message, port_.nonce(), message.payload.size() + 256);
  built.body().raw(encode_message(*message.header, message.payload.view(), 0, 0));
  port_.write(built.finish());
  port_.update([](peer_status& status) { ++status.messages_sent; });
}

void message_flow::take(const frame& from) {
  auto message = decode_message(port_.peer(), from.body, port_.now());
  auto cost = message_cost(message.payload.size());
  if (held_ != 0 && held_ + cost > held_max_)
    throw error(errc::bad_frame, "the peer sends more messages than its credit allows");
  held_ += cost;
  port_.update([](peer_status& status) { ++status.messages_received; });
  message.taken = [post = port_.poster(), this, cost] { post([this, cost] { taken(cost); }); };
  caf::anon_send(port_.env().executor, std::move(message));
}

// Told in steps, and when nothing is left: a frame for each message would double the traffic.
void message_flow::taken(std::int64_t cost) {
  held_ -= cost;
  returned_ += cost;
  if (held_ == 0 || returned_ >= held_max_ / 8)
    port_.write(
        encode_credit(port_.nonce(), static_cast<std::uint64_t>(std::exchange(returned_, 0))));
}

void message_flow::credited(std::uint64_t bytes) {
  if (bytes > static_cast<std::uint64_t>(credit_max_ - credit_))
    throw error(errc::bad_frame, "the peer gives back more credit than was used");
  credit_ += static_cast<std::int64_t>(bytes);
  entry_.send_credit += static_cast<std::int64_t>(bytes);
}

}  // namespace holdfast
