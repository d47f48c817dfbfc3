#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/runtime/waiting.hpp>

#include <caf/send.hpp>

#include <future>
#include <memory>
#include <utility>

namespace holdfast {

/// One transaction from a thread outside the runtime: waits until it is durable, throws why it was refused.
/// `apply(ledger&, Result&)` may run more than once, each time with an empty result.
template <class Result, class Apply>
Result commit_now(environment& env, growth kind, Apply apply) {
  auto promise = std::make_shared<std::promise<Result>>();
  auto future = promise->get_future();
  auto operation = make_operation<Result>(
      kind, 0, false, std::move(apply), [promise](Result& result, const error* refusal) {
        if (refusal)
          promise->set_exception(std::make_exception_ptr(*refusal));
        else
          promise->set_value(std::move(result));
      });
  caf::anon_send(env.persistence, commit_request{std::move(operation)});
  try {
    return wait_for(env, std::move(future));
  } catch (const std::future_error&) {
    throw error(errc::stopping, "the node " + env.self.name + " is stopping; nothing was changed");
  }
}

}  // namespace holdfast
