#pragma once

#include <holdfast/core/limits.hpp>
#include <holdfast/core/value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What a body of the foreign-node protocol says, whichever of the two formats it came in.
namespace holdfast {
namespace limits {

/// Levels of arrays and structs in one argument or result. The same in both formats, so that what one can carry is not too
/// deep for the other: a JSON document spends two levels on itself.
inline constexpr unsigned foreign_depth_max = value_depth_max - 2;

/// Values of one body, whatever its length: two bytes of JSON become 72 in memory, so a million are 72 MB, and for a moment
/// twice that.
inline constexpr std::size_t foreign_values_max = 1u << 20;

/// A method's name, with a node's before it ("beta/pages.render").
inline constexpr std::size_t foreign_method_bytes_max = 2 * name_bytes_max + 1;

}  // namespace limits

/// The format of a body. Answers go out in the one that the other side used.
enum class foreign_body : std::uint8_t { xml, json };

/// "XML-RPC", "JSON": as they stand in error messages.
std::string_view to_string(foreign_body body);

struct foreign_call {
  std::string method;
  array params;
  dict named;  ///< arguments by name: JSON only
  foreign_body body = foreign_body::xml;

  bool operator==(const foreign_call&) const = default;
};

/// Throws bad_argument unless `method` is one to foreign_method_bytes_max letters, digits, '_', '-', '.', ':' and '/': what
/// XML-RPC allows, and '-' for the names of nodes. Both formats ask it in both directions, so that a name is safe to log.
void check_foreign_method(std::string_view method);

/// Throws bad_frame: "METHOD takes SHAPE". For the protocol's own words, whose arguments have another shape.
[[noreturn]] void refuse_shape(const foreign_call& call, const char* shape);

}  // namespace holdfast
