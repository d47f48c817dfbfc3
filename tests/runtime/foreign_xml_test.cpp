// XML-RPC documents: every type both ways, and every refusal with its sentence.

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_xml.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace holdfast {
namespace {

constexpr foreign_xml_options everything{.i8 = true, .nil = true};

template <class F>
std::string refusal(F action, errc code) {
  try {
    action();
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), code);
    return refused.what();
  }
  return "taken";
}

std::string call_with(std::string_view value_element) {
  return "<methodCall><methodName>m</methodName><params><param>" + std::string(value_element)
         + "</param></params></methodCall>";
}

value decoded(std::string_view value_element) {
  auto call = decode_xml_call(call_with(value_element));
  EXPECT_EQ(call.method, "m");
  EXPECT_EQ(call.params.size(), 1u);
  return call.params.at(0);
}

std::string encoded(const value& content, foreign_xml_options options = everything) {
  auto text = encode_xml_call({"m", {content}, {}, foreign_body::xml}, options);
  auto begin = text.find("<value>"), end = text.rfind("</param>");
  return text.substr(begin, end - begin);
}

void expect_both_ways(const value& content, std::string_view element) {
  EXPECT_EQ(encoded(content), element);
  EXPECT_EQ(decoded(element), content) << element;
}

std::string refusal_of(std::string_view document) {
  return refusal([&] { decode_xml_call(document); }, errc::bad_frame);
}

// Without the frame of each sentence; the place is checked where it matters.
std::string why_not(std::string_view value_element) {
  auto why = refusal_of(call_with(value_element));
  std::string before = "not the XML-RPC expected here: ";
  EXPECT_EQ(why.substr(0, before.size()), before);
  EXPECT_NE(why.find(", at line 1, column "), std::string::npos) << why;
  return why.substr(before.size(), why.rfind(", at line") - before.size());
}

std::string encode_refusal(const value& content, foreign_xml_options options = everything) {
  return refusal(
      [&] {
        encode_xml_call({"m", {1, content}, {}, foreign_body::xml}, options);
      },
      errc::bad_argument);
}

TEST(foreign_xml, ADocument) {
  foreign_call call{"beta/pages.render", {"a.pdf", 300}, {}, foreign_body::xml};
  auto text = encode_xml_call(call);
  EXPECT_EQ(text, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
                  "<methodCall><methodName>beta/pages.render</methodName><params>"
                  "<param><value><string>a.pdf</string></value></param>"
                  "<param><value><int>300</int></value></param></params></methodCall>\n");
  EXPECT_EQ(decode_xml_call(text), call);
  foreign_call none{"m", {}, {}, foreign_body::xml};
  EXPECT_EQ(decode_xml_call(encode_xml_call(none)), none);
  EXPECT_EQ(decode_xml_call("<methodCall><methodName>\n m </methodName></methodCall>"), none);
}

TEST(foreign_xml, BothWays) {
  expect_both_ways(nullptr, "<value><nil/></value>");
  expect_both_ways(true, "<value><boolean>1</boolean></value>");
  expect_both_ways(false, "<value><boolean>0</boolean></value>");
  expect_both_ways(-2147483648, "<value><int>-2147483648</int></value>");
  expect_both_ways(2147483648, "<value><i8>2147483648</i8></value>");
  expect_both_ways(std::numeric_limits<std::int64_t>::min(),
                   "<value><i8>-9223372036854775808</i8></value>");
  expect_both_ways(0.1, "<value><double>0.1</double></value>");
  expect_both_ways(-1e21, "<value><double>-1000000000000000000000</double></value>");
  expect_both_ways(2.5e-7, "<value><double>0.00000025</double></value>");
  expect_both_ways("a<b>&\"'\r\n\t\xc3\xa4",
                   "<value><string>a&lt;b&gt;&amp;\"'&#13;\n\t\xc3\xa4</string></value>");
  expect_both_ways("", "<value><string></string></value>");
  expect_both_ways("  ]]> ", "<value><string>  ]]&gt; </string></value>");
  expect_both_ways("\xf0\x9f\x98\x80\xef\xbf\xbd",
                   "<value><string>\xf0\x9f\x98\x80\xef\xbf\xbd</string></value>");
  expect_both_ways(binary{std::byte{0}, std::byte{255}}, "<value><base64>AP8=</base64></value>");
  expect_both_ways(parse_date_time("2026-11-22T18:21:07Z"),
                   "<value><dateTime.iso8601>20261122T18:21:07</dateTime.iso8601></value>");
  expect_both_ways(parse_date_time("2026-11-22T18:21:07.25Z"),
                   "<value><dateTime.iso8601>20261122T18:21:07.250000</dateTime.iso8601></value>");
  expect_both_ways(array(), "<value><array><data></data></array></value>");
  expect_both_ways(
      array{1, array{"x"}},
      "<value><array><data><value><int>1</int></value><value><array><data><value><string>x</string>"
      "</value></data></array></value></data></array></value>");
  expect_both_ways(dict(), "<value><struct></struct></value>");
  expect_both_ways(dict{{"a&", 1}, {"", dict{{"b", nullptr}}}},
                   "<value><struct><member><name>a&amp;</name><value><int>1</int></value></"
                   "member><member><name></name>"
                   "<value><struct><member><name>b</name><value><nil/></value></member></struct></"
                   "value></member>"
                   "</struct></value>");
  for (auto extreme : {std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
                       std::numeric_limits<double>::denorm_min(), -1.2345678901234567e-300})
    EXPECT_EQ(decoded(encoded(extreme)), value(extreme));
}

TEST(foreign_xml, OtherWaysToSayTheSame) {
  EXPECT_EQ(decoded("<value>plain &#65; <![CDATA[<&>]]></value>"), value("plain A <&>"));
  EXPECT_EQ(decoded("<value/>"), value(""));
  EXPECT_EQ(decoded("<value>  </value>"), value("  "));
  EXPECT_EQ(decoded("<value> <int> +7 </int> </value>"), value(7));
  EXPECT_EQ(decoded("<value><i4>7</i4></value>"), value(7));
  EXPECT_EQ(decoded("<value><i8>7</i8></value>"), value(7));
  EXPECT_EQ(decoded("<value><ex:i8 xmlns:ex='urn:x'>7</ex:i8></value>"), value(7));
  EXPECT_EQ(decoded("<value><ex:nil/></value>"), value());
  EXPECT_EQ(decoded("<value><double>+1.5e3</double></value>"), value(1500.0));
  EXPECT_EQ(decoded("<value><double>7</double></value>").kind(), value_kind::real);
  EXPECT_EQ(decoded("<value><base64>\n AP\n8=\n</base64></value>"),
            value(binary{std::byte{0}, std::byte{255}}));
  EXPECT_EQ(decoded("<value><!-- a --><?b c?><string>x<!-- d -->y</string></value>"), value("xy"));
  value moment = parse_date_time("2026-11-22T18:21:07Z");
  for (auto text : {"20261122T18:21:07", "20261122T18:21:07Z", "2026-11-22T18:21:07",
                    "2026-11-22T18:21:07Z", "20261122T20:21:07+02:00", "2026-11-22T20:21:07+0200",
                    "20261122T13:21:07-0500", "2026-11-22T18:21:07.000Z", " 20261122T18:21:07\n"})
    EXPECT_EQ(
        decoded("<value><dateTime.iso8601>" + std::string(text) + "</dateTime.iso8601></value>"),
        moment)
        << text;
}

// As Python's xmlrpc.client writes it.
TEST(foreign_xml, APythonDocument) {
  auto call = decode_xml_call(R"(<?xml version='1.0'?>
<methodCall>
<methodName>pages.render</methodName>
<params>
<param>
<value><string>naïve &amp; &lt;b&gt;</string></value>
</param>
<param>
<value><double>-1.5</double></value>
</param>
<param>
<value><array><data>
<value><int>1</int></value>
<value><array><data>
</data></array></value>
</data></array></value>
</param>
<param>
<value><struct>
<member>
<name>a</name>
<value><struct>
<member>
<name>b</name>
<value><base64>
AP8=
</base64></value>
</member>
</struct></value>
</member>
</struct></value>
</param>
<param>
<value><dateTime.iso8601>20261122T18:21:07</dateTime.iso8601></value>
</param>
<param>
<value><nil/></value></param>
</params>
</methodCall>
)");
  array params{"na\xc3\xafve & <b>",
               -1.5,
               array{1, array()},
               dict{{"a", dict{{"b", binary{std::byte{0}, std::byte{255}}}}}},
               parse_date_time("2026-11-22T18:21:07Z"),
               nullptr};
  EXPECT_EQ(call, (foreign_call{"pages.render", params, {}, foreign_body::xml}));
}

TEST(foreign_xml, DeclaredEncodings) {
  auto said_in = [](std::string encoding, std::string_view text) {
    return decode_xml_call("<?xml version='1.0' encoding='" + encoding + "'?>"
                           + call_with("<value>" + std::string(text) + "</value>"))
        .params.at(0)
        .as_string();
  };
  EXPECT_EQ(said_in("iso-8859-5", "\xbf\xe0\xd8\xd2\xd5\xe2 \xf0"), "Привет №");
  EXPECT_EQ(said_in("cp866", "\x8f\xe0\xa8\xa2\xa5\xe2 \xf0"), "Привет Ё");
  EXPECT_EQ(said_in("IBM866", "\x8f"), "П");
  EXPECT_EQ(said_in("windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2"), "Привет");
  EXPECT_EQ(said_in("KOI8-R", "\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет");
  EXPECT_EQ(said_in("windows-1252", "\x80\xe4"), "€ä");
  EXPECT_EQ(said_in("iso-8859-15", "\xa4\xe4"), "€ä");
  EXPECT_EQ(said_in("iso-8859-1", "\xe4"), "ä");
  EXPECT_EQ(said_in("us-ascii", "a"), "a");
  EXPECT_EQ(said_in("utf-8", "ä"), "ä");
  std::string wide = "\xff\xfe";
  for (char c : call_with("<value>ok</value>"))
    wide += {c, '\0'};
  EXPECT_EQ(decode_xml_call(wide).params.at(0), value("ok"));

  auto why = [&](const std::string& encoding, std::string_view text) {
    return refusal([&] { said_in(encoding, text); }, errc::bad_frame);
  };
  EXPECT_EQ(why("klingon", ""), "not the XML-RPC expected here: the encoding 'klingon' is not "
                                "known here; send UTF-8, at line 1, column 1");
  EXPECT_NE(why("shift_jis", "").find("'shift_jis' is not known"), std::string::npos);
  EXPECT_NE(why("utf-7", "").find("'utf-7' is not known"), std::string::npos);
  EXPECT_NE(why("windows-1253", "\xaa").find("not well-formed"),
            std::string::npos);  // no such letter
  EXPECT_NE(why("us-ascii", "\xe4").find("not well-formed"), std::string::npos);
  EXPECT_NE(why("utf-8", "\xe4").find("not well-formed"), std::string::npos);
}

TEST(foreign_xml, ElementsThatCannotHoldTheirText) {
  auto why = [](std::string name, std::string text) {
    return why_not("<value><" + name + ">" + text + "</" + name + "></value>");
  };
  EXPECT_EQ(why("int", "3000000000"),
            "'3000000000' does not fit 32 bits with sign; send it as <i8>");
  EXPECT_EQ(why("i8", "9223372036854775808"),
            "'9223372036854775808' does not fit 64 bits with sign");
  for (auto wrong : {"", "1.5", "x", "1 2", "+-1", "0x10", "--1", "+"})
    EXPECT_NE(why("int", wrong).find("' is no integer"), std::string::npos) << wrong;
  EXPECT_EQ(why("boolean", "true"), "'true' is no boolean, which is 0 or 1");
  EXPECT_EQ(why("double", "1e999"), "'1e999' does not fit a double");
  for (auto wrong : {"", "NaN", "inf", "1,5", "1.5x"})
    EXPECT_NE(why("double", wrong).find("' is no number"), std::string::npos) << wrong;
  EXPECT_EQ(why("base64", "AP8"), "'AP8' is not base64");
  EXPECT_EQ(why("nil", "x"), "text in <nil>");
  EXPECT_EQ(why("dateTime.iso8601", "20261322T18:21:07"),
            "'2026-13-22T18:21:07Z' is not a date-time such as 2026-11-22T18:21:07.25Z: the month "
            "must be 2 digits from "
            "1 to 12");
  for (auto wrong :
       {"", "now", "20261122", "20261122T18", "20261122T18:21:07+2", "0000-01-01T00:00:00+01:00"})
    EXPECT_NE(why("dateTime.iso8601", wrong).find("is not a date-time"), std::string::npos)
        << wrong;
}

TEST(foreign_xml, ElementsOutOfPlace) {
  EXPECT_EQ(why_not("<value><float>1</float></value>"),
            "the element <float>, which XML-RPC does not have");
  EXPECT_EQ(why_not("<int>1</int>"), "<int> has no place here in <param>");
  EXPECT_EQ(why_not("<value><int>1</int><int>2</int></value>"),
            "<int> has no place here in <value>");
  EXPECT_EQ(why_not("<value>x<int>1</int></value>"), "text beside an element in <value>");
  EXPECT_EQ(why_not("<value><int>1</int>x</value>"), "text in <value>");
  EXPECT_EQ(why_not("x<value/>"), "text in <param>");
  EXPECT_EQ(why_not(""), "<param> without its <value>");
  EXPECT_EQ(why_not("<value/><value/>"), "<value> has no place here in <param>");
  EXPECT_EQ(why_not("<value><array/></value>"), "<array> without its <data>");
  EXPECT_EQ(why_not("<value><array><value/></array></value>"),
            "<value> has no place here in <array>");
  EXPECT_EQ(why_not("<value><struct><member><value/></member></struct></value>"),
            "<value> has no place here in <member>");
  EXPECT_EQ(why_not("<value><struct><member><name>a</name></member></struct></value>"),
            "<member> without its <value>");
  EXPECT_EQ(why_not("<value><struct><member/></struct></value>"), "<member> without its <name>");
  EXPECT_EQ(why_not("<value><string><int>1</int></string></value>"),
            "<int> has no place here in <string>");
  EXPECT_EQ(why_not("<value type='int'>1</value>"), "the attribute 'type'; XML-RPC has none");
  std::string twice = "<member><name>a</name><value/></member>";
  EXPECT_EQ(why_not("<value><struct>" + twice + twice + "</struct></value>"),
            "a struct names 'a' twice; member names are unique");
}

TEST(foreign_xml, DocumentsThatAreNoCall) {
  std::string before = "not the XML-RPC expected here: ";
  EXPECT_EQ(refusal_of("<methodCall>\n <b/></methodCall>"),
            before + "the element <b>, which XML-RPC does not have, at line 2, column 2");
  EXPECT_EQ(refusal_of("<methodCall></methodCall>"),
            before + "<methodCall> without its <methodName>, at line 1, column 13");
  EXPECT_EQ(refusal_of("<methodCall><params/></methodCall>"),
            before + "<params> has no place here in <methodCall>, at line 1, column 13");
  EXPECT_EQ(refusal_of("<methodResponse/>"),
            before + "a <methodResponse> where a <methodCall> is expected, at line 1, column 1");
  EXPECT_EQ(refusal_of("<value/>"),
            before + "<value> has no place as the outermost element, at line 1, column 1");
  EXPECT_EQ(refusal_of("<methodCall><methodName>a b</methodName></methodCall>"),
            before
                + "the method's name has the byte 0x20; it is letters, digits, '_', '-', '.', ':' "
                  "and '/', at line 1, "
                  "column 28");
  EXPECT_EQ(refusal_of("<methodCall><methodName/></methodCall>"),
            before + "the method's name is empty, at line 1, column 26");
  EXPECT_NE(
      refusal_of("<methodCall><methodName>" + std::string(258, 'a') + "</methodName></methodCall>")
          .find("has 258 bytes, 257 are allowed"),
      std::string::npos);
  auto whole = call_with("<value><string>ok</string></value>");
  EXPECT_EQ(refusal_of(whole + "<methodCall/>"),
            before + "junk after document element, at line 1, column "
                + std::to_string(whole.size() + 1));
  EXPECT_EQ(refusal_of(whole + " \n<!-- fine -->\n"), "taken");
  EXPECT_NE(refusal_of(whole + "x").find("junk after"), std::string::npos);
  EXPECT_EQ(refusal_of(""), before + "it ends too early, at line 1, column 1");
  EXPECT_NE(refusal_of("<methodCall><methodName>m</methodNam>").find("mismatched tag"),
            std::string::npos);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(refusal_of(whole.substr(0, size)), "taken") << size;
}

TEST(foreign_xml, NoDocumentTypeAndNoEntities) {
  std::string dtd = "not the XML-RPC expected here: a document type (DTD); none is read, and no "
                    "entities, at line 1";
  std::string laughs = "<!DOCTYPE l [<!ENTITY a0 'ha'>";
  for (int i = 1; i < 20; ++i)
    laughs += "<!ENTITY a" + std::to_string(i) + " '&a" + std::to_string(i - 1) + ";&a"
              + std::to_string(i - 1) + ";'>";
  auto why = [](const std::string& before, std::string_view text) {
    return refusal_of(before + call_with("<value>" + std::string(text) + "</value>"));
  };
  EXPECT_EQ(why(laughs + "]>", "&a19;").substr(0, dtd.size()), dtd);
  EXPECT_EQ(
      why("<!DOCTYPE l [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>", "&e;").substr(0, dtd.size()),
      dtd);
  EXPECT_EQ(why("<!DOCTYPE l SYSTEM 'http://127.0.0.1/x.dtd'>", "").substr(0, dtd.size()), dtd);
  EXPECT_EQ(why("<!DOCTYPE l>", "").substr(0, dtd.size()), dtd);
  EXPECT_NE(why("", "&e;").find("undefined entity"), std::string::npos);
}

TEST(foreign_xml, WhatCannotBeExpressedIsRefusedByName) {
  EXPECT_EQ(encode_refusal(dict{{"lines", array{1, 2, std::nan("")}}}),
            "params[1].lines[2]: NaN, which has no XML-RPC form");
  EXPECT_EQ(encode_refusal(-std::numeric_limits<double>::infinity()),
            "params[1]: infinity, which has no XML-RPC form");
  EXPECT_EQ(encode_refusal(nullptr, {.i8 = true}),
            "params[1]: null (without the option nil), which has no XML-RPC form");
  EXPECT_EQ(encode_refusal(array{2147483648}, {.nil = true}),
            "params[1][0]: the integer 2147483648 beyond 32 bits (without the option i8), which "
            "has no XML-RPC form");
  EXPECT_EQ(encode_refusal("a\x01"),
            "params[1]: the character U+0001 (send it as bytes), which has no XML-RPC form");
  EXPECT_EQ(encode_refusal(std::string(1, '\0')).find("params[1]: the character U+0000"), 0u);
  EXPECT_EQ(encode_refusal("\xef\xbf\xbf").find("params[1]: the character U+FFFF"), 0u);
  for (auto wrong : {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x28\xa1",
                     "\xf8\x88\x80\x80\x80"})
    EXPECT_EQ(
        encode_refusal(wrong),
        "params[1]: a string that is not UTF-8 (send it as bytes), which has no XML-RPC form");
  EXPECT_EQ(encode_refusal(dict{{"a\x02", 1}}).find("params[1].a\x02: the character U+0002"), 0u);
  EXPECT_NE(encode_refusal(date_time(date_time::duration::max())).find("outside the years"),
            std::string::npos);

  auto why = [](const foreign_call& call) {
    return refusal([&] { encode_xml_call(call, everything); }, errc::bad_argument);
  };
  EXPECT_EQ(
      why({"m", {}, dict{{"a", 1}}, foreign_body::xml}),
      "named: arguments by name, which have no XML-RPC form; give them by position, or send JSON");
  EXPECT_EQ(why({"", {}, {}, foreign_body::xml}), "the method's name is empty");
  EXPECT_EQ(why({"a<b", {}, {}, foreign_body::xml}),
            "the method's name has the byte 0x3c ('<'); it is letters, digits, '_', '-', '.', ':' "
            "and '/'");
}

TEST(foreign_xml, DepthIsBoundedBothWays) {
  value deep = 1;
  for (unsigned i = 0; i < limits::foreign_depth_max; ++i)
    deep = i % 2 == 0 ? value(array{deep}) : value(dict{{"a", deep}});
  EXPECT_EQ(decoded(encoded(deep)), deep);
  std::string element = "<value><array><data>" + encoded(deep) + "</data></array></value>";
  EXPECT_EQ(why_not(element), "nested deeper than 62 levels");
  EXPECT_NE(encode_refusal(array{deep}).find(": nested deeper than 62 levels"), std::string::npos);
}

TEST(foreign_xml, Responses) {
  foreign_response good = value(dict{{"pages", 3}}),
                   bad = foreign_fault{-32601, "no <such> method"};
  EXPECT_EQ(decode_xml_response(encode_xml_response(good)), good);
  EXPECT_EQ(decode_xml_response(encode_xml_response(bad)), bad);
  EXPECT_EQ(encode_xml_response(bad),
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<methodResponse><fault><value><struct>"
            "<member><name>faultCode</name><value><int>-32601</int></value></member>"
            "<member><name>faultString</name><value><string>no &lt;such&gt; "
            "method</string></value></member>"
            "</struct></value></fault></methodResponse>\n");
  auto why = [](std::string content) {
    auto document = "<methodResponse>" + content + "</methodResponse>";
    return refusal([&] { decode_xml_response(document); }, errc::bad_frame).substr(31);
  };
  EXPECT_EQ(why("").find("<methodResponse> without its <params> or <fault>"), 0u);
  EXPECT_EQ(why("<params/>").find("a response gives one value, not 0"), 0u);
  EXPECT_EQ(why("<params><param><value/></param><param><value/></param></params>")
                .find("a response gives one"),
            0u);
  for (auto wrong :
       {"<int>1</int>", "", "<struct/>",
        "<struct><member><name>faultCode</name><value><int>1</int></value></member><member><name>"
        "faultString</name><value><int>1</int></value></member></struct>",
        "<struct><member><name>faultCode</name><value><i8>2147483648</i8></value></"
        "member><member><name>"
        "faultString</name><value>x</value></member></struct>"})
    EXPECT_EQ(why("<fault><value>" + std::string(wrong) + "</value></fault>")
                  .find("a fault is a struct of"),
              0u);
  EXPECT_EQ(
      refusal(
          [&] {
            encode_xml_response(foreign_fault{1, "\x01"});
          },
          errc::bad_argument),
      "fault.faultString: the character U+0001 (send it as bytes), which has no XML-RPC form");
  EXPECT_EQ(refusal([&] { encode_xml_response(value(array{nullptr})); }, errc::bad_argument),
            "result[0]: null (without the option nil), which has no XML-RPC form");
}

}  // namespace
}  // namespace holdfast
