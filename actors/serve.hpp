#pragma once

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/registry.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/persistence/codec.hpp>
#include <holdfast/persistence/describe.hpp>
#include <holdfast/persistence/outcome.hpp>
#include <holdfast/persistence/signature.hpp>
#include <holdfast/persistence/value_archive.hpp>
#include <holdfast/persistence/value_bytes.hpp>

#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

/// From a declared method and a function to what the registry keeps: decodes the payload, runs the function, encodes what
/// it returned. A payload that does not fit throws errc::undecodable or errc::bad_argument, a dead letter at once; what
/// the function throws is a failed attempt, whatever it is.
namespace holdfast {
namespace detail {

[[noreturn]] void refuse_fingerprint(std::string_view method, std::uint64_t given,
                                     std::string_view signature);
[[noreturn]] void refuse_completion(std::string_view method, std::string_view signature);

/// What `served_method::run` needs to know of the method beside its types.
struct method_facts {
  std::string name;
  std::string signature;
  std::string description;
  std::uint64_t fingerprint = 0;
  std::vector<std::string_view>
      parameters;  ///< of the declaration, which lives as long as the program
};

template <class R, class... A>
method_facts facts_of(std::string name, std::span<const std::string_view> parameters) {
  auto description = name + "(";
  [[maybe_unused]] std::size_t position = 0;
  ((description +=
    (position == 0 ? "" : ", ") + std::string(parameters[position]) + ": " + describe<A>(),
    ++position),
   ...);
  description += ") -> " + describe<R>();
  return {std::move(name),
          signature_text<R, A...>(),
          std::move(description),
          fingerprint<R, A...>(),
          {parameters.begin(), parameters.end()}};
}

served_method bare_method(const method_facts& facts);

template <class... A>
served_method checked_method(const method_facts& facts) {
  auto served = bare_method(facts);
  served.check_values = [facts](std::string_view payload) {
    auto given = decode_values(payload);
    (void)arguments_from_values<A...>(facts.name, facts.parameters, given.positional, given.named);
  };
  return served;
}

template <class T>
outcome<T> typed_outcome(const outcome_record& record) {
  outcome<T> typed;
  typed.error = record.error;
  typed.ended = record.ended;
  typed.revised = record.is_revised;
  typed.call_id = record.call;
  if (record.ended == errc::none) {
    if constexpr (std::is_void_v<T>)
      typed.value.emplace();
    else
      typed.value = decode<T>(record.value, "the result");
  }
  return typed;
}

template <class T, class... X>
std::tuple<outcome<T>, X...> completion_arguments(std::string_view payload,
                                                  std::span<const std::string_view> names) {
  auto given = decode_outcome(payload);
  return std::tuple_cat(std::tuple<outcome<T>>(typed_outcome<T>(given.outcome)),
                        decode_arguments<X...>(given.bound, names.subspan(names.empty() ? 0 : 1)));
}

template <class... A>
struct read_completion {
  static std::tuple<A...> from(const method_facts& facts, std::string_view) {
    refuse_completion(facts.name, facts.signature);
  }
};
template <class T, class... X>
struct read_completion<outcome<T>, X...> {
  static std::tuple<outcome<T>, X...> from(const method_facts& facts, std::string_view payload) {
    return completion_arguments<T, X...>(payload, facts.parameters);
  }
};

template <class... A>
std::tuple<A...> read_arguments(const method_facts& facts, const call_header& header,
                                payload_kind kind, std::string_view payload) {
  if (kind == payload_kind::values) {
    auto given = decode_values(payload);
    return arguments_from_values<A...>(facts.name, facts.parameters, given.positional, given.named);
  }
  if (header.fingerprint != facts.fingerprint)
    refuse_fingerprint(facts.name, header.fingerprint, facts.signature);
  if (kind == payload_kind::completion)
    return read_completion<A...>::from(facts, payload);
  return decode_arguments<A...>(payload, facts.parameters);
}

/// A caller that gave values gets a value.
template <class R>
std::string write_result(payload_kind kind, const R& result) {
  return kind == payload_kind::values ? encode<value>(to_value(result, "the result"))
                                      : encode<R>(result);
}
std::string write_nothing(payload_kind kind);

/// An error out of a handler must not look like one out of its arguments.
template <class F>
decltype(auto) as_handler(F run) {
  try {
    return run();
  } catch (const error& problem) {
    if (problem.code() == errc::undecodable || problem.code() == errc::bad_argument)
      throw error(errc::failed, problem.what());
    throw;
  }
}

template <class R, class F>
std::string run_and_write(payload_kind kind, F call) {
  if constexpr (std::is_void_v<R>) {
    as_handler(call);
    return write_nothing(kind);
  } else
    return write_result<R>(kind, as_handler([&]() -> R { return call(); }));
}

template <class R, class H, class... A>
consteval bool takes_context() {
  constexpr bool with_context = std::invocable<H&, context&, A...>;
  constexpr bool without = std::invocable<H&, A...>;
  static_assert(with_context || without,
                "holdfast: a handler is callable with its method's parameters, before them an "
                "optional context&: "
                "(context&, A...) or (A...). Take them by value or const&");
  if constexpr (with_context)
    static_assert(std::is_void_v<R> || std::is_invocable_r_v<R, H&, context&, A...>,
                  "holdfast: the handler returns another type than its method");
  else if constexpr (without)
    static_assert(std::is_void_v<R> || std::is_invocable_r_v<R, H&, A...>,
                  "holdfast: the handler returns another type than its method");
  return with_context;
}

}  // namespace detail

/// `handler` is called on several threads at a time if the service's concurrency or its keys allow it; it is copied once.
template <class R, class... A, class H>
served_method make_served(const method<R(A...)>& m, H handler) {
  auto facts = detail::facts_of<R, A...>(std::string(m.name()), m.params());
  auto served = detail::checked_method<A...>(facts);
  constexpr bool with_context = detail::takes_context<R, H, A...>();
  served.run = [facts = std::move(facts), handler = std::move(handler)](
                   handler_run& run, payload_kind kind, std::string_view payload) mutable {
    auto arguments = detail::read_arguments<A...>(facts, run.header(), kind, payload);
    context ctx(run);
    return detail::run_and_write<R>(kind, [&] {
      return std::apply(
          [&](A&... each) {
            if constexpr (with_context)
              return handler(ctx, std::move(each)...);
            else
              return handler(std::move(each)...);
          },
          arguments);
    });
  };
  return served;
}

}  // namespace holdfast
