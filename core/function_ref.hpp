#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace holdfast {

/// A callable handed down a call chain and never kept: two words, no allocation, no copy of the
/// callable. The callable must outlive the call it is passed to, which a lambda written in the
/// argument list does. Never store one.

template <class Signature>
class function_ref;

template <class R, class... Args>
class function_ref<R(Args...)> {
public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>,
                           function_ref> && std::is_invocable_r_v<R, F&, Args...>)
      function_ref(F&& callable)  // NOLINT(bugprone-forwarding-reference-overload): constrained
  noexcept {                      // implicit on purpose: call sites pass lambdas
    using target = std::remove_reference_t<F>;
    if constexpr (std::is_function_v<target>) {
      object_.function = reinterpret_cast<void (*)()>(&callable);
      invoke_ = [](storage object, Args... args) -> R {
        return static_cast<R>(
            reinterpret_cast<target*>(object.function)(std::forward<Args>(args)...));
      };
    } else {
      object_.data = const_cast<void*>(static_cast<const void*>(std::addressof(callable)));
      invoke_ = [](storage object, Args... args) -> R {
        return static_cast<R>((*static_cast<target*>(object.data))(std::forward<Args>(args)...));
      };
    }
  }

  R operator()(Args... args) const { return invoke_(object_, std::forward<Args>(args)...); }

private:
  union storage {
    void* data;
    void (*function)();
  };

  storage object_;
  R (*invoke_)(storage, Args...);
};

}  // namespace holdfast
