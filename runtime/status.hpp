#pragma once

#include <holdfast/core/value.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a node shows of itself: plain structs, the same ones for tests, the operator's console and `--json`, whose member
/// names are these. Times are ISO 8601 text in UTC, durations seconds, ids as `call_id::to_text` writes them.
namespace holdfast {

#define HOLDFAST_SHOWN(member) boost::serialization::make_nvp(#member, member)

struct node_report {
  std::string name, id, address, cluster, version;
  std::uint64_t incarnation = 0;
  bool is_running = true;  ///< false: read from the store while no node runs on it
  double uptime = 0;
  std::uint64_t peers_up = 0, methods = 0;
  std::uint64_t outbox = 0, inbox = 0, ready = 0, due = 0, parked = 0, dead = 0, in_memory = 0;
  std::uint64_t commits = 0, flushes = 0, bytes_used = 0, file_bytes = 0;
  bool is_full = false;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& HOLDFAST_SHOWN(name) & HOLDFAST_SHOWN(id) & HOLDFAST_SHOWN(address)
        & HOLDFAST_SHOWN(cluster) & HOLDFAST_SHOWN(version) & HOLDFAST_SHOWN(incarnation)
        & HOLDFAST_SHOWN(is_running) & HOLDFAST_SHOWN(uptime) & HOLDFAST_SHOWN(peers_up)
        & HOLDFAST_SHOWN(methods) & HOLDFAST_SHOWN(outbox) & HOLDFAST_SHOWN(inbox)
        & HOLDFAST_SHOWN(ready) & HOLDFAST_SHOWN(due) & HOLDFAST_SHOWN(parked)
        & HOLDFAST_SHOWN(dead) & HOLDFAST_SHOWN(in_memory) & HOLDFAST_SHOWN(commits)
        & HOLDFAST_SHOWN(flushes) & HOLDFAST_SHOWN(bytes_used) & HOLDFAST_SHOWN(file_bytes)
        & HOLDFAST_SHOWN(is_full);
  }
};

/// A peer: its link (while the node runs) and what the journal holds for it.
struct peer_report {
  std::string name, address, state, reason, reason_text, id;
  std::uint64_t incarnation = 0, sessions = 0;
  std::uint64_t messages_sent = 0, messages_refused = 0, messages_received = 0;
  std::uint64_t calls_transmitted = 0, calls_ended = 0, calls_received = 0;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  std::uint64_t waiting = 0;   ///< calls in the outbox that it has not confirmed
  std::uint64_t open = 0;      ///< calls to it whose end is not known here
  std::uint64_t orphaned = 0;  ///< calls of closed lanes: `peers requeue` or `peers drop-orphans`

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& HOLDFAST_SHOWN(name) & HOLDFAST_SHOWN(address) & HOLDFAST_SHOWN(state)
        & HOLDFAST_SHOWN(reason) & HOLDFAST_SHOWN(reason_text) & HOLDFAST_SHOWN(id)
        & HOLDFAST_SHOWN(incarnation) & HOLDFAST_SHOWN(sessions) & HOLDFAST_SHOWN(messages_sent)
        & HOLDFAST_SHOWN(messages_refused) & HOLDFAST_SHOWN(messages_received)
        & HOLDFAST_SHOWN(calls_transmitted) & HOLDFAST_SHOWN(calls_ended)
        & HOLDFAST_SHOWN(calls_received) & HOLDFAST_SHOWN(bytes_in) & HOLDFAST_SHOWN(bytes_out)
        & HOLDFAST_SHOWN(waiting) & HOLDFAST_SHOWN(open) & HOLDFAST_SHOWN(orphaned);
  }
};

/// One queued call, at its source or at its target.
struct call_report {
  std::string id;
  std::string place;  ///< outbox, inbox, dead
  std::string state;  ///< waiting, in doubt, stored, orphaned; running, ready, due, parked; dead
  std::string peer;   ///< the target of a call in the outbox, the source of another
  std::string method, key, user_id, trace, origin, queued_at;
  std::int64_t priority = 0;
  std::uint64_t payload_bytes = 0, failures = 0;
  std::optional<double> expires_in, due_in;
  std::string reason, text;  ///< of a dead letter; or the latest failure

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& HOLDFAST_SHOWN(id) & HOLDFAST_SHOWN(place) & HOLDFAST_SHOWN(state) & HOLDFAST_SHOWN(peer)
        & HOLDFAST_SHOWN(method) & HOLDFAST_SHOWN(key) & HOLDFAST_SHOWN(user_id)
        & HOLDFAST_SHOWN(trace) & HOLDFAST_SHOWN(origin) & HOLDFAST_SHOWN(queued_at)
        & HOLDFAST_SHOWN(priority) & HOLDFAST_SHOWN(payload_bytes) & HOLDFAST_SHOWN(failures)
        & HOLDFAST_SHOWN(expires_in) & HOLDFAST_SHOWN(due_in) & HOLDFAST_SHOWN(reason)
        & HOLDFAST_SHOWN(text);
  }
};

/// One thing that happened to a call. Times that were not recorded are empty.
struct call_step {
  std::string what;  ///< queued, stored, attempt 1 failed, executed, dead: handler_failed ...
  std::string at, text;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& HOLDFAST_SHOWN(what) & HOLDFAST_SHOWN(at) & HOLDFAST_SHOWN(text);
  }
};

struct call_history {
  std::string id;
  std::vector<call_report> copies;  ///< where this node holds it; none when it ended
  std::vector<call_step> steps;     ///< in order
  value arguments;                  ///< as given, where the call carries dynamic values

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& HOLDFAST_SHOWN(id) & HOLDFAST_SHOWN(copies) & HOLDFAST_SHOWN(steps)
        & HOLDFAST_SHOWN(arguments);
  }
};

/// A row of a table. Declared tables show typed keys and values; others their bytes.
struct state_report {
  value key, content;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& HOLDFAST_SHOWN(key) & boost::serialization::make_nvp("value", content);
  }
};

struct method_report {
  std::string name, service, description, signature;
  bool is_actor = false;  ///< an actor of the program's own answers it

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& HOLDFAST_SHOWN(name) & HOLDFAST_SHOWN(service) & HOLDFAST_SHOWN(description)
        & HOLDFAST_SHOWN(signature) & HOLDFAST_SHOWN(is_actor);
  }
};

#undef HOLDFAST_SHOWN

}  // namespace holdfast
