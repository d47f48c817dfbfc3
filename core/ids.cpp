#include <holdfast/core/ids.hpp>

#include <charconv>

namespace holdfast {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

template <class Unsigned>
std::optional<Unsigned> parse_number(std::string_view text, int base) {
  Unsigned number{};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || failure != std::errc{} || end != text.data() + text.size())
    return std::nullopt;
  return number;
}

}  // namespace

std::string uuid::to_text() const {
  std::string text;
  text.reserve(2 * bytes.size());
  for (auto byte : bytes) {
    text += hex_digits[byte >> 4];
    text += hex_digits[byte & 15];
  }
  return text;
}

std::optional<uuid> uuid::parse(std::string_view text) {
  uuid id;
  if (text.size() != 2 * id.bytes.size())
    return std::nullopt;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    auto byte = parse_number<std::uint8_t>(text.substr(2 * i, 2), 16);
    if (!byte)
      return std::nullopt;
    id.bytes[i] = *byte;
  }
  return id;
}

std::string call_id::to_text() const {
  std::string text(16, '0');
  for (std::size_t i = 0; i < 16; ++i)
    text[i] = hex_digits[(origin >> (60 - 4 * i)) & 15];
  return text + '-' + std::to_string(lane) + '-' + std::to_string(sequence);
}

std::optional<call_id> call_id::parse(std::string_view text) {
  auto first = text.find('-');
  auto second = text.find('-', first == text.npos ? first : first + 1);
  if (second == text.npos || first != 16)
    return std::nullopt;
  auto origin = parse_number<std::uint64_t>(text.substr(0, first), 16);
  auto lane = parse_number<lane_number>(text.substr(first + 1, second - first - 1), 10);
  auto sequence = parse_number<sequence_number>(text.substr(second + 1), 10);
  if (!origin || !lane || !sequence || *sequence == 0)
    return std::nullopt;
  return call_id{*origin, *lane, *sequence};
}

std::uint64_t origin_of(const uuid& journal) {
  std::uint64_t origin = 0;
  for (std::size_t i = 0; i < 8; ++i)
    origin = (origin << 8) | journal.bytes[i];
  return origin;
}

}  // namespace holdfast
