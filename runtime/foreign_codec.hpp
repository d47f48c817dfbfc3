#pragma once

#include <holdfast/runtime/foreign_call.hpp>
#include <holdfast/runtime/foreign_xml.hpp>

#include <string>
#include <string_view>

/// The bodies of the foreign-node protocol. Each is told by its first byte: '<' is an XML-RPC methodCall, '{' a JSON object;
/// a UTF-8 byte order mark, blanks and line ends before that byte are skipped. Nothing of a body is run, fetched or believed.
namespace holdfast {

/// Throws errc::bad_frame, one sentence: what is wrong and where. A Python pickle is refused by that name.
/// Memory: at most limits::foreign_values_max values, and text in proportion to the body.
foreign_call decode_foreign(std::string_view body);

/// In the format that `call.body` names. Throws errc::bad_argument with the place of what that format cannot carry.
/// The options mean something to XML-RPC alone.
std::string encode_foreign(foreign_call call, foreign_xml_options options = {});

/// What every format and every log can carry: other bytes become '?', at most limits::error_text_bytes_max are left.
std::string ascii_text(std::string_view text);

}  // namespace holdfast
