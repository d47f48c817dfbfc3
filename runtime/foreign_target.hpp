#pragma once

#include <holdfast/actors/call_port.hpp>
#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/queue_options.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/outbox.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace holdfast {

// What foreign nodes and HTTP clients ask for, as calls of this node: "m" is a method here, "beta/m" is forwarded to node beta.
// `caller` is what handlers see as ctx.caller(). Any thread.

/// Throws errc::bad_name, bad_option or too_large.
queue_request foreign_request(environment& env, const std::string& caller,
                              const std::string& target, const array& params, const dict& named,
                              const queue_options& options = {});

/// Throws errc::not_allowed (counted, and logged the first time) or, where no such node is known, errc::unreachable. Another
/// node of the cluster applies its own rules; for another foreign node this one speaks.
void check_foreign(environment& env, const std::string& caller, const queue_request& request);

/// As a message without `done`, else as a synchronous call; `done` is called once. `taken` is called when it has left the
/// queue here.
void hand_on_foreign(environment& env, const std::string& caller, queue_request request,
                     duration within, std::function<void(const call_reply&)> done,
                     std::function<void()> taken);

}  // namespace holdfast
