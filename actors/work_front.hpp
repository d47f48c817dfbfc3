#pragma once

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/peer.hpp>
#include <holdfast/actors/submit_options.hpp>
#include <holdfast/actors/verbs.hpp>
#include <holdfast/actors/work_protocol.hpp>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Work for a controller, with types: submit items, look at them, wait for them. For threads outside (node::controller) and
/// for handlers (context::controller) alike, as in verbs.hpp: what blocks is for threads outside alone.
namespace holdfast {

/// An item that was submitted and is not known to be on disk yet. Destroying it takes nothing back.
class item_ticket {
public:
  explicit item_ticket(queue_ticket stored) : stored_(std::move(stored)) {}
  bool is_ready() const { return stored_.is_ready(); }
  item_id get() { return stored_.get().to_text(); }  ///< once; as queue_ticket::get

private:
  queue_ticket stored_;
};

namespace detail {

template <class Port>
inline constexpr bool is_outside = std::same_as<Port, outside_port>;

template <class Port>
consteval void check_may_block() {
  static_assert(is_outside<Port>,
                "holdfast: this waits for others, which a handler never does: name a completion "
                "(then), or ask with look(...).then(...)");
}

// Work items of a controller until all have ended or the time is over, with growing pauses between the questions.
expected<std::vector<item_report>> wait_for_items(const outside_port& port,
                                                  const std::string& controller,
                                                  const std::vector<item_id>& items,
                                                  duration within);
expected<item_report> wait_for_result(const outside_port& port, const std::string& controller,
                                      const item_id& item, duration within);
expected<std::vector<worker_status>> workers_of_type(const outside_port& port,
                                                     const std::string& controller,
                                                     std::string_view type, duration within);
/// Those that take work, the least loaded first.
std::vector<worker_status> by_load(std::vector<worker_status> workers);
call_error nobody_of_type(std::string_view type);

}  // namespace detail

/// The verb `submit` with what was said before it. `Completed` is the result that a completion waits for.
template <class Port, class Completed = detail::no_completion>
class submitting {
public:
  /// An id outside, which names the item for ever and is durable here; nothing in a handler, with whose commit it leaves.
  using submitted = std::conditional_t<std::is_void_v<typename Port::queued>, void, item_id>;

  submitting(Port port, std::string controller, detail::submit_plan plan)
      : port_(std::move(port)), controller_(std::move(controller)), plan_(std::move(plan)) {}

  /// The options of the item; the last `with` counts.
  submitting with(submit_options options) const {
    auto changed = plan_;
    changed.options = std::move(options);
    return {port_, controller_, std::move(changed)};
  }

  /// Names the method of this node that hears how the item ended, and what it is given along.
  template <class R, class... X>
  submitting<Port, R> then(const method<void(outcome<R>, X...)>& completion,
                           const std::type_identity_t<X>&... bound) const {
    static_assert(std::same_as<Completed, detail::no_completion>,
                  "holdfast: an item has one completion");
    auto changed = plan_;
    changed.completion = completion_spec{std::string(completion.name()), fingerprint(completion),
                                         encode_arguments<X...>(bound...)};
    return {port_, controller_, std::move(changed)};
  }
  template <class R, class... X, class... G>
  requires misfit<pack<X...>, pack<G...>> submitting<Port, R> then(
      const method<void(outcome<R>, X...)>&, G&&...)
  const {
    explain<pack<X...>, pack<G...>>();
    return detail::not_compiled<submitting<Port, R>>();
  }
  template <class Signature, class... G>
  requires(!detail::is_completion<Signature>) submitting then(const method<Signature>&, G&&...)
  const {
    static_assert(detail::is_completion<Signature>,
                  "holdfast: a completion is a method<void(outcome<T>, ...)>, where T is what the "
                  "submitted method returns");
    return detail::not_compiled<submitting>();
  }

  template <class R, class... A>
  submitted submit(const method<R(A...)>& m, const std::type_identity_t<A>&... arguments) const {
    return hand_in(item<R, A...>(m, arguments...));
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>> submitted submit(const method<R(A...)>&, G&&...)
  const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<submitted>();
  }
  submitted submit(std::string_view method_name, const array& positional = {},
                   const dict& named = {}) const {
    return hand_in(item(method_name, positional, named));
  }
  submitted submit(std::string_view method_name, const dict& named) const {
    return submit(method_name, {}, named);
  }

  /// As `submit`, without waiting for the disk. Only for threads outside the runtime.
  template <class R, class... A, class P = Port>
  item_ticket submit_async(const method<R(A...)>& m,
                           const std::type_identity_t<A>&... arguments) const {
    detail::check_may_block<P>();
    return item_ticket(target().queue_async(work::submit, item<R, A...>(m, arguments...)));
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>> item_ticket submit_async(const method<R(A...)>&, G&&...)
  const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<item_ticket>();
  }
  template <class P = Port>
  item_ticket submit_async(std::string_view method_name, const array& positional = {},
                           const dict& named = {}) const {
    detail::check_may_block<P>();
    return item_ticket(target().queue_async(work::submit, item(method_name, positional, named)));
  }

protected:
  basic_peer<Port> target() const { return {port_, controller_}; }

  Port port_;
  std::string controller_;
  detail::submit_plan plan_;

private:
  template <class R, class... A>
  submission item(const method<R(A...)>& m, const A&... arguments) const {
    static_assert(
        std::same_as<Completed, detail::no_completion> || std::same_as<Completed, R>,
        "holdfast: the completion takes an outcome<T> of another type than this method returns");
    return detail::make_submission(plan_,
                                   detail::encode_typed<R, A...>(m.name(), {}, arguments...));
  }
  submission item(std::string_view method_name, const array& positional, const dict& named) const {
    static_assert(
        std::same_as<Completed, detail::no_completion> || std::same_as<Completed, value>,
        "holdfast: what a method submitted by its name returns is a value: its completion "
        "takes an outcome<value>");
    return detail::make_submission(plan_, detail::encode_dynamic(method_name, positional, named));
  }
  submitted hand_in(const submission& made) const {
    if constexpr (std::is_void_v<submitted>)
      target().queue(work::submit, made);
    else
      return target().queue(work::submit, made).to_text();
  }
};

/// Every ready worker of one type: for messages, and for a call that one of them answers.
template <class Port>
class worker_group {
public:
  worker_group(Port port, std::string controller, std::string type, duration within)
      : port_(std::move(port)), controller_(std::move(controller)), type_(std::move(type)),
        within_(within) {}

  /// At most once each. How many it was handed over to: those that this node has a link to.
  template <class R, class... A>
  expected<std::size_t> send(const method<R(A...)>& m,
                             const std::type_identity_t<A>&... arguments) const {
    auto workers = detail::workers_of_type(port_, controller_, type_, within_);
    if (!workers)
      return workers.error();
    std::size_t sent = 0;
    for (auto& worker : *workers)
      sent += basic_peer<Port>(port_, worker.name).send(m, arguments...) ? 1 : 0;
    return sent;
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>> expected<std::size_t> send(const method<R(A...)>&, G&&...)
  const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<expected<std::size_t>>();
  }

  /// Asks the least loaded one; another one only where it is certain that it did not run.
  template <class R, class... A>
  expected<R> call(const method<R(A...)>& m, const std::type_identity_t<A>&... arguments) const {
    auto workers = detail::workers_of_type(port_, controller_, type_, within_);
    if (!workers)
      return workers.error();
    expected<R> answer = detail::nobody_of_type(type_);
    for (auto& worker : detail::by_load(std::move(*workers))) {
      answer = basic_peer<Port>(port_, worker.name).within(within_).call(m, arguments...);
      if (answer || answer.error().kind != errc::unreachable)
        return answer;
    }
    return answer;
  }
  template <class R, class... A, class... G>
  requires misfit<pack<A...>, pack<G...>> expected<R> call(const method<R(A...)>&, G&&...)
  const {
    explain<pack<A...>, pack<G...>>();
    return detail::not_compiled<expected<R>>();
  }

private:
  Port port_;
  std::string controller_;
  std::string type_;
  duration within_;
};

/// A controller as seen from here. Cheap to make and to copy.
template <class Port>
class basic_controller : public submitting<Port> {
public:
  template <class R>
  using reply = typename Port::template reply<R>;

  basic_controller(Port port, std::string_view name)
      : submitting<Port>(std::move(port), std::string(name), {}) {}

  const std::string& name() const { return this->controller_; }

  /// How long each question below waits; call_time_default otherwise.
  basic_controller within(duration time) const {
    auto changed = *this;
    changed.within_ = detail::checked_within(time);
    return changed;
  }

  // An id may be that of a duplicate: it stands for the first one of its key.
  [[nodiscard]] reply<std::vector<item_report>> look(const std::vector<item_id>& items) const {
    return asked().call(work::look, items);
  }
  [[nodiscard]] reply<item_report> show(const item_id& item) const {
    return asked().call(work::show, item);
  }
  [[nodiscard]] reply<item_report> why(const item_id& item) const {
    return asked().call(work::why, item);
  }
  [[nodiscard]] reply<std::vector<item_report>> list(const item_filter& filter = {}) const {
    return asked().call(work::list, filter);
  }
  [[nodiscard]] reply<work_counts> counts() const { return asked().call(work::counts); }
  [[nodiscard]] reply<std::vector<worker_status>> workers() const {
    return asked().call(work::workers);
  }
  [[nodiscard]] reply<item_report> cancel(const item_id& item) const {
    return asked().call(work::cancel, item);
  }
  [[nodiscard]] reply<item_report> retry(const item_id& item) const {
    return asked().call(work::retry, item);
  }

  // These wait: only for threads outside the runtime.

  /// Reports in the order of the ids, when all have ended or the time is over: look at their states. Ids that the controller
  /// has not heard of yet are waited for, and left out in the end. An error: nothing was learned in all that time.
  template <class P = Port>
  expected<std::vector<item_report>> wait(const std::vector<item_id>& items,
                                          duration within) const {
    detail::check_may_block<P>();
    return detail::wait_for_items(this->port_, name(), items, detail::checked_within(within));
  }
  template <class P = Port>
  expected<std::vector<item_report>> wait(std::initializer_list<item_id> items,
                                          duration within) const {
    return wait<P>(std::vector<item_id>(items), within);
  }
  template <class P = Port>
  expected<item_report> wait(const item_id& item, duration within) const {
    auto reports = wait<P>(std::vector<item_id>{item}, within);
    if (!reports)
      return reports.error();
    if (reports->empty())
      return call_error{errc::unknown, "the controller has not heard of item " + item + " yet"};
    return std::move(reports->front());
  }

  /// What the item's method returned, waited for. errc::failed: it ended otherwise, `text` says how; errc::unknown: not in
  /// that time. `R` is what the method returns, or `value` for one that was submitted by its name.
  template <class R, class P = Port>
  expected<R> result(const item_id& item, duration within) const {
    detail::check_may_block<P>();
    auto report =
        detail::wait_for_result(this->port_, name(), item, detail::checked_within(within));
    if (!report)
      return report.error();
    return detail::typed_reply<R>({errc::none, {}, shared_bytes(std::move(report->result))});
  }

  /// Workers that take work now.
  template <class P = Port>
  expected<std::vector<worker_status>> workers_of(std::string_view type) const {
    detail::check_may_block<P>();
    return detail::workers_of_type(this->port_, name(), type, within_);
  }

  /// `broadcast("render").send(...)`, `any_of("render").call(...)`: from a node with links to them, such as their controller's.
  template <class P = Port>
  worker_group<P> broadcast(std::string_view type) const {
    detail::check_may_block<P>();
    return {this->port_, name(), std::string(type), within_};
  }
  template <class P = Port>
  worker_group<P> any_of(std::string_view type) const {
    return broadcast<P>(type);
  }

private:
  calling<Port> asked() const { return this->target().within(within_); }

  duration within_ = call_time_default;
};

/// What node::controller returns. It must not outlive the node.
using controller_front = basic_controller<outside_port>;

inline basic_controller<inside_port> context::controller(std::string_view name) const {
  return {inside_port(*run_), name};
}

}  // namespace holdfast
