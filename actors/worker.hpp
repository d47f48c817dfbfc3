#pragma once

#include <holdfast/actors/work_method.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/method.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace caf {
class actor_system;
}

namespace holdfast {

struct environment;

/// What a worker offers, and to whom. Alphabetical, for designated initialisers.
struct worker_options {
  std::string controller{};  ///< the node that owns the work; the only one it is taken from
  std::vector<std::string> labels{};                   ///< what items may demand: "gpu"
  duration report_interval = std::chrono::seconds(2);  ///< how often differences are looked for
  unsigned slots = 1;                                  ///< items at a time: 1 to 1024
  std::string type{};  ///< of the node, in a cluster of several kinds
};

/// Throws errc::bad_name or bad_option with a sentence that names the option.
void check_options(const worker_options& options);

struct worker_numbers {
  std::size_t running = 0;    ///< handlers that have not returned, unwanted ones included
  std::size_t waiting = 0;    ///< given to it, not started
  std::size_t unheard = 0;    ///< ended, and the controller has not said that it knows
  std::uint64_t started = 0;  ///< since the process began
};

/// Offers a node to a controller: takes its items, runs each in a handler of its own, and tells how they ended. What has
/// ended is on this node's disk before anybody hears of it, and is told until it was heard, over restarts of both sides.
///
/// It is the service "holdfast.worker" of its node, one mailbox; the runs have actors of their own, with a thread each
/// except in simulation. An item of an older session is never started; what runs when the controller is lost goes on, as
/// long as the item allows. Any thread, but `start` and `shut` once and in this order.
class worker {
public:
  worker(environment& env, worker_options options);
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  /// Runs `handler` for the items of a method: a function of its parameters, before them a work_context& if it wants one.
  /// Up to `slots` of them at a time, each on a thread of its own, where it may block.
  template <class R, class... A, class H>
  void serve(const method<R(A...)>& m, H handler) {
    serve(make_work_method(m, std::move(handler)));
  }
  /// Likewise for a handler (work_ticket, A...) that returns at once, and whose ticket is finished later.
  template <class R, class... A, class H>
  void serve_async(const method<R(A...)>& m, H handler) {
    serve(make_async_work_method(m, std::move(handler)));
  }
  void serve(work_method method);

  /// When the node takes calls: loads what is still to be heard, reports. `address` is where the node listens, or empty.
  void start(caf::actor_system& system, std::string address = {});

  /// The node stops: what runs is handed back and told to stop, nothing is started any more. `left` is called once, when
  /// that is on disk and the controller, if there is a link to it, knows.
  void leave(std::function<void()> left);

  /// Calls `idle` when no handler runs, at once if none does. Behind `leave`.
  void when_idle(std::function<void()> idle);

  /// Behind it nothing of a run enters the node. Before the node's actors end.
  void shut();

  worker_numbers numbers() const;
  const worker_options& options() const;

private:
  struct service;
  std::shared_ptr<service> service_;
};

}  // namespace holdfast
