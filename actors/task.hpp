#pragma once

#include <holdfast/actors/handler_run.hpp>
#include <holdfast/actors/peer_events.hpp>
#include <holdfast/actors/registry.hpp>
#include <holdfast/core/bytes.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace holdfast {

// What mailboxes hold and handler threads run. Plain values; no CAF.

/// A message or synchronous call for a method, an event about a peer, or the continuation of a call that a handler made.
/// In memory only.
struct task_message {
  std::string caller;
  std::shared_ptr<const call_header>
      header;  ///< of the method; for a continuation, of the handler that made the call
  shared_bytes payload;
  std::function<void(const call_reply&)> done;    ///< empty unless somebody waits
  std::function<void()> taken;                    ///< gives credit back
  std::shared_ptr<const peer_listener> listener;  ///< set for a peer event
  peer_event event;
  handler_run::continuation then;  ///< set for a continuation
  call_reply reply;
};

/// One thing to run: a durable call, or a message.
struct task_item {
  inbox_entry entry;  ///< if `message` is empty
  std::shared_ptr<const task_message> message;
  std::uint32_t runs = 0;  ///< of a message; attempts of a call are in `entry`
  bool is_taken =
      false;  ///< its credit was given back; it may come back to its mailbox and run again
};

/// Rows that runs have written and that are not on disk yet, by stored key.
using overlay = std::map<std::string, std::optional<std::string>>;

struct outgoing_message {
  std::string peer;
  call_header header;
  std::string payload;
  duration wait{};  ///< before it is sent; only to oneself
};

struct outgoing_call {
  std::string peer;
  call_header header;
  std::string payload;
  duration within{};
  handler_run::continuation then;
};

enum class run_status : std::uint8_t {
  done,         ///< returned; `value` holds what
  threw,        ///< `text` says what
  undecodable,  ///< will never fit: a dead letter
  unserved,     ///< nobody serves the method (any more)
  gone,         ///< no such call in the inbox (an operator dropped it)
  expired,      ///< its time ran out before it was started
};

/// What one run did. Nothing of it has left the node.
struct run_result {
  task_item item;
  run_status status = run_status::done;
  errc reason = errc::none;  ///< with `undecodable`: that, or damaged
  std::string value;
  std::string text;
  std::shared_ptr<const call_header> header;  ///< of the call that ran, if it could be read
  handler_effects effects;
  std::vector<outgoing_message> sends;
  std::vector<outgoing_call> calls;

  bool is_refused = false;  ///< with `threw`: a refused_call

  // With `threw`, decided by the executor.
  bool is_given_up = false;  ///< its attempts are used up
  bool keeps_place = false;  ///< ordered mailbox: what is behind it waits
  node_time due = 0;         ///< of the next attempt
};

/// What one mailbox gives to a handler thread. The thread adds results as they come and the executor takes them away,
/// so that a slow call does not hold back the results of those before it.
struct task {
  std::uint64_t id = 0;
  std::uint64_t mailbox = 0;
  std::vector<task_item> items;
  std::vector<std::shared_ptr<const overlay>> below;  ///< not yet on disk, newest first
  bool is_alone = false;  ///< it looks for what cannot be committed: not together with others
  bool stops_at_failure = false;  ///< ordered mailbox: a failing call holds back the rest

  struct progress {
    std::vector<run_result> results;
    std::vector<task_item> unrun;  ///< given back when the task ended early
    bool is_finished = false;
    bool is_asked = false;  ///< finished but for one call whose actor has yet to reply
  };

  /// From the handler thread. True when the executor must be told that there is something.
  bool add(progress more) {
    std::lock_guard guard(mutex_);
    for (auto& result : more.results)
      news_.results.push_back(std::move(result));
    for (auto& item : more.unrun)
      news_.unrun.push_back(std::move(item));
    news_.is_finished |= more.is_finished;
    news_.is_asked |= more.is_asked;
    return !std::exchange(is_told_, true);
  }

  /// From the executor: everything since the last time.
  progress take() {
    std::lock_guard guard(mutex_);
    is_told_ = false;
    return std::exchange(news_, {});
  }

private:
  std::mutex mutex_;
  progress news_;
  bool is_told_ = false;
};

}  // namespace holdfast
