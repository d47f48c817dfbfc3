#include <holdfast/actors/handler_run.hpp>
#include <holdfast/actors/peer.hpp>
#include <holdfast/core/error.hpp>

#include <chrono>

namespace holdfast {

bool queue_ticket::is_ready() const {
  return answer_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

queued_call queue_ticket::get() try {
  auto result = answer_.get();
  if (result.refused == errc::id_conflict)
    throw error(errc::id_conflict,
                "the id '" + user_id_ + "' is live for a call to " + peer_
                    + " with other arguments; use another id, or wait until that call ended");
  if (result.refused != errc::none)
    throw error(result.refused, "the call to " + peer_ + " was refused");
  queued_call stored;
  static_cast<call_id&>(stored) = result.id;
  stored.is_duplicate = result.is_duplicate;
  return stored;
} catch (const std::future_error&) {
  throw error(errc::stopping,
              "the node stopped before the call to " + peer_ + " was on disk; queue it again");
}

void outside_port::check_thread(const char* verb) const {
  if (auto* run = current_run())
    throw error(errc::wrong_context, std::string("node.to(...).") + verb + " inside the handler of "
                                         + run->header().method
                                         + " would go around its transaction; use ctx.to(...)."
                                         + verb);
}

queued_call outside_port::queue(queue_request request) const {
  return queue_by(&call_port::queue_awaited, std::move(request)).get();
}

queue_ticket outside_port::queue_async(queue_request request) const {
  return queue_by(&call_port::queue, std::move(request));
}

queue_ticket outside_port::queue_by(queue_verb verb, queue_request request) const {
  check_thread("queue");
  auto user_id = request.header.user_id;
  auto peer_name = request.peer;
  return {(port_->*verb)(std::move(request)), std::move(user_id), std::move(peer_name)};
}

bool outside_port::send(const std::string& peer, call_header header, std::string payload) const {
  check_thread("send");
  return port_->send(peer, std::move(header), std::move(payload));
}

void outside_port::pause(duration time) const {
  check_thread("wait");
  port_->pause(time);
}

call_reply outside_port::ask(const std::string& peer, call_header header, std::string payload,
                             duration within) const {
  check_thread("call");
  return port_->call(peer, std::move(header), std::move(payload), within);
}

}  // namespace holdfast
