#pragma once

#include <holdfast/actors/actor_ref.hpp>
#include <holdfast/actors/serve.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How durable actors run: a call of "bank.account.deposit" with key "alice" decodes the state of alice from the table
/// "actor/bank.account", calls the member and writes the state back, all in the call's own transaction. Between calls an
/// actor is a row and nothing else, so a million of them cost no memory. One that was never written is default-made.
/// What a const member or a call that changed nothing leaves behind is not written.
namespace holdfast {
namespace detail {

/// The row of an actor; throws errc::bad_name when the call names no instance.
std::string actor_row(std::string_view actor_name, std::string_view instance);

// Visits T::methods while compiling, so that a bad declaration is a compile error at its place.
struct listing_checker {
  template <class F>
  constexpr listing_checker& operator()(std::string_view declaration, F) {
    (void)parse_text<member_function<F>::arity>(declaration);
    if (!is_word(member_name(declaration)))
      bad_method_declaration(
          "holdfast: a member is listed under its own name: \"deposit(amount)\"");
    return *this;
  }
};

template <durable T>
consteval bool check_listing() {
  listing_checker checker;
  T::methods(checker);
  if (!is_dotted_name(T::actor_name))
    bad_method_declaration(
        "holdfast: actor_name is words with dots between them: \"bank.account\"");
  return true;
}

template <class T, class F, class... A>
served_method serve_member(std::string_view declaration, F member, pack<A...>) {
  using shape = member_function<F>;
  using R = typename shape::result;
  auto declared = parse_text<sizeof...(A)>(declaration);
  auto facts = facts_of<R, A...>(member_method<T>(declared.name), declared.params);
  auto served = checked_method<A...>(facts);
  served.run = [facts = std::move(facts), member](handler_run& run, payload_kind kind,
                                                  std::string_view payload) {
    auto arguments = read_arguments<A...>(facts, run.header(), kind, payload);
    auto row = actor_row(T::actor_name, run.header().key);
    return run_and_write<R>(kind, [&]() -> R {
      auto before = run.read(row);
      auto self = before ? decode<T>(*before, T::actor_name) : T();
      context ctx(run);
      auto call = [&](A&... each) -> R {
        if constexpr (shape::takes_context)
          return (self.*member)(ctx, std::move(each)...);
        else
          return (self.*member)(std::move(each)...);
      };
      auto keep = [&] {
        auto after = encode<T>(self);
        check_state_value(T::actor_name, after.size());
        if (!before || *before != after)
          run.write(row, std::move(after));
      };
      if constexpr (shape::is_const)
        return std::apply(call, arguments);
      else if constexpr (std::is_void_v<R>) {
        std::apply(call, arguments);
        keep();
      } else {
        R result = std::apply(call, arguments);
        keep();
        return result;
      }
    });
  };
  return served;
}

template <class T>
struct member_server {
  std::vector<served_method> served{};

  template <class F>
  constexpr member_server& operator()(std::string_view declaration, F member) {
    served.push_back(
        serve_member<T>(declaration, member, typename member_function<F>::arguments{}));
    return *this;
  }
};

}  // namespace detail

/// The methods of durable actors of class `T`: "<actor_name>.<member>", in the service <actor_name>.
template <durable T>
std::vector<served_method> make_served_actor() {
  static_assert(detail::check_listing<T>());
  detail::member_server<T> server;
  T::methods(server);
  return std::move(server.served);
}

}  // namespace holdfast
