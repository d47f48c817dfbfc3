#pragma once

#include <holdfast/core/value.hpp>

#include <string>
#include <string_view>

/// Dynamic values as bytes. A kind (one byte) and the content: bool 1 byte; integer, double and
/// microseconds 8; strings and bytes a length (8) and the content; arrays a count (8) and the
/// values; structs a count and name, value pairs. Little-endian. `value` may also be a member of
/// any serialised type: the archives write the same.
namespace holdfast {

/// What a dynamic call carries: positional arguments, then named ones.
struct dynamic_arguments {
  array positional;
  dict named;
  bool operator==(const dynamic_arguments&) const = default;
};

std::string encode_values(const array& positional, const dict& named);

/// Bounded as archive_in is: depth value_depth_max, memory by the number of bytes. Throws
/// errc::undecodable.
dynamic_arguments decode_values(std::string_view bytes);

}  // namespace holdfast
