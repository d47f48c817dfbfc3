#pragma once

#include <holdfast/core/value.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

/// Dynamic values as JSON, for the command line and its `--json` output.
///
/// What JSON lacks: bytes are {"$bytes": "base64"}, date-times {"$date": "2026-11-22T18:21:07Z"}.
/// Integers keep all 64 bits; a number with a point or an exponent is a double. Both directions throw
/// errc::bad_argument and lose nothing silently.
namespace holdfast {

/// Refused, with the place in the value ("$.lines[2]"): NaN and infinity, strings that are not UTF-8, a
/// struct that would read back as bytes or a date, nesting beyond value_depth_max.
/// `indent`: spaces for each level; 0 is one line.
std::string to_json(const value& content, unsigned indent = 0);

/// Refused, with the position of the character: wrong syntax, a name twice in an object, an integer
/// beyond 64 bits, nesting beyond value_depth_max, more than `values_max` values (two bytes of text can
/// become one of 72 in memory), anything after the value.
value parse_json(std::string_view text,
                 std::size_t values_max = std::numeric_limits<std::size_t>::max());

}  // namespace holdfast
