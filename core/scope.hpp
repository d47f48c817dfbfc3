#pragma once

#include <utility>

namespace holdfast {

/// Runs a function when the scope ends, however it ends. The function must not throw.
template <class F>
class [[nodiscard]] ending {
public:
  explicit ending(F action) : action_(std::move(action)) {}
  ~ending() { action_(); }

  ending(const ending&) = delete;
  ending& operator=(const ending&) = delete;

private:
  F action_;
};

}  // namespace holdfast
