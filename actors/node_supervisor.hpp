#pragma once

#include <holdfast/actors/environment.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

namespace holdfast {

/// How long a node's executor, switchboard or wire may handle no message at all. Far beyond any load that was measured; a
/// process that stood still as a whole is not held to it.
inline constexpr duration node_progress_max = std::chrono::seconds(60);

/// The supervisor of a node's own actors, which stand in `env` already because each knows the others. None of them is ever
/// restarted: what it had in memory was right only together with the others' memory, and what can be trusted is in the
/// journal. So the first abnormal end, of whichever, ends the node with the report's sentence (environment::on_fatal), and the
/// next start recovers.
///
///    executor, switchboard, wire, persistence actor: stopped in this order, each when the one before has ended
///
/// Handler threads live under the executor and links under the switchboard: docs/decisions/0007.
caf::actor supervise_node(caf::actor_system& system, environment& env);

}  // namespace holdfast
