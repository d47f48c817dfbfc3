#include <holdfast/runtime/base64.hpp>

#include <array>

namespace holdfast {
namespace {

constexpr std::string_view digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr unsigned no_digit = 64;

constexpr auto digit_values = [] {
  std::array<unsigned char, 256> table{};
  table.fill(no_digit);
  for (unsigned i = 0; i < digits.size(); ++i)
    table[static_cast<unsigned char>(digits[i])] = static_cast<unsigned char>(i);
  return table;
}();

}  // namespace

std::string encode_base64(const binary& bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<unsigned>(bytes[at]) : 0u;
    };
    auto bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    text += digits[bits >> 18];
    text += digits[bits >> 12 & 63];
    text += i + 1 < bytes.size() ? digits[bits >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? digits[bits & 63] : '=';
  }
  return text;
}

std::optional<binary> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  binary bytes;
  bytes.reserve(text.size() * 3 / 4);
  unsigned bits = 0, count = 0;
  for (unsigned char c : text) {
    if (digit_values[c] == no_digit)
      return std::nullopt;
    bits = bits << 6 | digit_values[c];
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes.push_back(static_cast<std::byte>(bits >> count));
      bits &= (1u << count) - 1;
    }
  }
  if (bits != 0)  // spare bits that no encoder sets: two texts for the same bytes
    return std::nullopt;
  return bytes;
}

}  // namespace holdfast
