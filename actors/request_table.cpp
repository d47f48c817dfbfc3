#include <holdfast/actors/message_flow.hpp>
#include <holdfast/actors/request_table.hpp>

#include <caf/send.hpp>

#include <atomic>
#include <memory>
#include <vector>

namespace holdfast {

namespace {

// Replies that wait for a peer which does not read. One of the largest always has room.
constexpr std::size_t replies_bytes_max = 2 * limits::frame_bytes_max;

}  // namespace

void request_table::open(link_port* session, std::int64_t credit) {
  session_ = session;
  credit_ = credit;
  used_ = 0;
  pump();
}

void request_table::close(const std::string& why) {
  session_ = nullptr;
  std::vector<std::uint64_t> sent;
  for (auto& [number, call] : pending_)
    if (call.is_sent)
      sent.push_back(number);
  for (auto number : sent)
    finish(number, {errc::unknown, "it may have run: " + why, {}});
}

void request_table::ask(call_request request, node_time now) {
  if (request.deadline != 0 && request.deadline <= now) {
    request.done({errc::unreachable, "its time was over before it was sent", {}});
    return;
  }
  auto number = ++last_;
  if (request.deadline != 0)
    deadlines_.emplace(request.deadline, number);
  auto cost = message_cost(request.payload.size());
  pending_.emplace(number, pending{std::move(request), cost, false});
  waiting_.push_back(number);
  pump();
}

void request_table::pump() {
  while (session_ && !waiting_.empty()) {
    auto i = pending_.find(waiting_.front());
    if (i != pending_.end()) {
      auto& [number, call] = *i;
      if (used_ != 0 && used_ + call.cost > credit_)
        return;
      used_ += call.cost;
      call.is_sent = true;
      auto payload = std::exchange(call.request.payload, {});
      auto record = encode_message(*call.request.header, payload.view(), call.request.deadline,
                                   session_->now());
      session_->write(encode_request(session_->nonce(), number, record));
    }
    waiting_.pop_front();
  }
}

void request_table::finish(std::uint64_t number, const call_reply& reply) {
  auto i = pending_.find(number);
  auto request = std::move(i->second.request);
  pending_.erase(i);
  deadlines_.erase({request.deadline, number});
  if (request.done)
    request.done(reply);
}

// A reply that comes too late for its caller still gives back the credit.
void request_table::replied(reply_body reply) {
  if (reply.number == 0 || reply.number > last_)
    throw error(errc::bad_frame, "a reply to a request that was never made");
  auto i = pending_.find(reply.number);
  if (i == pending_.end() || !i->second.is_sent)
    throw error(errc::bad_frame, "a second reply to one request");
  used_ -= i->second.cost;
  finish(reply.number, {reply.status, std::move(reply.text), std::move(reply.value)});
  pump();
}

node_time request_table::expire(node_time now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    auto number = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    auto& call = pending_.at(number);
    auto done = std::exchange(call.request.done, nullptr);
    auto is_sent = call.is_sent;
    if (!is_sent)
      pending_.erase(number);
    if (is_sent)
      done({errc::unknown, "no reply came in time; it may have run", {}});
    else
      done({errc::unreachable, "the peer was not reached in time", {}});
  }
  return deadlines_.empty() ? 0 : deadlines_.begin()->first;
}

void request_table::refuse_waiting(const std::string& why) {
  waiting_.clear();
  std::vector<std::uint64_t> unsent;
  for (auto& [number, call] : pending_)
    if (!call.is_sent)
      unsent.push_back(number);
  for (auto number : unsent)
    finish(number, {errc::unreachable, why, {}});
}

void request_server::take(const frame& from) {
  auto request = decode_request(from);
  auto message = decode_message(port_.peer(), shared_bytes(std::move(request.record)), port_.now());
  auto cost = message_cost(message.payload.size());
  if (held_ != 0 && held_ + cost > credit_)
    throw error(errc::bad_frame, "the peer makes more requests than its credit allows");
  held_ += cost;
  auto number = request.number;
  message.done = [post = port_.poster(), this, number, cost](const call_reply& result) {
    post([this, number, cost, result] { reply(number, cost, result); });
  };
  caf::anon_send(port_.env().executor, std::move(message));
}

void request_server::reply(std::uint64_t number, std::int64_t cost, const call_reply& result) {
  held_ -= cost;
  reply_body answer{number, result.status, result.text, result.value};
  if (result.value.size() > limits::payload_bytes_max) {
    answer.status = errc::failed;
    answer.text = "its result is larger than limits::payload_bytes_max";
    answer.value = {};
  } else if (port_.unsent_bytes() + result.value.size() > replies_bytes_max) {
    answer.status = errc::unknown;
    answer.text =
        "it ran, but its result was dropped: '" + port_.peer() + "' does not read fast enough";
    answer.value = {};
  }
  port_.write(encode_reply(port_.nonce(), answer));
}

}  // namespace holdfast
