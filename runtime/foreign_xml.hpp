#pragma once

#include <holdfast/runtime/foreign_call.hpp>

#include <string>
#include <string_view>
#include <variant>

/// XML-RPC documents.
///
///    null        <nil/>, <ex:nil/>                       written only with the option `nil`
///    bool        <boolean>                               1 or 0
///    integer     <int>, <i4>, <i8>, <ex:i8>              beyond 32 bits written only with the option `i8`
///    double      <double>                                digits without an exponent, exact; an exponent is read too
///    string      <string>, or text without an element
///    bytes       <base64>                                blanks and line ends within are skipped
///    date-time   <dateTime.iso8601>                      written 20261122T18:21:07, UTC, with a fraction when there is one;
///                                                        read with dashes, a fraction, Z or an offset too; none is UTC
///    array       <array>
///    struct      <struct>
///
/// Depth and number of values are bounded (foreign_call.hpp), encodings and the rest of XML are those of xml_events.hpp.
/// Decoding throws errc::bad_frame with line and column: text or an element out of place, a part that is missing, a value that
/// its element cannot hold, a member twice. Encoding throws errc::bad_argument with the place
/// ("params[1].lines[2]: NaN, which has no XML-RPC form"): what the options do not allow, NaN, infinity, a string that is not
/// UTF-8 or has a character that XML 1.0 forbids, named arguments.
namespace holdfast {

/// What goes beyond the XML-RPC specification, for a receiver that knows it.
struct foreign_xml_options {
  bool i8 = false;
  bool nil = false;
};

struct foreign_fault {
  std::int32_t code = 0;
  std::string text;

  bool operator==(const foreign_fault&) const = default;
};

/// What a methodResponse brings: a value, or why there is none.
using foreign_response = std::variant<value, foreign_fault>;

foreign_call decode_xml_call(std::string_view document);
std::string encode_xml_call(const foreign_call& call, foreign_xml_options options = {});

foreign_response decode_xml_response(std::string_view document);
std::string encode_xml_response(const foreign_response& response, foreign_xml_options options = {});

}  // namespace holdfast
