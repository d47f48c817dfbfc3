#pragma once

#include <holdfast/actors/call_port.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/call_record.hpp>

#include <functional>
#include <string>

namespace holdfast {

struct environment;

// The way out for messages and synchronous calls, for handlers after their commit and for threads outside. Any thread.

/// At most once. False, and counted, when the link is down or its credit is used up. To oneself it always goes.
bool send_to(environment& env, const std::string& peer, call_header header, std::string payload);

/// `done` is called exactly once, on another thread or, where it is known at once that the call cannot run, on this one.
void call_to(environment& env, const std::string& peer, call_header header, std::string payload,
             duration within, std::function<void(const call_reply&)> done);

}  // namespace holdfast
