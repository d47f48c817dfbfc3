#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/outgoing.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/runtime/foreign_target.hpp>

#include <caf/send.hpp>

#include <memory>
#include <utility>

namespace holdfast {
namespace {

/// "beta/pages.render" is two names; without the first it is this node.
std::pair<std::string, std::string> split(const std::string& target, const std::string& self) {
  auto slash = target.find('/');
  if (slash == target.npos)
    return {self, target};
  return {target.substr(0, slash), target.substr(slash + 1)};
}

}  // namespace

queue_request foreign_request(environment& env, const std::string& caller,
                              const std::string& target, const array& params, const dict& named,
                              const queue_options& options) {
  auto [peer, method] = split(target, env.self.name);
  auto call = detail::encode_dynamic(method, params, named);
  auto request = detail::make_request({peer, options, {}}, std::move(call));
  request.header.is_foreign = true;
  request.header.trace = env.random->next() | 1;
  request.header.origin = caller;
  request.header.queued_wall_ns = env.time->wall_ns();
  return request;
}

void check_foreign(environment& env, const std::string& caller, const queue_request& request) {
  auto& method = request.header.method;
  auto shown = method;
  bool may = true;
  if (request.peer == env.self.name) {
    may = may_call(env, env.methods.find(method).get(), method);
  } else {
    if (!env.peers.find(request.peer))
      throw error(errc::unreachable, "no node '" + request.peer + "' is known at '" + env.self.name
                                         + "'; the call did not run");
    shown = request.peer + "/" + method;
    auto known = find_peer(*env.store->read(), request.peer);
    may = !(known && known->is_foreign) || env.foreign.allows(shown);
  }
  if (may)
    return;
  auto text = "foreign nodes may not call " + shown + " at '" + env.self.name + "'";
  if (env.foreign.note_refused(caller, shown) && env.log)
    env.log->warn("foreign node {}: {}: see --foreign-allow", caller, text);
  throw error(errc::not_allowed, text);
}

void hand_on_foreign(environment& env, const std::string& caller, queue_request request,
                     duration within, std::function<void(const call_reply&)> done,
                     std::function<void()> taken) {
  if (request.peer != env.self.name) {
    if (done)
      call_to(env, request.peer, std::move(request.header), std::move(request.payload), within,
              std::move(done));
    else
      send_to(env, request.peer, std::move(request.header), std::move(request.payload));
    if (taken)
      taken();
    return;
  }
  method_message message;
  message.peer = caller;
  message.header = std::make_shared<const call_header>(std::move(request.header));
  message.payload = shared_bytes(std::move(request.payload));
  message.done = std::move(done);
  message.taken = std::move(taken);
  caf::anon_send(env.executor, std::move(message));
}

}  // namespace holdfast
