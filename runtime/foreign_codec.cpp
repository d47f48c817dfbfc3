#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_json.hpp>

#include <algorithm>
#include <cstdio>

namespace holdfast {
namespace {

std::string_view without_mark(std::string_view body) {
  if (body.starts_with("\xef\xbb\xbf"))
    body.remove_prefix(3);
  body.remove_prefix(std::min(body.find_first_not_of(" \t\r\n"), body.size()));
  return body;
}

// Protocols 2 and later begin with 0x80. The older ones begin with the opcode of what they hold and end in STOP, a dot.
bool is_pickle(std::string_view body) {
  auto first = body.front();
  return first == '\x80'
         || (body.ends_with('.')
             && std::string_view("(])}cFGIJKLMNSTUVX").find(first) != std::string_view::npos);
}

std::string shown(char byte) {
  char text[32];
  auto code = static_cast<unsigned char>(byte);
  std::snprintf(text, sizeof text, code > ' ' && code < 0x7f ? "0x%02x ('%c')" : "0x%02x", code,
                code);
  return text;
}

}  // namespace

std::string_view to_string(foreign_body body) {
  return body == foreign_body::xml ? "XML-RPC" : "JSON";
}

void check_foreign_method(std::string_view method) {
  if (method.empty())
    throw error(errc::bad_argument, "the method's name is empty");
  if (method.size() > limits::foreign_method_bytes_max)
    throw error(errc::bad_argument,
                "the method's name has " + std::to_string(method.size()) + " bytes, "
                    + std::to_string(limits::foreign_method_bytes_max) + " are allowed");
  for (auto c : method)
    if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9')
        && std::string_view("_-.:/").find(c) == std::string_view::npos)
      throw error(errc::bad_argument, "the method's name has the byte " + shown(c)
                                          + "; it is letters, digits, '_', '-', '.', ':' and '/'");
}

void refuse_shape(const foreign_call& call, const char* shape) {
  throw error(errc::bad_frame, call.method + " takes " + shape);
}

foreign_call decode_foreign(std::string_view body) {
  auto rest = without_mark(body);
  if (rest.empty())
    throw error(errc::bad_frame,
                "an empty body, where an XML-RPC methodCall or a JSON object is expected");
  if (rest.front() == '<')
    return decode_xml_call(rest);
  if (rest.front() == '{')
    return decode_json_call(rest);
  if (is_pickle(rest))
    throw error(errc::bad_frame, "a pickle is refused: it is Python's own format and can run code "
                                 "when read; send XML-RPC or JSON");
  if (rest.front() == '[')
    throw error(errc::bad_frame,
                "a JSON array is no call; send an object with \"method\" and \"params\"");
  throw error(errc::bad_frame, "the body begins with the byte " + shown(rest.front())
                                   + "; XML-RPC begins with '<', a JSON object with '{'");
}

std::string encode_foreign(foreign_call call, foreign_xml_options options) {
  return call.body == foreign_body::xml ? encode_xml_call(call, options)
                                        : encode_json_call(std::move(call));
}

std::string ascii_text(std::string_view text) {
  std::string plain(text.substr(0, limits::error_text_bytes_max));
  for (auto& c : plain)
    if (c < ' ' || c > '~')
      c = '?';
  return plain;
}

}  // namespace holdfast
