#include <holdfast/core/error.hpp>
#include <holdfast/runtime/durations.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace holdfast {

duration parse_duration(std::string_view text) {
  static constexpr std::pair<std::string_view, double> units[] = {
      {"ms", 1e6},   {"s", 1e9},     {"m", 60e9}, {"min", 60e9},
      {"h", 3600e9}, {"d", 86400e9}, {"", 1e9}};
  auto refuse = [&]() -> duration {
    throw error(errc::bad_argument,
                "'" + std::string(text) + "' is no duration; write 300ms, 10s, 5m, 1h or 2d");
  };
  auto digits = text.find_first_not_of("0123456789.");
  auto number_text = std::string(text.substr(0, digits));
  auto unit_text = digits == text.npos ? std::string_view() : text.substr(digits);
  char* end = nullptr;
  auto number = std::strtod(number_text.c_str(), &end);
  if (number_text.empty() || *end != '\0')
    return refuse();
  for (auto [unit, ns] : units)
    if (unit == unit_text) {
      if (number * ns > 9e18)
        return refuse();
      return duration(static_cast<std::int64_t>(std::llround(number * ns)));
    }
  return refuse();
}

std::string format_duration(double seconds) {
  auto with = [](double number, const char* unit) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3g %s", number, unit);
    return std::string(text);
  };
  auto size = std::fabs(seconds);
  if (size < 1)
    return with(seconds * 1e3, "ms");
  if (size < 120)
    return with(seconds, "s");
  if (size < 7200)
    return with(seconds / 60, "min");
  return size < 172800 ? with(seconds / 3600, "h") : with(seconds / 86400, "d");
}

}  // namespace holdfast
