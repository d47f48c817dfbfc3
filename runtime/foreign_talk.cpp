#include <holdfast/actors/message_cost.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>
#include <holdfast/runtime/foreign_link_actor.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

// What is said and heard in a session of a foreign link.

namespace holdfast {
namespace {

constexpr std::string_view reserved = "holdfast.";

/// Told to the wire in such steps; far below limits::foreign_unread_bytes_max.
constexpr std::size_t taken_step = 64u << 10;

std::string string_at(const foreign_call& call, std::size_t position, const char* shape) {
  if (position >= call.params.size())
    refuse_shape(call, shape);
  auto* text = call.params[position].get_if<std::string>();
  if (!text)
    refuse_shape(call, shape);
  return *text;
}

}  // namespace

void foreign_link_actor::arrived(const wire_frames& fact) {
  for (auto& from : fact.content) {
    if (!is_live() || session_->connection != fact.connection)
      return;
    update([&](peer_status& status) { status.bytes_in += from.bytes(); });
    guarded([&] {
      if (from.type == frame_type::refuse)  // the cutter's word for bytes that are no message
        throw error(errc::bad_frame, std::string(from.body.view()));
      hear(decode_foreign(from.body.view()), from.bytes());
    });
  }
}

void foreign_link_actor::hear(foreign_call call, std::size_t bytes) {
  std::string_view method = call.method;
  if (!method.starts_with(reserved)) {
    session_->requests.send(std::move(call), bytes);
  } else if (method == "holdfast.call") {
    session_->requests.call(std::move(call), bytes);
  } else if (method == "holdfast.queue") {
    session_->requests.queue(std::move(call), bytes);
  } else if (!work_.hear(call, bytes)) {
    hear_answer(call);
    taken(bytes);
  }
}

void foreign_link_actor::hear_answer(const foreign_call& call) {
  auto& given = call.params;
  auto result = given.size() > 1 ? given[1] : value();
  if (call.method == "holdfast.result") {
    auto* number = given.empty() || given.size() > 2 ? nullptr : given[0].get_if<std::int64_t>();
    if (!number)
      refuse_shape(call, "the id of a call and its result");
    calls_.result(static_cast<std::uint64_t>(*number), result);
  } else if (call.method == "holdfast.executed") {
    lane_.executed(string_at(call, 0, "the id of a queued call and, if wanted, its result"),
                   result);
  } else if (call.method == "holdfast.failed") {
    constexpr auto shape = "an id, a reason and a text";
    auto reason = string_at(call, 1, shape);
    auto text = string_at(call, 2, shape);
    if (auto* number = given[0].get_if<std::int64_t>())
      calls_.failed(static_cast<std::uint64_t>(*number), reason, text);
    else
      lane_.failed(string_at(call, 0, shape), reason, text);
  } else if (call.method == "holdfast.bye") {
    end_session(errc::link_goodbye, "'" + peer_ + "' stopped in good order", true);
  } else {
    throw error(errc::bad_frame, "there is no reserved method " + call.method.substr(0, 60));
  }
}

void foreign_link_actor::say(std::string method, array params) {
  if (is_live())
    say(session_->who.body, std::move(method), std::move(params));
}

void foreign_link_actor::say(foreign_body body, std::string method, array params) {
  if (!is_live())
    return;
  auto& xml = session_->who.xml;
  if (method == "holdfast.result" && body == foreign_body::xml && !xml.nil && params.size() == 2
      && params[1].is_null())
    params.pop_back();
  std::string frame;
  append_foreign_frame(frame,
                       encode_foreign({std::move(method), std::move(params), {}, body}, xml));
  write(std::move(frame));
}

void foreign_link_actor::write(std::string frame) {
  if (!is_live())
    return;
  session_->unsent += frame.size();
  session_->written += frame.size();
  update([size = frame.size()](peer_status& status) { status.bytes_out += size; });
  self_->send(session_->who.wire, wire_write{session_->connection, std::move(frame)});
  if (session_->unsent > limits::foreign_unsent_bytes_max)
    end_session(errc::over_credit, "'" + peer_ + "' asks for more than it reads", false);
}

void foreign_link_actor::sent(const wire_sent& fact) {
  if (!is_live() || session_->connection != fact.connection)
    return;
  auto& here = *session_;
  here.unsent -= std::min(here.unsent, fact.bytes);
  here.departed += fact.bytes;
  for (; !here.sends.empty() && here.sends.front().first <= here.departed; here.sends.pop_front())
    entry_->send_credit += here.sends.front().second;
  return_taken();
  guarded([&] { work_.start(); });
}

void foreign_link_actor::taken(std::size_t bytes) {
  if (!is_live())
    return;
  session_->returned += bytes;
  return_taken();
}

// A node that does not read what it is told is not read either.
void foreign_link_actor::return_taken() {
  auto& here = *session_;
  if (here.returned >= taken_step && here.unsent < limits::foreign_unsent_bytes)
    self_->send(here.who.wire, wire_taken{here.connection, std::exchange(here.returned, 0)});
}

void foreign_link_actor::grew(const lane_grew& news) {
  if (is_live())
    guarded([&] { lane_.grew(news.lane, news.last); });
}

// Its credit comes back as the connection takes it: there is no other sign of a foreign node's taking a message.
void foreign_link_actor::send(const send_message& message) {
  auto cost = message_cost(message.payload.size());
  if (!is_live()) {
    update([](peer_status& status) { ++status.messages_refused; });
    return;
  }
  if (foreign_work::is_for_worker(*message.header)) {
    entry_->send_credit += cost;  // the desk holds what waits, as a worker's does
    guarded([&] { work_.desired(message.payload.view()); });
    return;
  }
  try {
    auto given = arguments_for_foreign(*message.header, message.payload.view());
    foreign_call call{message.header->method, std::move(given.params), std::move(given.named),
                      session_->who.body};
    std::string frame;
    append_foreign_frame(frame, encode_foreign(std::move(call), session_->who.xml));
    write(std::move(frame));
  } catch (const error& problem) {
    entry_->send_credit += cost;
    update([](peer_status& status) { ++status.messages_refused; });
    if (env_.foreign.note_refused(peer_, message.header->method) && env_.log)
      env_.log->warn("a message of {} for foreign node {} is dropped: {}", message.header->method,
                     peer_, problem.what());
    return;
  }
  update([](peer_status& status) { ++status.messages_sent; });
  if (is_live())
    session_->sends.emplace_back(session_->written, cost);
}

void foreign_link_actor::ask(call_request request) {
  guarded([&] { calls_.ask(std::move(request), now()); });
  expire_calls();
}

void foreign_link_actor::expire_calls() {
  auto next = calls_.expire(now());
  if (next == 0 || (call_timer_ != 0 && call_timer_ <= next))
    return;
  call_timer_ = next;
  self_->delayed_send(self_, duration(next - now()), link_task{0, false, [this, next] {
                                                                 if (call_timer_ == next)
                                                                   call_timer_ = 0;
                                                                 expire_calls();
                                                               }});
}

}  // namespace holdfast
