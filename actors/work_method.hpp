#pragma once

#include <holdfast/actors/serve.hpp>
#include <holdfast/actors/work_context.hpp>
#include <holdfast/persistence/dynamic_signature.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

/// From a declared method and a function to what a worker keeps, as serve.hpp does for a node's methods. Arguments that do
/// not fit end a run as never_fits, whatever the function throws as failed.
namespace holdfast {

/// A method that a worker runs for items, without its types.
struct work_method {
  std::string name;
  std::string signature;    ///< "(string, int32) -> void"
  std::string description;  ///< "pages.render(path: string, dpi: integer) -> null"

  /// Decodes and runs; ends the run, or throws, or (asynchronous) leaves a ticket with somebody. Several threads at a time.
  std::function<void(const std::shared_ptr<work_run>&)> start;
};

/// Starts a run and ends it for whatever is thrown.
void start_run(const work_method& method, const std::shared_ptr<work_run>& run);

namespace detail {

call_header header_of_run(const assigned_item& order);

template <class... A>
std::tuple<A...> arguments_of_run(const method_facts& facts, const work_run& run) {
  auto& order = run.order();
  return read_arguments<A...>(facts, header_of_run(order), order.payload_is, order.payload);
}

template <class R, class H, class... A>
consteval bool takes_work_context() {
  constexpr bool with_context = std::invocable<H&, work_context&, A...>;
  constexpr bool without = std::invocable<H&, A...>;
  static_assert(with_context || without,
                "holdfast: a work handler is callable with its method's parameters, before them an "
                "optional work_context&: (work_context&, A...) or (A...). Take them by value or "
                "const&");
  if constexpr (with_context)
    static_assert(std::is_void_v<R> || std::is_invocable_r_v<R, H&, work_context&, A...>,
                  "holdfast: the work handler returns another type than its method");
  else if constexpr (without)
    static_assert(std::is_void_v<R> || std::is_invocable_r_v<R, H&, A...>,
                  "holdfast: the work handler returns another type than its method");
  return with_context;
}

}  // namespace detail

template <class R, class... A, class H>
work_method make_work_method(const method<R(A...)>& m, H handler) {
  constexpr bool with_context = detail::takes_work_context<R, H, A...>();
  know_signature<R, A...>();  // a controller of this program tells it to foreign workers
  auto facts = detail::facts_of<R, A...>(std::string(m.name()), m.params());
  work_method made{facts.name, facts.signature, facts.description, {}};
  made.start = [facts = std::move(facts),
                handler = std::move(handler)](const std::shared_ptr<work_run>& run) mutable {
    auto arguments = detail::arguments_of_run<A...>(facts, *run);
    work_context work(run);
    run->succeed(detail::run_and_write<R>(run->order().payload_is, [&] {
      return std::apply(
          [&](A&... each) {
            if constexpr (with_context)
              return handler(work, std::move(each)...);
            else
              return handler(std::move(each)...);
          },
          arguments);
    }));
  };
  return made;
}

template <class R, class... A, class H>
work_method make_async_work_method(const method<R(A...)>& m, H handler) {
  static_assert(std::invocable<H&, work_ticket, A...>,
                "holdfast: an asynchronous work handler is callable with a work_ticket and its "
                "method's parameters: (work_ticket, A...). Take them by value or const&");
  know_signature<R, A...>();
  auto facts = detail::facts_of<R, A...>(std::string(m.name()), m.params());
  work_method made{facts.name, facts.signature, facts.description, {}};
  made.start = [facts = std::move(facts),
                handler = std::move(handler)](const std::shared_ptr<work_run>& run) mutable {
    auto arguments = detail::arguments_of_run<A...>(facts, *run);
    work_ticket ticket(run, {run->order().payload_is, detail::result_text<R>(), facts.name});
    detail::as_handler([&] {
      std::apply([&](A&... each) { handler(std::move(ticket), std::move(each)...); }, arguments);
    });
  };
  return made;
}

}  // namespace holdfast
