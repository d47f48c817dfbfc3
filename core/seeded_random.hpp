#pragma once

#include <holdfast/core/clock.hpp>

#include <cstdint>
#include <string_view>

namespace holdfast {

/// A source of random bits that gives the same ones for the same seed (splitmix64, Steele, Lea and Flood 2014: one addition
/// and a mix per number, and any seed will do). One thread.
class seeded_random final : public random_source {
public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() override {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// One of 0 .. count-1; the bias is below count / 2^64. `count` is not 0.
  std::uint64_t below(std::uint64_t count) { return next() % count; }

  /// True with that probability.
  bool chance(double part) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < part; }

  /// A source of its own for `name`: what others draw does not shift it.
  seeded_random fork(std::string_view name) const {
    auto mixed = state_;
    for (auto letter : name)
      mixed = (mixed ^ static_cast<unsigned char>(letter)) * 0x100000001b3;
    return seeded_random(mixed);
  }

private:
  std::uint64_t state_;
};

}  // namespace holdfast
