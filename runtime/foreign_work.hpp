#pragma once

#include <holdfast/actors/worker_desk.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/foreign.hpp>
#include <holdfast/runtime/foreign_call.hpp>
#include <holdfast/runtime/foreign_port.hpp>
#include <holdfast/runtime/foreign_work_words.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace holdfast {

/// A foreign node as a worker of this node's controller, over all its sessions. To the controller it is a worker like any
/// other: this speaks worker_protocol for it, around a desk, and holdfast.run, drop, ended (docs/wire.md) to the node.
///
/// - The desk lives from holdfast.work to the end of the session. What runs outlives it in the foreign process, which says what
///   it holds in the next session; then the run goes on, unless the controller wants it no more.
/// - An end and a checkpoint are queued calls from the foreign name, on this node's disk; `heard` follows. An end that is said
///   again is stored once.
/// - A foreign node takes work only if the operator allows it "holdfast.work", and only of the node that it is connected to.
class foreign_work {
public:
  explicit foreign_work(foreign_port& port) : port_(port) {}

  void open(const std::string& type, std::uint64_t incarnation);
  void close();

  /// holdfast.work, progress, checkpoint and ended; false for any other. `bytes` is what the message took.
  bool hear(const foreign_call& call, std::size_t bytes);

  /// Whether a message to the node is one for its worker: from the controller here, not from another foreign node.
  static bool is_for_worker(const call_header& header);
  void desired(std::string_view payload);

  /// What waits for a slot, or for room on the connection, goes out.
  void start();

private:
  struct live_run {
    assigned_item order;  ///< without its bytes
    node_time progress_at = 0;
  };

  template <class... A>
  void tell(const method<void(A...)>& m, const std::type_identity_t<A>&... arguments);
  template <class... A>
  foreign::request queued(std::string id, const run_key& run, const method<void(A...)>& m,
                          const std::type_identity_t<A>&... arguments) const;
  bool may_work();
  void offered(const foreign_call& call);
  void progressed(const foreign_progress& news);
  void saved(const foreign_checkpoint& news, std::size_t bytes);
  void ended(const foreign_end& news);
  bool start_one(const assigned_item& order);
  void stop(const std::vector<run_key>& runs);
  void store(const run_key& key);
  void stored(const run_key& key);
  void look();
  void tick();
  void arm();
  void report();

  foreign_port& port_;
  std::string type_;
  std::uint64_t incarnation_ = 0;
  std::optional<worker_desk> desk_;  ///< there is one while the node works
  foreign_offer offer_;
  std::map<run_key, live_run> runs_;  ///< by the epoch they were started under
  std::map<run_key, run_key>
      unheard_;  ///< item -> the run that said so; its end is not on disk yet
  std::set<run_key> storing_;
  std::uint64_t past_session_ = 0;  ///< of the controller, in the session before
  node_time armed_ = 0;
};

}  // namespace holdfast
