#pragma once

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/controller.hpp>
#include <holdfast/actors/durable_actor.hpp>
#include <holdfast/actors/peer.hpp>
#include <holdfast/actors/registry.hpp>
#include <holdfast/actors/serve.hpp>
#include <holdfast/actors/work_front.hpp>
#include <holdfast/actors/worker.hpp>
#include <holdfast/persistence/outcome.hpp>
#include <holdfast/runtime/node_options.hpp>
#include <holdfast/runtime/shown_table.hpp>
#include <holdfast/runtime/status.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace caf {
class actor_system;
}

namespace holdfast {

struct environment;
class platform;

/// Who may call a method: the nodes of the cluster, or foreign nodes too (docs/wire.md).
enum class audience : std::uint8_t { cluster, everyone };

/// One node in this process: its store, its links, its handlers.
///
///     holdfast::node node({.data = "alpha", .listen = "127.0.0.1:7101", .name = "alpha"});
///     node.serve(render, [](holdfast::context& ctx, const std::string& path, int dpi) { ... });
///     node.start();
///     node.to("beta").queue(render, "a.pdf", 300);
///
/// Serve before `start`: calls for a method that is not served yet are parked until it is, at the cost of a commit. The
/// verbs open the store when they are first used, before `start` too: what is queued then is on disk and goes out when the
/// links open. Any thread may use the verbs. Neither copied nor moved: handlers and peers refer to it.
class node {
public:
  /// Checks the options and opens nothing. Throws errc::bad_name, bad_config, insecure_listen.
  explicit node(node_options options);
  node(node_options options, platform& on);  ///< `on` outlives it
  ~node();                                   ///< stops
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Runs `handler` for the calls of a method: a function of its parameters, before them a context& if it wants one; or,
  /// with <holdfast/runtime/actor_handlers.hpp>, an actor of the program's own.
  template <class R, class... A, class H>
  void serve(const method<R(A...)>& m, H handler) {
    if constexpr (requires(node & self) { serve_through(self, m, handler); })
      serve_through(*this, m, handler);
    else
      serve(make_served(m, std::move(handler)));
  }
  /// As above; audience::everyone lets foreign nodes call it too, without the operator's --foreign-allow.
  template <class R, class... A, class H>
  void serve(const method<R(A...)>& m, H handler, audience who) {
    auto served = make_served(m, std::move(handler));
    served.is_public = who == audience::everyone;
    serve(std::move(served));
  }
  /// Serves a class of durable actors: the methods that it lists.
  template <durable T>
  void serve() {
    for (auto& member : make_served_actor<T>())
      serve(std::move(member));
  }
  void serve(served_method method);

  /// How a service ("pages" of "pages.render") runs its calls.
  void configure(const std::string& service, service_options options);

  /// Runs `handler(context&, const Event&)` or `handler(const Event&)` for each peer_up, peer_suspect or peer_down, in the
  /// mailbox of `service`, behind everything that came over that session.
  template <class Event, class H>
  void on(const std::string& service, H handler) {
    static_assert(
        std::same_as<
            Event, peer_up> || std::same_as<Event, peer_suspect> || std::same_as<Event, peer_down>,
        "holdfast: a node hears peer_up, peer_suspect and peer_down");
    constexpr bool with_context = std::invocable<H&, context&, const Event&>;
    static_assert(with_context || std::invocable<H&, const Event&>,
                  "holdfast: the handler takes (context&, const Event&) or (const Event&)");
    listen({service,
            [handler = std::move(handler)](handler_run& run, const peer_event& event) mutable {
              auto* mine = std::get_if<Event>(&event);
              if (!mine)
                return;
              if constexpr (with_context) {
                context ctx(run);
                handler(ctx, *mine);
              } else
                handler(*mine);
            }});
  }
  void listen(peer_listener listener);

  /// Makes this node a controller: others submit work items to it by its name, and workers dial it.
  void serve_controller(controller_options options = {});

  /// Makes this node a worker of a controller, one that it dials or that dials it. What it can run is served at the worker:
  ///
  ///     auto& work = node.work_for({.controller = "hub", .labels = {"gpu"}, .slots = 2});
  ///     work.serve(render, [](holdfast::work_context& work, const std::string& path, int dpi) { ... });
  ///
  /// A node is one worker: errc::bad_option. When the node stops, what runs is handed back.
  worker& work_for(worker_options options);

  /// The worker that this node is; null if it is none. In a setup for run() it is the one of the command line, where
  /// that says `worker`.
  worker* work();

  /// Lets the operator's `state` commands read a table with its types.
  template <class K, class V>
  void show(const table<K, V>& declared) {
    show(make_shown(declared));
  }
  void show(shown_table shown);

  /// Opens the store if it is not open, starts what waits in it, listens and dials. Returns when calls are taken. Throws
  /// what the store or the address refuse.
  void start();

  /// Stops listening, ends what runs (for at most node_options::stop_within), says goodbye to the peers, closes the
  /// store. False if handlers did not end in time: then the process should end too; their calls run again. Idempotent.
  bool stop();

  /// A node, by name, oneself included.
  peer to(std::string_view name);
  peer self();

  /// A controller, by the name of its node, oneself included: for submitting work items and asking about them.
  controller_front controller(std::string_view name);

  const std::string& name() const;
  std::string address() const;  ///< as bound; empty before start and for nodes that only dial
  std::string foreign_address() const;  ///< likewise, for foreign nodes
  std::string http_address() const;     ///< likewise, for clients over HTTP
  const node_options& options() const;
  node_report status();
  std::vector<peer_report> peers();

  // For the runtime's own parts.
  void abandon();        ///< ends it as a killed process ends
  environment& parts();  ///< opens the store
  call_port& port();
  caf::actor_system& system();
  const registry& methods() const;
  const shown_tables& tables() const;

private:
  struct hosting;
  std::unique_ptr<hosting> hosting_;
};

}  // namespace holdfast
