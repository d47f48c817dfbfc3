#pragma once

#include <holdfast/core/value.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Bytes as base64 (RFC 4648, with padding), the way JSON carries them.
namespace holdfast {

std::string encode_base64(const binary& bytes);

/// Nothing unless `text` is exactly what `encode_base64` writes for some bytes.
std::optional<binary> decode_base64(std::string_view text);

}  // namespace holdfast
