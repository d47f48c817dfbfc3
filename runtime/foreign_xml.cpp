// Writing XML-RPC. Reading is in foreign_xml_reader.cpp.

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/base64.hpp>
#include <holdfast/runtime/foreign_xml.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>

namespace holdfast {
namespace {

constexpr std::string_view prolog = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";

// The bytes of the UTF-8 character at the front of `text` and its code point; 0 bytes when there is none.
struct character {
  std::size_t bytes = 0;
  char32_t code = 0;
};

character first_character(std::string_view text) {
  auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  auto lead = byte(0);
  if (lead < 0x80)
    return {1, lead};
  std::size_t length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.size())
    return {};
  char32_t code = lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80)
      return {};
    code = code << 6 | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> lowest{0, 0, 0x80, 0x800, 0x10000};
  if (code < lowest[length] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    return {};
  return {length, code};
}

bool is_forbidden(char32_t code) {
  return (code < 0x20 && code != '\t' && code != '\n' && code != '\r') || code == 0xfffe
         || code == 0xffff;
}

class writer {
public:
  writer(std::string place, foreign_xml_options options)
      : options_(options), place_(std::move(place)) {}

  void markup(std::string_view part) { text_ += part; }
  std::string take() { return std::move(text_); }

  void write(const value& content, unsigned depth) {
    markup("<value>");
    std::visit([&](auto& held) { one(held, depth); }, content.content());
    markup("</value>");
  }

  void item(const array& items, std::size_t i, unsigned depth) {
    within("[" + std::to_string(i) + "]", [&] { write(items[i], depth); });
  }

  template <class F>
  void within(const std::string& step, F action) {
    auto above = place_.size();
    place_ += step;
    action();
    place_.resize(above);
  }

  void escaped(std::string_view text) {
    while (!text.empty()) {
      auto [bytes, code] = first_character(text);
      if (bytes == 0)
        fail("a string that is not UTF-8 (send it as bytes)");
      if (is_forbidden(code))
        forbidden(code);
      switch (code) {
      case '&': markup("&amp;"); break;
      case '<': markup("&lt;"); break;
      case '>': markup("&gt;"); break;
      case '\r':
        markup("&#13;");
        break;  // readers make a line feed of one that stands there itself
      default: markup(text.substr(0, bytes));
      }
      text.remove_prefix(bytes);
    }
  }

private:
  [[noreturn]] void fail(const std::string& what) const {
    throw error(errc::bad_argument, place_ + ": " + what + ", which has no XML-RPC form");
  }

  [[noreturn]] void forbidden(char32_t code) const {
    char name[16];
    std::snprintf(name, sizeof name, "U+%04X", static_cast<unsigned>(code));
    fail("the character " + std::string(name) + " (send it as bytes)");
  }

  void element(std::string_view name, std::string_view content) {
    text_.append("<").append(name).append(">").append(content).append("</").append(name).append(
        ">");
  }

  void one(std::monostate, unsigned) {
    if (!options_.nil)
      fail("null (without the option nil)");
    markup("<nil/>");
  }

  void one(bool held, unsigned) { element("boolean", held ? "1" : "0"); }

  void one(std::int64_t held, unsigned) {
    bool small = held == static_cast<std::int32_t>(held);
    if (!small && !options_.i8)
      fail("the integer " + std::to_string(held) + " beyond 32 bits (without the option i8)");
    element(small ? "int" : "i8", std::to_string(held));
  }

  void one(double held, unsigned) {
    if (std::isnan(held))
      fail("NaN");
    if (std::isinf(held))
      fail("infinity");
    std::array<char, 400> digits;  // the longest has 327
    auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), held, std::chars_format::fixed)
            .ptr;
    element("double", {digits.data(), end});
  }

  void one(const std::string& held, unsigned) {
    markup("<string>");
    escaped(held);
    markup("</string>");
  }

  void one(const binary& held, unsigned) { element("base64", encode_base64(held)); }

  void one(date_time held, unsigned) {
    std::string text;
    try {
      text = format_date_time(held);
    } catch (const error& outside) {
      fail(outside.what());
    }
    text.pop_back();  // the Z
    text.erase(7, 1).erase(4, 1);
    element("dateTime.iso8601", text);
  }

  void one(const array& held, unsigned depth) {
    check_depth(depth);
    markup("<array><data>");
    for (std::size_t i = 0; i < held.size(); ++i)
      item(held, i, depth + 1);
    markup("</data></array>");
  }

  void one(const dict& held, unsigned depth) {
    check_depth(depth);
    markup("<struct>");
    for (auto& each : held)
      within("." + each.name, [&] {
        markup("<member><name>");
        escaped(each.name);
        markup("</name>");
        write(each.content, depth + 1);
        markup("</member>");
      });
    markup("</struct>");
  }

  void check_depth(unsigned depth) const {
    if (depth >= limits::foreign_depth_max)
      fail("nested deeper than " + std::to_string(limits::foreign_depth_max) + " levels");
  }

  foreign_xml_options options_;
  std::string place_, text_;
};

void write_fault(writer& out, const foreign_fault& fault) {
  out.markup("<fault><value><struct><member><name>faultCode</name><value><int>");
  out.markup(std::to_string(fault.code));
  out.markup("</int></value></member><member><name>faultString</name><value><string>");
  out.within(".faultString", [&] { out.escaped(fault.text); });
  out.markup("</string></value></member></struct></value></fault>");
}

}  // namespace

std::string encode_xml_call(const foreign_call& call, foreign_xml_options options) {
  check_foreign_method(call.method);
  if (!call.named.empty())
    throw error(errc::bad_argument, "named: arguments by name, which have no XML-RPC form; give "
                                    "them by position, or send JSON");
  writer out("params", options);
  out.markup(prolog);
  out.markup("<methodCall><methodName>");
  out.markup(call.method);  // of characters that need no escape
  out.markup("</methodName><params>");
  for (std::size_t i = 0; i < call.params.size(); ++i) {
    out.markup("<param>");
    out.item(call.params, i, 0);
    out.markup("</param>");
  }
  out.markup("</params></methodCall>\n");
  return out.take();
}

std::string encode_xml_response(const foreign_response& response, foreign_xml_options options) {
  auto fault = std::get_if<foreign_fault>(&response);
  writer out(fault ? "fault" : "result", options);
  out.markup(prolog);
  out.markup("<methodResponse>");
  if (fault) {
    write_fault(out, *fault);
  } else {
    out.markup("<params><param>");
    out.write(std::get<value>(response), 0);
    out.markup("</param></params>");
  }
  out.markup("</methodResponse>\n");
  return out.take();
}

}  // namespace holdfast
