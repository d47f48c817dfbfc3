#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/message_cost.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/outgoing.hpp>

#include <caf/send.hpp>

namespace holdfast {
namespace {

/// A trace begins where a call has none yet.
std::shared_ptr<const call_header> traced(environment& env, call_header header) {
  if (header.trace == 0) {
    header.trace = env.random->next() | 1;
    header.origin = env.self.name;
  }
  return std::make_shared<const call_header>(std::move(header));
}

}  // namespace

bool send_to(environment& env, const std::string& peer, call_header header, std::string payload) {
  auto shared = traced(env, std::move(header));
  if (peer == env.self.name) {
    caf::anon_send(env.executor,
                   method_message{peer, shared, shared_bytes(std::move(payload)), {}, {}});
    return true;
  }
  auto entry = env.peers.find(peer);
  if (!entry)
    return false;
  auto cost = message_cost(payload.size());
  if (!entry->is_up || entry->send_credit.fetch_sub(cost) < cost) {
    entry->send_credit += cost;
    entry->update([](peer_status& status) { ++status.messages_refused; });
    return false;
  }
  caf::anon_send(entry->link, send_message{std::move(shared), shared_bytes(std::move(payload))});
  return true;
}

void call_to(environment& env, const std::string& peer, call_header header, std::string payload,
             duration within, std::function<void(const call_reply&)> done) {
  auto shared = traced(env, std::move(header));
  if (peer == env.self.name) {
    caf::anon_send(
        env.executor,
        method_message{peer, shared, shared_bytes(std::move(payload)), std::move(done), {}});
    return;
  }
  auto entry = env.peers.find(peer);
  if (!entry || !(entry->is_up || entry->is_first_dial)) {
    auto known =
        entry ? "the link to '" + peer + "' is down" : "no peer '" + peer + "' is known here";
    done({errc::unreachable, known + "; the call did not run", {}});
    return;
  }
  caf::anon_send(entry->link, call_request{std::move(shared), shared_bytes(std::move(payload)),
                                           env.time->now() + within.count(), std::move(done)});
}

}  // namespace holdfast
