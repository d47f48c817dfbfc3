#pragma once

#include <holdfast/actors/handler_run.hpp>
#include <holdfast/actors/peer.hpp>
#include <holdfast/actors/table.hpp>
#include <holdfast/actors/verbs.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace holdfast {

class context;
template <class Port>
class basic_controller;

/// A synchronous call that a handler is about to make: `then` says who hears the answer. The call leaves when the handler
/// has committed; the continuation is a transaction of its own, in the same mailbox. It does not survive a restart: what
/// must, is queued with a completion.
///
///     ctx.to("beta").within(2s).call(count_pages, path).then([=](context& ctx, expected<int> pages) { ... });
template <class R>
class [[nodiscard]] pending_reply {
public:
  pending_reply(handler_run& run, std::string peer, call_header header, std::string payload,
                duration within)
      : run_(&run), peer_(std::move(peer)), header_(std::move(header)),
        payload_(std::move(payload)), within_(within) {}

  template <class F>
  void then(F continuation) &&;

private:
  handler_run* run_;
  std::string peer_;
  call_header header_;
  std::string payload_;
  duration within_;
};

/// The verbs of a handler: everything leaves with its commit, or not at all. `queue` returns nothing, because ids are
/// drawn in the commit (docs/decisions/0003-call-ids-name-their-place.md); a user id or a completion tells calls apart.
class inside_port {
public:
  using queued = void;
  using sent = void;
  template <class R>
  using reply = pending_reply<R>;

  explicit inside_port(handler_run& run) : run_(&run) {}

  void queue(queue_request request) const;
  void send(const std::string& peer, call_header header, std::string payload) const;
  void send_later(duration wait, call_header header, std::string payload) const;
  template <class R>
  pending_reply<R> call(const std::string& peer, call_header header, std::string payload,
                        duration within) const {
    continue_trace(header);
    return {*run_, peer, std::move(header), std::move(payload), within};
  }

private:
  void continue_trace(call_header& header) const;

  handler_run* run_;
};

/// A message that a handler sends to its own node, some time after its commit: a reminder. It does not survive a restart:
/// what must, is queued to oneself with not_before.
///
///     ctx.later(30s).send(look_again, path);
class reminder {
public:
  reminder(inside_port port, std::string self, duration wait)
      : port_(port), self_(std::move(self)), wait_(detail::checked_wait(wait)) {}

  template <class R, class... A>
  void send(const method<R(A...)>& m, const std::type_identity_t<A>&... arguments) const {
    auto call = detail::encode_typed<R, A...>(m.name(), {}, arguments...);
    auto header = detail::make_header(self_, call);
    port_.send_later(wait_, std::move(header), std::move(call.payload));
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>>
  void send(const method<R(A...)>&, G&&...) const { explain<pack<A...>, pack<G...>>(); }

private:
  inside_port port_;
  std::string self_;
  duration wait_;
};

/// What a handler is given: its run, with types. One run is one transaction (handler_run.hpp). Valid on the handler's
/// thread until it returns; never keep it, nor what it returned.
class context {
public:
  explicit context(handler_run& run) : run_(&run) {}

  /// A node, oneself included, as this handler talks to it.
  basic_peer<inside_port> to(std::string_view name) const { return {inside_port(*run_), name}; }
  basic_peer<inside_port> self() const { return to(run_->node_name()); }

  /// A controller, for work items that leave with this handler's commit: <holdfast/actors/work_front.hpp>.
  basic_controller<inside_port> controller(std::string_view name) const;

  /// Sends to oneself, that long after the commit.
  reminder later(duration wait) const { return {inside_port(*run_), run_->node_name(), wait}; }

  /// The rows of a table of this node's state.
  template <class K, class V>
  rows<K, V> state(const table<K, V>& declared) const {
    return {*run_, declared.name()};
  }

  /// The queued call that is run; empty for a synchronous call, a message or a peer event. With `attempt` it makes effects
  /// outside the node idempotent: attempt 1 is guaranteed to be the first.
  holdfast::call_id call_id() const { return run_->call_id(); }
  std::uint32_t attempt() const { return run_->attempt(); }

  const std::string& caller() const { return run_->caller(); }   ///< the node that it came from
  const std::string& node() const { return run_->node_name(); }  ///< the node that runs it
  const std::string& key() const { return run_->header().key; }  ///< of the mailbox
  std::uint64_t trace() const { return run_->header().trace; }   ///< the same along every hop
  const std::string& origin() const { return run_->header().origin; }  ///< where that trace began
  node_time now() const { return run_->now(); }  ///< the node's time, for measuring; not a date

  handler_run& run() const { return *run_; }

private:
  handler_run* run_;
};

template <class R>
template <class F>
void pending_reply<R>::then(F continuation) && {
  constexpr bool with_context = std::invocable<F&, context&, expected<R>>;
  static_assert(with_context || std::invocable<F&, expected<R>>,
                "holdfast: a continuation takes (context&, expected<R>) or (expected<R>), where R "
                "is what the method "
                "returns");
  run_->call(
      peer_, std::move(header_), std::move(payload_), within_,
      [continuation = std::move(continuation)](handler_run& run, const call_reply& reply) mutable {
        if constexpr (with_context) {
          context ctx(run);
          continuation(ctx, detail::typed_reply<R>(reply));
        } else
          continuation(detail::typed_reply<R>(reply));
      });
}

}  // namespace holdfast
