#pragma once

#include <holdfast/actors/queue_options.hpp>
#include <holdfast/core/arguments.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/method.hpp>

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace holdfast {

class context;

namespace detail {

// ---- what a member function of a durable actor takes and returns

template <class C, class R, bool TakesContext, bool IsConst, class... A>
struct member_shape {
  using owner = C;
  using result = std::decay_t<R>;
  using arguments = pack<std::decay_t<A>...>;
  static constexpr bool takes_context = TakesContext;
  static constexpr bool is_const = IsConst;
  static constexpr std::size_t arity = sizeof...(A);
};

// clang-format off
template <class F> struct member_function;
template <class C, class R, class... A> struct member_function<R (C::*)(A...)> : member_shape<C, R, false, false, A...> {};
template <class C, class R, class... A> struct member_function<R (C::*)(A...) const> : member_shape<C, R, false, true, A...> {};
template <class C, class R, class... A> struct member_function<R (C::*)(A...) noexcept> : member_shape<C, R, false, false, A...> {};
template <class C, class R, class... A> struct member_function<R (C::*)(A...) const noexcept> : member_shape<C, R, false, true, A...> {};
template <class C, class R, class... A> struct member_function<R (C::*)(context&, A...)> : member_shape<C, R, true, false, A...> {};
template <class C, class R, class... A> struct member_function<R (C::*)(context&, A...) const> : member_shape<C, R, true, true, A...> {};
template <class C, class R, class... A> struct member_function<R (C::*)(context&, A...) noexcept> : member_shape<C, R, true, false, A...> {};
template <class C, class R, class... A> struct member_function<R (C::*)(context&, A...) const noexcept> : member_shape<C, R, true, true, A...> {};
// clang-format on

// Visits T::methods: which text was a member listed under?
template <class F>
struct member_finder {
  F wanted;
  std::string_view found{};

  template <class G>
  constexpr member_finder& operator()(std::string_view declaration, G listed) {
    if constexpr (std::same_as<F, G>)
      if (listed == wanted)
        found = declaration;
    return *this;
  }
};

constexpr std::string_view member_name(std::string_view declaration) {
  return trimmed(declaration.substr(0, declaration.find('(')));
}

template <class T, class F>
constexpr std::string_view listed_as(F member) {
  member_finder<F> finder{member};
  T::methods(finder);
  return member_name(finder.found);
}

template <class T>
std::string member_method(std::string_view member) {
  std::string name(T::actor_name);
  name += '.';
  return name += member;
}

}  // namespace detail

/// A class whose objects are durable actors: it lists its methods and has a `serialize`.
///
///     struct account {
///       static constexpr const char* actor_name = "bank.account";
///       template <class M> static constexpr void methods(M& m) {
///         m("deposit(amount)", &account::deposit)("balance()", &account::balance);
///       }
///       ...
///     };
template <class T>
concept durable =
    std::default_initializable<T> && requires(detail::member_finder<void (T::*)()>& visitor) {
  { T::actor_name } -> std::convertible_to<std::string_view>;
  T::methods(visitor);
};

/// One durable actor, by name. It exists as soon as it is called; its calls run one at a time, in order, and its state is
/// committed with each. `Front` is the peer (or what `with`, `then`, `within` made of it) that the calls go through.
///
///     node.to("bank").actor<account>("alice").queue<&account::deposit>(100);
///
/// A member that `methods` does not list is a compile error; given as an argument instead (`queue(&account::deposit,
/// 100)`) it throws errc::bad_name.
template <class T, class Front>
class actor_ref {
public:
  actor_ref(Front front, std::string name) : front_(std::move(front)), name_(std::move(name)) {
    if (name_.empty())
      throw error(errc::bad_name, "an actor of " + std::string(T::actor_name)
                                      + " needs a name; the given one is empty");
  }

  const std::string& name() const { return name_; }

  template <auto Member, class... G>
  auto queue(G&&... given) const {
    return queue_as(compiled<Member>(), Member, std::forward<G>(given)...);
  }
  template <class F, class... G>
  requires std::is_member_function_pointer_v<F>
  auto queue(F member, G&&... given) const {
    return queue_as(listed(member), member, std::forward<G>(given)...);
  }

  template <auto Member, class... G>
  [[nodiscard]] auto call(G&&... given) const {
    return call_as(compiled<Member>(), Member, std::forward<G>(given)...);
  }
  template <class F, class... G>
  requires std::is_member_function_pointer_v<F>
  [[nodiscard]] auto call(F member, G&&... given) const {
    return call_as(listed(member), member, std::forward<G>(given)...);
  }

  template <auto Member, class... G>
  auto send(G&&... given) const {
    return send_as(compiled<Member>(), Member, std::forward<G>(given)...);
  }
  template <class F, class... G>
  requires std::is_member_function_pointer_v<F>
  auto send(F member, G&&... given) const {
    return send_as(listed(member), member, std::forward<G>(given)...);
  }

private:
  template <auto Member>
  static constexpr std::string_view compiled() {
    constexpr auto name = detail::listed_as<T>(Member);
    static_assert(!name.empty(),
                  "holdfast: this member is not listed in the class's methods(); list it there");
    return name;
  }
  template <class F>
  static std::string_view listed(F member) {
    auto name = detail::listed_as<T>(member);
    if (name.empty())
      throw error(errc::bad_name, "this member is not listed in methods() of "
                                      + std::string(T::actor_name) + "; list it there");
    return name;
  }

  template <class F, class... G>
  auto queue_as(std::string_view member, F, G&&... given) const {
    using shape = detail::member_function<F>;
    explain<typename shape::arguments, pack<G...>>();
    return [&]<class... A>(pack<A...>) {
      return front_.port_.queue(front_.template request<typename shape::result, A...>(
          detail::member_method<T>(member), name_, std::forward<G>(given)...));
    }(typename shape::arguments{});
  }
  template <class F, class... G>
  auto call_as(std::string_view member, F, G&&... given) const {
    using shape = detail::member_function<F>;
    explain<typename shape::arguments, pack<G...>>();
    return [&]<class... A>(pack<A...>) {
      auto method_name = detail::member_method<T>(member);
      return front_.template start<typename shape::result>(
          detail::encode_typed<typename shape::result, A...>(method_name, name_,
                                                             std::forward<G>(given)...));
    }(typename shape::arguments{});
  }
  template <class F, class... G>
  auto send_as(std::string_view member, F, G&&... given) const {
    using shape = detail::member_function<F>;
    explain<typename shape::arguments, pack<G...>>();
    return [&]<class... A>(pack<A...>) {
      auto method_name = detail::member_method<T>(member);
      return front_.emit(detail::encode_typed<typename shape::result, A...>(
          method_name, name_, std::forward<G>(given)...));
    }(typename shape::arguments{});
  }

  Front front_;
  std::string name_;
};

}  // namespace holdfast
