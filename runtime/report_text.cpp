#include <holdfast/runtime/report_text.hpp>

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace holdfast::reporting {
namespace {

constexpr std::string_view wrong_character = "\xEF\xBF\xBD";

unsigned byte(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0;
}

bool is_tail(unsigned value) {
  return (value & 0xC0) == 0x80;
}

/// Of the character that begins there; 0 if none that may stand in a page does.
std::size_t length_of_character(std::string_view text, std::size_t at) {
  auto lead = byte(text, at), second = byte(text, at + 1);
  if (lead < 0x80)
    return lead >= 0x20 && lead != 0x7F ? 1 : 0;
  if (lead >= 0xC2 && lead <= 0xDF)
    return is_tail(second) && !(lead == 0xC2 && second < 0xA0) ? 2 : 0;
  bool has_two = is_tail(second) && is_tail(byte(text, at + 2));
  if (lead >= 0xE0 && lead <= 0xEF) {
    bool is_overlong = lead == 0xE0 && second < 0xA0;
    bool is_surrogate = lead == 0xED && second >= 0xA0;
    bool is_none = lead == 0xEF && second == 0xBF && byte(text, at + 2) >= 0xBE;
    return has_two && !is_overlong && !is_surrogate && !is_none ? 3 : 0;
  }
  bool fits = lead >= 0xF0 && lead <= 0xF4 && has_two && is_tail(byte(text, at + 3));
  return fits && !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second >= 0x90) ? 4 : 0;
}

std::size_t end_of_columns(std::string_view text, std::size_t from, std::size_t columns) {
  auto at = from;
  for (; at < text.size() && columns > 0; --columns)
    for (++at; at < text.size() && is_tail(byte(text, at));)
      ++at;
  return at;
}

std::string grouped(std::uint64_t number) {
  auto digits = std::to_string(number);
  for (auto at = digits.size(); at > 3; at -= 3)
    digits.insert(at - 3, ",");
  return digits;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string good;
  good.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    auto length = length_of_character(text, at);
    if (length > 0)
      good += text.substr(at, length);
    else if (text[at] == '\n' || text[at] == '\t')
      good += ' ';
    else
      good += wrong_character;
    at += std::max<std::size_t>(length, 1);
  }
  return good;
}

std::string escape(std::string_view text) {
  std::string safe;
  for (auto letter : clean(text))
    switch (letter) {
    case '&': safe += "&amp;"; break;
    case '<': safe += "&lt;"; break;
    case '>': safe += "&gt;"; break;
    case '"': safe += "&quot;"; break;
    case '\'': safe += "&#39;"; break;
    default: safe += letter;
    }
  return safe;
}

std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return !is_tail(static_cast<unsigned char>(c)); }));
}

std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t lines_max) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    auto end = end_of_columns(text, at, width);
    if (end < text.size() && lines.size() + 1 == lines_max) {
      end = end_of_columns(text, at, width - 3);
      lines.push_back(std::string(text.substr(at, end - at)) + "...");
      return lines;
    }
    auto space = end < text.size() ? text.rfind(' ', end) : std::string_view::npos;
    if (space != std::string_view::npos && space > at)
      end = space;
    lines.emplace_back(text.substr(at, end - at));
    at = end < text.size() && text[end] == ' ' ? end + 1 : end;
  }
  if (lines.empty())
    lines.emplace_back();
  return lines;
}

std::vector<std::size_t> heaviest(const std::vector<std::size_t>& weights, std::size_t count_max) {
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order,
                           [&](auto left, auto right) { return weights[left] > weights[right]; });
  order.resize(std::min(order.size(), count_max));
  std::ranges::sort(order);
  return order;
}

std::string seconds_text(std::int64_t ns) {
  char text[48];
  auto ms = ns / 1'000'000;
  std::snprintf(text, sizeof text, "%lld.%03lld s", static_cast<long long>(ms / 1000),
                static_cast<long long>(ms % 1000));
  return text;
}

std::string counted(std::uint64_t count, std::string_view what) {
  return grouped(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string left_out(std::size_t shown, std::size_t of, std::string_view what) {
  return "The page shows " + grouped(shown) + " of " + counted(of, what) + ".";
}

}  // namespace holdfast::reporting
