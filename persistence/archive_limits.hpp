#pragma once

#include <holdfast/core/value.hpp>

#include <cstddef>

/// Bounds of the binary archives. Writer and reader keep the same ones, so that what was taken for
/// encoding is never refused by the target for its size or depth alone.
namespace holdfast::limits {

/// Objects and containers within each other. Each level is a few stack frames of user code; hostile
/// bytes must not overrun a handler's stack.
inline constexpr unsigned archive_depth_max = 100;
static_assert(value_depth_max < archive_depth_max,
              "a value as deep as allowed can be an argument or a member");

/// Memory that decoding may take for containers, per encoded byte: an empty optional of a string is
/// one byte and takes
/// 40. A larger factor lets a small message take more memory than its size suggests.
inline constexpr std::size_t decode_memory_factor = 64;

/// On top of that, so that small messages never meet the factor.
inline constexpr std::size_t decode_memory_base = 64u << 10;

constexpr std::size_t decode_memory_max(std::size_t encoded_bytes) {
  return decode_memory_factor * encoded_bytes + decode_memory_base;
}

}  // namespace holdfast::limits
