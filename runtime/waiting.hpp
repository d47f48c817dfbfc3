#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/core/error.hpp>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace holdfast {

/// For threads outside the runtime that wait for its actors. In a simulation there is no other thread: whoever waits lets
/// the nodes go on meanwhile.

/// No actor of a node takes longer for an answer than this; a simulation that does not answer in it never will.
inline constexpr duration simulated_wait_max = std::chrono::minutes(10);

/// Whether `future` is ready within that time.
template <class T>
bool is_ready_within(const environment& env, const std::future<T>& future, duration within) {
  if (!env.is_simulated)
    return future.wait_for(within) == std::future_status::ready;
  return env.wait([&future] { return future.wait_for(duration(0)) == std::future_status::ready; },
                  within);
}

/// What `future` brings, or throws.
template <class T>
T wait_for(const environment& env, std::future<T> future) {
  if (env.is_simulated && !is_ready_within(env, future, simulated_wait_max))
    throw error(errc::stopping, "the node " + env.self.name + " ended before it answered");
  return future.get();
}

/// Ready when the actor has ended.
inline std::future<void> end_of(const caf::actor& actor) {
  auto ended = std::make_shared<std::promise<void>>();
  auto future = ended->get_future();
  caf::actor_cast<caf::abstract_actor*>(actor)->attach_functor([ended] { ended->set_value(); });
  return future;
}

}  // namespace holdfast
