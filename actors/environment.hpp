#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <caf/actor.hpp>
#include <spdlog/logger.h>

#include <holdfast/actors/peer_directory.hpp>
#include <holdfast/actors/registry.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/admission.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/journal.hpp>

namespace holdfast {

/// What an operator may set, with the defaults. Durations are exchanged in the handshake where both sides must agree.
struct node_settings {
  std::string cluster = "holdfast";     ///< nodes of other clusters are refused
  std::chrono::milliseconds heartbeat_interval{500};
  std::chrono::milliseconds silence_max{3000};   ///< a peer without progress for so long is down
  std::chrono::milliseconds handshake_max{3000}; ///< from the connection to the open link
  std::chrono::milliseconds redial_min{50};      ///< doubles, with jitter, up to redial_max
  std::chrono::milliseconds redial_max{5000};
  std::chrono::milliseconds refused_redial{5000}; ///< after a refusal, which only an operator can mend
  std::size_t window_bytes = limits::window_bytes_max;
  std::size_t send_bytes = limits::send_bytes_max;
  unsigned handler_threads_max = 64; ///< grown on demand; bounds how many slow handlers can run side by side
};

/// What the actors of one node share. It outlives them; the handles are set while the node is put together and do not
/// change afterwards.
struct environment {
  node_settings settings;
  node_identity self;
  journal* store = nullptr;
  const node_clock* time = nullptr;
  random_source* random = nullptr;
  std::string secret; ///< of the cluster; proved by both sides of every link
  std::shared_ptr<spdlog::logger> log;
  registry methods;
  peer_directory peers;
  admission_window admission;

  caf::actor persistence;
  caf::actor executor;
  caf::actor switchboard;
  caf::actor wire;
  bool is_simulated = false; ///< nobody is detached

  /// The node cannot go on (a failed flush): says why and ends the process, or in simulation the node.
  std::function<void(const std::string& reason)> on_fatal;
};

} // namespace holdfast
