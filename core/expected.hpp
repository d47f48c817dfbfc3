#pragma once

#include <holdfast/core/error.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace holdfast {

/// Why a synchronous call gave no value. `kind` is errc::unreachable (it did not run: safe to try again), errc::failed
/// (it ran and threw; `text` is the handler's) or errc::unknown (the link or the deadline broke in the middle: it may
/// have run).
struct call_error {
  errc kind = errc::unreachable;
  std::string text;
  bool operator==(const call_error&) const = default;
};

namespace detail {
[[noreturn]] void throw_no_value(const call_error& reason);
[[noreturn]] void throw_no_error();
template <class E>
[[noreturn]] void throw_no_value(const E&) {
  throw error(errc::failed, "there is no value, there is an error");
}
}  // namespace detail

/// A value, or why there is none, under the names of C++23's std::expected. `value()` throws holdfast::error with the
/// error's kind and text where there is none; `error()` throws where there is a value. A plain value: copy it freely.
template <class T, class E = call_error>
class [[nodiscard]] expected {
public:
  using value_type = T;
  using error_type = E;

  expected() = default;
  expected(T content) : content_(std::in_place_index<0>, std::move(content)) {}
  expected(E reason) : content_(std::in_place_index<1>, std::move(reason)) {}

  bool has_value() const noexcept { return content_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & {
    check();
    return *std::get_if<0>(&content_);
  }
  const T& value() const& {
    check();
    return *std::get_if<0>(&content_);
  }
  T&& value() && {
    check();
    return std::move(*std::get_if<0>(&content_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const E& error() const {
    if (has_value())
      detail::throw_no_error();
    return *std::get_if<1>(&content_);
  }

  template <class U>
  T value_or(U&& other) const& {
    return has_value() ? *std::get_if<0>(&content_) : static_cast<T>(std::forward<U>(other));
  }
  template <class U>
  T value_or(U&& other) && {
    return has_value() ? std::move(*std::get_if<0>(&content_))
                       : static_cast<T>(std::forward<U>(other));
  }

  bool operator==(const expected&) const = default;

private:
  void check() const {
    if (!has_value())
      detail::throw_no_value(*std::get_if<1>(&content_));
  }

  std::variant<T, E> content_;
};

/// The same for what returns nothing.
template <class E>
class [[nodiscard]] expected<void, E> {
public:
  using value_type = void;
  using error_type = E;

  expected() = default;
  expected(E reason) : error_(std::move(reason)) {}

  bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }

  void value() const {
    if (error_)
      detail::throw_no_value(*error_);
  }
  void operator*() const { value(); }

  const E& error() const {
    if (!error_)
      detail::throw_no_error();
    return *error_;
  }

  bool operator==(const expected&) const = default;

private:
  std::optional<E> error_;
};

}  // namespace holdfast
