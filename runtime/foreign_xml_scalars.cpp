#include <holdfast/core/error.hpp>
#include <holdfast/runtime/base64.hpp>
#include <holdfast/runtime/foreign_xml_scalars.hpp>

#include <charconv>
#include <cmath>

namespace holdfast::detail {
namespace {

constexpr std::string_view blanks = " \t\r\n";

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw error(errc::bad_argument, "'" + std::string(text.substr(0, 64)) + "' " + why);
}

// XML-RPC allows a plus sign, which from_chars does not.
std::string_view without_plus(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-"))
    text.remove_prefix(1);
  return text;
}

}  // namespace

std::string_view without_blanks(std::string_view text) {
  auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

value xml_integer(std::string_view text, unsigned bits) {
  auto digits = without_plus(without_blanks(text));
  std::int64_t number = 0;
  auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure == std::errc::invalid_argument || end != digits.data() + digits.size())
    refuse(digits, "is no integer");
  if (failure == std::errc::result_out_of_range)
    refuse(digits, "does not fit 64 bits with sign");
  if (bits == 32 && number != static_cast<std::int32_t>(number))
    refuse(digits, "does not fit 32 bits with sign; send it as <i8>");
  return number;
}

value xml_boolean(std::string_view text) {
  auto digit = without_blanks(text);
  if (digit != "0" && digit != "1")
    refuse(digit, "is no boolean, which is 0 or 1");
  return digit == "1";
}

value xml_double(std::string_view text) {
  auto digits = without_plus(without_blanks(text));
  double number = 0;
  auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure == std::errc::result_out_of_range)
    refuse(digits, "does not fit a double");
  if (failure != std::errc{} || end != digits.data() + digits.size() || !std::isfinite(number))
    refuse(digits, "is no number");
  return number;
}

value xml_date_time(std::string_view text) {
  std::string full(without_blanks(text).substr(0, 64));
  if (full.find_first_not_of("0123456789") == 8)  // 20261122T...
    full.insert(6, "-").insert(4, "-");
  auto time = full.find('T');
  auto zone = time == full.npos ? full.npos : full.find_first_of("Z+-", time);
  if (time != full.npos && zone == full.npos)
    full += 'Z';
  else if (zone != full.npos && full.size() == zone + 5 && full.find(':', zone) == full.npos)
    full.insert(zone + 3, ":");  // +0200
  return parse_date_time(full);
}

value xml_base64(std::string text) {
  std::erase_if(text, [](char c) { return blanks.find(c) != blanks.npos; });
  auto bytes = decode_base64(text);
  if (!bytes)
    refuse(text, "is not base64");
  return std::move(*bytes);
}

}  // namespace holdfast::detail
