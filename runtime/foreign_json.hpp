#pragma once

#include <holdfast/runtime/foreign_call.hpp>

#include <string>
#include <string_view>

/// Calls of foreign nodes as JSON:
///
///    {"method": "log.write", "params": ["disk full", 3], "named": {"level": "warn"}}
///
/// `params` is an array, or an object: then its members are the named arguments, and `named` is not there. Both may be left
/// out. Values follow runtime/json.hpp: bytes are {"$bytes": "base64"}, moments {"$date": "2026-11-22T18:21:07Z"}, a number
/// with a point or an exponent is a double.
namespace holdfast {

/// Throws errc::bad_frame: not JSON, with the place; a member missing, of another kind or unknown; limits::foreign_values_max
/// or limits::foreign_depth_max exceeded; a method's name that is none.
foreign_call decode_json_call(std::string_view text);

/// Throws errc::bad_argument with the place ("params[1].lines[2]: NaN, which has no JSON form").
std::string encode_json_call(foreign_call call);

}  // namespace holdfast
