#pragma once

#include <holdfast/actors/foreign_rules.hpp>
#include <holdfast/actors/node_settings.hpp>
#include <holdfast/actors/peer_directory.hpp>
#include <holdfast/actors/registry.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/admission.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/journal.hpp>

#include <caf/actor.hpp>
#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <spdlog/logger.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace holdfast {

class group_writer;

/// What the actors of one node share. It outlives them; the handles are set while the node is put together and do not
/// change afterwards.
struct environment {
  node_settings settings;
  node_identity self;
  journal* store = nullptr;
  const node_clock* time = nullptr;
  random_source* random = nullptr;
  std::string secret;  ///< of the cluster; proved by both sides of every link
  std::shared_ptr<spdlog::logger> log;
  registry methods;
  foreign_rules foreign;
  peer_directory peers;
  admission_window admission;

  caf::actor persistence;
  std::shared_ptr<group_writer> writer;  ///< the persistence actor's, and of threads that wait
  caf::actor executor;
  caf::actor switchboard;
  caf::actor wire;

  /// Makes what stands where a peer_link stands, for a name that the journal knows as a foreign node's.
  std::function<caf::actor(const std::string& peer)> make_foreign_link;

  bool is_simulated = false;  ///< nobody is detached

  /// Whether `is_done` becomes true within that time, which the nodes spend going on. Set in a simulation, where the thread
  /// that waits runs them all.
  std::function<bool(const std::function<bool()>& is_done, duration within)> wait;

  /// The node cannot go on (a failed flush): says why and ends the process, or in simulation the node.
  std::function<void(const std::string& reason)> on_fatal;
};

/// An exception that leaves one of a node's own actors ends the node: it must not go on without it. At once, before anything
/// else happens; every other abnormal end is found by the node's supervisor (node_supervisor.hpp).
template <class Self>
void end_node_on_exception(Self* self, environment& env, std::string who) {
  self->set_exception_handler(
      [&env, who = std::move(who)](std::exception_ptr& problem) -> caf::error {
        try {
          std::rethrow_exception(problem);
        } catch (const std::exception& what) {
          env.on_fatal(who + ": " + what.what());
        } catch (...) {
          env.on_fatal(who + ": an unknown exception");
        }
        return caf::exit_reason::unhandled_exception;
      });
}

}  // namespace holdfast
