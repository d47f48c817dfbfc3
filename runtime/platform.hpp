#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/journal.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <spdlog/logger.h>

#include <functional>
#include <memory>
#include <string>

namespace holdfast {

struct node_options;

/// What a node stands on: this machine, or the simulation of one. Everything by which two runs of the same node could
/// differ is asked for here, so that a simulated node is made of the same parts as a real one. It outlives its nodes.
class platform {
public:
  virtual ~platform() = default;

  virtual bool is_simulated() const = 0;
  virtual const clock& time() const = 0;
  virtual random_source& random() const = 0;

  virtual void check(const node_options& options) = 0;  ///< throws, as check_options does
  virtual std::string secret(const node_options& options) = 0;
  virtual std::shared_ptr<spdlog::logger> log(const node_options& options) = 0;
  virtual std::unique_ptr<journal> open_store(const node_options& options) = 0;

  virtual void configure(caf::actor_system_config& config) = 0;
  virtual caf::actor spawn_wire(caf::actor_system& system) = 0;

  /// The system's actors have been told to end, and the system is destroyed next, which waits for them.
  virtual void drain(caf::actor_system&) {}

  /// The node cannot go on. In production the process ends here.
  virtual void fatal(const std::string& reason) = 0;

  /// Whether `is_done` becomes true within that time. Asked in a simulation alone, where the thread that waits is the one
  /// that runs everything else.
  virtual bool wait(const std::function<bool()>& is_done, duration) { return is_done(); }
};

/// This machine: LMDB, sockets, its clocks, standard error.
platform& this_machine();

}  // namespace holdfast
