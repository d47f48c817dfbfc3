#pragma once

#include <holdfast/core/clock.hpp>

#include <string>
#include <string_view>

namespace holdfast {

/// "300ms", "10s", "5m", "1.5h", "2d"; a bare number is seconds. Throws errc::bad_argument.
duration parse_duration(std::string_view text);

/// The largest unit that fits: "1.5 s", "3 min".
std::string format_duration(double seconds);

}  // namespace holdfast
