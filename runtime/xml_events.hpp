#pragma once

#include <cstddef>
#include <string_view>

/// A small XML document, told as elements and text. The rest of XML is refused or passed over: no document type, and so no
/// entities and nothing external; attributes only where they declare namespaces, which are not looked at ("ex:nil" is a name
/// as it stands); comments and processing instructions are skipped.
namespace holdfast {
namespace limits {

/// What the parser may hold at once besides what its user keeps: open tags, and a tag or comment that is not complete yet. A
/// document that needs more has a tag of a hundred thousand bytes.
inline constexpr std::size_t xml_parser_bytes_max = 256u << 10;

}  // namespace limits

/// Whatever these throw ends the reading; of a holdfast::error the text is kept and the place added.
class xml_events {
public:
  virtual void start(std::string_view element) = 0;
  virtual void text(std::string_view piece) = 0;  ///< UTF-8, in pieces; lines end in '\n'
  virtual void end() = 0;

protected:
  ~xml_events() = default;
};

/// Throws errc::bad_frame with line and column (both from 1). Encodings: UTF-8, UTF-16, ISO 8859-1, US-ASCII, and those of
/// single_byte_text.hpp where the prolog declares them; others are refused by name. Not within itself on one thread.
void read_xml(std::string_view document, xml_events& events);

}  // namespace holdfast
