#pragma once

#include <holdfast/actors/actor_ref.hpp>
#include <holdfast/actors/queue_options.hpp>
#include <holdfast/core/arguments.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/outcome.hpp>

#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// The three verbs with types, for threads outside (peer.hpp) and for handlers (context.hpp) alike: `Port` is where the
/// encoded calls go and says what the verbs return.
///
/// A method that is declared here is called by its declaration and checked by the compiler; one that is not, by its name
/// with dynamic values, which the target converts. Each verb exists twice for readable errors: core/arguments.hpp.
namespace holdfast {

namespace detail {

struct no_completion {};

template <class T>
[[noreturn]] T not_compiled() {
  std::terminate();
}

template <class Signature>
inline constexpr bool is_completion = false;
template <class R, class... X>
inline constexpr bool is_completion<void(outcome<R>, X...)> = true;

}  // namespace detail

/// The durable verb with what was said before it. `Completed` is the result that a completion waits for.
template <class Port, class Completed = detail::no_completion>
class queueing {
public:
  using port_type = Port;
  using queued = typename Port::queued;

  queueing(Port port, detail::queue_plan plan) : port_(std::move(port)), plan_(std::move(plan)) {}

  /// The options of the call; the last `with` counts.
  queueing with(queue_options options) const {
    auto changed = plan_;
    changed.options = std::move(options);
    return {port_, std::move(changed)};
  }

  /// Names the method of this node that hears how the call ended, and what it is given along.
  template <class R, class... X>
  queueing<Port, R> then(const method<void(outcome<R>, X...)>& completion,
                         const std::type_identity_t<X>&... bound) const {
    static_assert(std::same_as<Completed, detail::no_completion>,
                  "holdfast: a call has one completion");
    auto changed = plan_;
    changed.completion = completion_spec{std::string(completion.name()), fingerprint(completion),
                                         encode_arguments<X...>(bound...)};
    return {port_, std::move(changed)};
  }
  template <class R, class... X, class... G>
  requires misfit<pack<X...>, pack<G...>> queueing<Port, R> then(
      const method<void(outcome<R>, X...)>&, G&&...)
  const {
    explain<pack<X...>, pack<G...>>();
    return detail::not_compiled<queueing<Port, R>>();
  }
  template <class Signature, class... G>
  requires(!detail::is_completion<Signature>) queueing then(const method<Signature>&, G&&...)
  const {
    static_assert(detail::is_completion<Signature>,
                  "holdfast: a completion is a method<void(outcome<T>, ...)>, where T is what the "
                  "queued method returns");
    return detail::not_compiled<queueing>();
  }

  /// The durable actor `name` of class `T` on that node.
  template <durable T>
  actor_ref<T, queueing> actor(std::string_view name) const {
    return {*this, std::string(name)};
  }

  template <class R, class... A>
  queued queue(const method<R(A...)>& m, const std::type_identity_t<A>&... arguments) const {
    return port_.queue(request<R, A...>(m.name(), {}, arguments...));
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>> queued queue(const method<R(A...)>&, G&&...)
  const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<queued>();
  }
  queued queue(std::string_view method_name, const array& positional = {},
               const dict& named = {}) const {
    return port_.queue(request(method_name, positional, named));
  }
  queued queue(std::string_view method_name, const dict& named) const {
    return queue(method_name, {}, named);
  }

  /// As `queue`, without waiting for the disk: what it returns is asked later. Only for threads outside the runtime.
  template <class R, class... A, class P = Port>
  typename P::ticket queue_async(const method<R(A...)>& m,
                                 const std::type_identity_t<A>&... arguments) const {
    return port_.queue_async(request<R, A...>(m.name(), {}, arguments...));
  }
  template <class R, class... A, class... G, class P = Port>
  requires misfit<pack<A...>, pack<G...>>
  typename P::ticket queue_async(const method<R(A...)>&, G&&...) const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<typename P::ticket>();
  }
  template <class P = Port>
  typename P::ticket queue_async(std::string_view method_name, const array& positional = {},
                                 const dict& named = {}) const {
    return port_.queue_async(request(method_name, positional, named));
  }

protected:
  template <class, class>
  friend class actor_ref;

  template <class R, class... A>
  queue_request request(std::string_view method_name, std::string_view key,
                        const A&... arguments) const {
    static_assert(
        std::same_as<Completed, detail::no_completion> || std::same_as<Completed, R>,
        "holdfast: the completion takes an outcome<T> of another type than this method returns");
    return detail::make_request(plan_,
                                detail::encode_typed<R, A...>(method_name, key, arguments...));
  }
  queue_request request(std::string_view method_name, const array& positional,
                        const dict& named) const {
    static_assert(std::same_as<Completed, detail::no_completion> || std::same_as<Completed, value>,
                  "holdfast: what a method called by its name returns is a value: its completion "
                  "takes an outcome<value>");
    return detail::make_request(plan_, detail::encode_dynamic(method_name, positional, named));
  }

  Port port_;
  detail::queue_plan plan_;
};

/// The synchronous verb with its time.
template <class Port>
class calling {
public:
  template <class R>
  using reply = typename Port::template reply<R>;

  calling(Port port, std::string peer, duration within)
      : port_(std::move(port)), peer_(std::move(peer)), within_(detail::checked_within(within)) {}

  template <class R, class... A>
  [[nodiscard]] reply<R> call(const method<R(A...)>& m,
                              const std::type_identity_t<A>&... arguments) const {
    return start<R>(detail::encode_typed<R, A...>(m.name(), {}, arguments...));
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>>
  [[nodiscard]] reply<R> call(const method<R(A...)>&, G&&...) const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<reply<R>>();
  }
  [[nodiscard]] reply<value> call(std::string_view method_name, const array& positional = {},
                                  const dict& named = {}) const {
    return start<value>(detail::encode_dynamic(method_name, positional, named));
  }
  [[nodiscard]] reply<value> call(std::string_view method_name, const dict& named) const {
    return call(method_name, {}, named);
  }

  /// The durable actor `name` of class `T` on that node, to be called within that time.
  template <durable T>
  actor_ref<T, calling> actor(std::string_view name) const {
    return {*this, std::string(name)};
  }

private:
  template <class, class>
  friend class actor_ref;

  template <class R>
  reply<R> start(detail::encoded_call call) const {
    auto header = detail::make_header(peer_, call);
    return port_.template call<R>(peer_, std::move(header), std::move(call.payload), within_);
  }

  Port port_;
  std::string peer_;
  duration within_;
};

/// One node as seen from here: all three verbs. Cheap to make and to copy.
template <class Port>
class basic_peer : public queueing<Port> {
public:
  template <class R>
  using reply = typename Port::template reply<R>;
  using sent = typename Port::sent;

  basic_peer(Port port, std::string_view name)
      : queueing<Port>(std::move(port), detail::queue_plan{std::string(name), {}, {}}) {}

  const std::string& name() const { return this->plan_.peer; }

  /// How long `call` waits; call_time_default otherwise.
  calling<Port> within(duration time) const { return {this->port_, name(), time}; }

  template <durable T>
  actor_ref<T, basic_peer> actor(std::string_view actor_name) const {
    return {*this, std::string(actor_name)};
  }

  template <class R, class... A>
  [[nodiscard]] reply<R> call(const method<R(A...)>& m,
                              const std::type_identity_t<A>&... arguments) const {
    return within(call_time_default).call(m, arguments...);
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>>
  [[nodiscard]] reply<R> call(const method<R(A...)>&, G&&...) const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<reply<R>>();
  }
  [[nodiscard]] reply<value> call(std::string_view method_name, const array& positional = {},
                                  const dict& named = {}) const {
    return within(call_time_default).call(method_name, positional, named);
  }
  [[nodiscard]] reply<value> call(std::string_view method_name, const dict& named) const {
    return call(method_name, {}, named);
  }

  /// At most once, and its result is ignored.
  template <class R, class... A>
  sent send(const method<R(A...)>& m, const std::type_identity_t<A>&... arguments) const {
    return emit(detail::encode_typed<R, A...>(m.name(), {}, arguments...));
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>> sent send(const method<R(A...)>&, G&&...)
  const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<sent>();
  }
  sent send(std::string_view method_name, const array& positional = {},
            const dict& named = {}) const {
    return emit(detail::encode_dynamic(method_name, positional, named));
  }
  sent send(std::string_view method_name, const dict& named) const {
    return send(method_name, {}, named);
  }

private:
  template <class, class>
  friend class actor_ref;

  template <class R>
  reply<R> start(detail::encoded_call call) const {
    auto header = detail::make_header(name(), call);
    return this->port_.template call<R>(name(), std::move(header), std::move(call.payload),
                                        call_time_default);
  }
  sent emit(detail::encoded_call call) const {
    auto header = detail::make_header(name(), call);
    return this->port_.send(name(), std::move(header), std::move(call.payload));
  }
};

}  // namespace holdfast
