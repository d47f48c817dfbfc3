// Bodies of both formats: told apart, there and back, and what hostile ones cost.

#include <holdfast/core/error.hpp>
#include <holdfast/core/seeded_random.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>
#include <holdfast/runtime/xml_events.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <tests/fuzz/allocation_gauge.hpp>

namespace holdfast {
namespace {

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

std::string refusal_of(std::string_view body) {
  return refusal([&] { decode_foreign(body); }, errc::bad_frame);
}

constexpr std::string_view a_document = "<methodCall><methodName>m</methodName></methodCall>";

TEST(foreign_codec, ToldByTheFirstByte) {
  EXPECT_EQ(decode_foreign(a_document), (foreign_call{"m", {}, {}, foreign_body::xml}));
  EXPECT_EQ(decode_foreign(R"({"method":"m"})"), (foreign_call{"m", {}, {}, foreign_body::json}));
  for (std::string before : {"\xef\xbb\xbf", "\r\n\t ", "\xef\xbb\xbf\n"}) {
    EXPECT_EQ(decode_foreign(before + "<?xml version='1.0'?>" + std::string(a_document)).body,
              foreign_body::xml);
    EXPECT_EQ(decode_foreign(before + R"({"method":"m"})").body, foreign_body::json);
  }
  EXPECT_EQ(
      refusal_of("hello"),
      "the body begins with the byte 0x68 ('h'); XML-RPC begins with '<', a JSON object with '{'");
  EXPECT_EQ(refusal_of(std::string(1, '\0')),
            "the body begins with the byte 0x00; XML-RPC begins with '<', a JSON object with '{'");
  EXPECT_EQ(refusal_of("[1]"),
            "a JSON array is no call; send an object with \"method\" and \"params\"");
  for (auto empty : {"", "\xef\xbb\xbf", " \n"})
    EXPECT_EQ(refusal_of(empty),
              "an empty body, where an XML-RPC methodCall or a JSON object is expected");
}

// What Python's pickle.dumps({'a': 1}) gives with each protocol.
TEST(foreign_codec, PicklesAreRefused) {
  std::string_view pickles[] = {"(dp0\nVa\np1\nI1\ns.",
                                {"}q\0X\1\0\0\0aq\1K\1s.", 15},
                                {"\x80\2}q\0X\1\0\0\0aq\1K\1s.", 17},
                                {"\x80\4\x95\n\0\0\0\0\0\0\0}\x94\x8c\1a\x94K\1s.", 21}};
  for (auto pickle : pickles)
    EXPECT_EQ(refusal_of(pickle), "a pickle is refused: it is Python's own format and can run code "
                                  "when read; send XML-RPC or JSON");
}

TEST(foreign_codec, JsonBothWays) {
  foreign_call call{"beta/pages.render",
                    {"a.pdf", 300, binary(2), nullptr, std::int64_t{1} << 40,
                     parse_date_time("2026-11-22T18:21:07Z")},
                    dict{{"dpi", 300}},
                    foreign_body::json};
  auto text = encode_foreign(call);
  EXPECT_EQ(
      text,
      R"({"method":"beta/pages.render","params":["a.pdf",300,{"$bytes":"AAA="},null,1099511627776,)"
      R"({"$date":"2026-11-22T18:21:07Z"}],"named":{"dpi":300}})");
  EXPECT_EQ(decode_foreign(text), call);
  EXPECT_EQ(decode_foreign(R"({"params":{"a":1},"method":"m"})"),
            (foreign_call{"m", {}, dict{{"a", 1}}, foreign_body::json}));
  EXPECT_EQ(decode_foreign(R"({"method":"m","params":[1],"named":{}})"),
            (foreign_call{"m", {1}, {}, foreign_body::json}));
  EXPECT_EQ(encode_foreign({"m", {}, {}, foreign_body::json}), R"({"method":"m","params":[]})");
}

TEST(foreign_codec, JsonRefusals) {
  std::string before = "not the JSON call expected here: ";
  EXPECT_EQ(refusal_of("{}"), before + "it has no \"method\"");
  EXPECT_EQ(refusal_of(R"({"method":5})"), before + "\"method\" is a string, not integer");
  EXPECT_EQ(refusal_of(R"({"method":"m","params":5})"),
            before + "\"params\" is an array or an object, not integer");
  EXPECT_EQ(refusal_of(R"({"method":"m","params":{"$bytes":""}})"),
            before + "\"params\" is an array or an object, not bytes");
  EXPECT_EQ(refusal_of(R"({"method":"m","named":[]})"),
            before + "\"named\" is an object, not array");
  EXPECT_EQ(refusal_of(R"({"method":"m","params":{},"named":{}})"),
            before
                + "\"params\" is an object, which names the arguments already, and there is "
                  "\"named\" too");
  EXPECT_EQ(refusal_of(R"({"method":"m","id":1})"),
            before + "\"id\" is no member of it; they are \"method\", \"params\" and \"named\"");
  EXPECT_EQ(refusal_of(R"({"$bytes":"AAA="})"),
            before + "it is an object with \"method\" and \"params\", not bytes");
  EXPECT_NE(refusal_of(R"({"method":"a b"})").find("the method's name has the byte 0x20"),
            std::string::npos);
  for (auto wrong : {"{", R"({"method":"m",})", R"({"method":"m"} x)", R"({"method":"m"}{})",
                     "{\"method\":\"\xff\"}", R"({"method":"m","params":[NaN]})",
                     R"({"method":"m","params":[1e999]})", R"({"method":"m","method":"n"})",
                     R"({"method":"m","params":[9223372036854775808]})"})
    EXPECT_NE(refusal_of(wrong).find("at character"), std::string::npos) << wrong;
  auto why = [](value content) {
    return refusal(
        [&] {
          encode_foreign({"m", {1, content}, {}, foreign_body::json});
        },
        errc::bad_argument);
  };
  EXPECT_EQ(why(dict{{"lines", array{1, 2, std::nan("")}}}),
            "params[1].lines[2]: NaN, which has no JSON form");
  EXPECT_EQ(refusal(
                [&] {
                  encode_foreign({"m", {}, dict{{"a", "\xff"}}, foreign_body::json});
                },
                errc::bad_argument),
            "named.a: a string that is not UTF-8 (send it as bytes), which has no JSON form");
}

TEST(foreign_codec, BothFormatsAreEquallyDeep) {
  for (auto body : {foreign_body::xml, foreign_body::json}) {
    value deep = 1;
    for (unsigned i = 0; i < limits::foreign_depth_max; ++i)
      deep = value(array{deep});
    foreign_call call{"m", {deep}, {}, body};
    EXPECT_EQ(decode_foreign(encode_foreign(call)), call);
    call.params[0] = value(array{deep});
    EXPECT_NE(refusal([&] { encode_foreign(call); }, errc::bad_argument).find("nested deeper than"),
              std::string::npos);
  }
}

// Values that both formats can carry; structs never look like JSON's tagged ones.
class value_maker {
public:
  explicit value_maker(std::uint64_t seed) : random_(seed) {}

  value make(unsigned depth) {
    switch (random_.below(depth == 0 ? 7 : 9)) {
    case 0: return nullptr;
    case 1: return random_.chance(0.5);
    case 2: return static_cast<std::int64_t>(random_.next() >> random_.below(64));
    case 3: return real();
    case 4: return text();
    case 5: return bytes();
    case 6:
      return date_time(std::chrono::microseconds(
          static_cast<std::int64_t>(random_.below(4'000'000'000'000'000))));
    case 7: return items(depth);
    default: return structure(depth);
    }
  }

  array items(unsigned depth) {
    array all;
    for (auto left = random_.below(5); left != 0; --left)
      all.push_back(make(depth - 1));
    return all;
  }

private:
  double real() {
    for (;;) {
      auto bits = random_.next();
      double number;
      std::memcpy(&number, &bits, sizeof number);
      if (std::isfinite(number))
        return number;
    }
  }

  std::string text() {
    static const std::string_view letters[] = {"a", "<",  "&", ">", "]]>", "\r", "\n",
                                               " ", "\"", "ä", "€", "😀",   "\t", "\x7f"};
    std::string all;
    for (auto left = random_.below(12); left != 0; --left)
      all += letters[random_.below(std::size(letters))];
    return all;
  }

  binary bytes() {
    binary all(random_.below(100));
    for (auto& each : all)
      each = static_cast<std::byte>(random_.next());
    return all;
  }

  dict structure(unsigned depth) {
    dict all;
    for (auto left = random_.below(12); left != 0; --left)
      all.set("m" + text(), make(depth - 1));
    return all;
  }

  seeded_random random_;
};

TEST(foreign_codec, RandomCallsComeBackEqual) {
  std::string stream;
  std::vector<foreign_call> sent;
  value_maker maker(20261122);
  for (int i = 0; i < 1000; ++i) {
    auto body = i % 2 == 0 ? foreign_body::xml : foreign_body::json;
    sent.push_back({"beta/pages.render", maker.items(4), {}, body});
    append_foreign_frame(stream, encode_foreign(sent.back(), {.i8 = true, .nil = true}));
  }
  foreign_frame_reader reader;
  reader.feed(stream);
  for (auto& call : sent)
    EXPECT_EQ(decode_foreign(reader.next().value()), call);
}

// --- what hostile bodies cost ---

struct cost {
  std::string why;
  std::size_t peak = 0;
};

cost cost_of(const std::string& body) {
  cost result;
  allocation_gauge gauge;
  result.why = refusal_of(body);
  result.peak = gauge.peak_bytes();
  return result;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string all;
  all.reserve(part.size() * times);
  while (times-- != 0)
    all += part;
  return all;
}

const std::string xml_front = "<methodCall><methodName>m</methodName><params><param>";

TEST(foreign_codec, AMillionLevels) {
  auto arrays = cost_of(xml_front + repeated("<value><array><data>", 1'000'000));
  EXPECT_NE(arrays.why.find("nested deeper than 62 levels"), std::string::npos);
  EXPECT_LT(arrays.peak, limits::xml_parser_bytes_max);
  auto structs = cost_of(xml_front + repeated("<value><struct><member><name>a</name>", 1'000'000));
  EXPECT_NE(structs.why.find("nested deeper than 62 levels"), std::string::npos);
  EXPECT_LT(structs.peak, limits::xml_parser_bytes_max);
  auto unknown = cost_of(repeated("<a>", 1'000'000));
  EXPECT_NE(unknown.why.find("the element <a>"), std::string::npos);
  EXPECT_LT(unknown.peak, limits::xml_parser_bytes_max);
  auto json = cost_of(R"({"method":"m","params":)" + std::string(1'000'000, '['));
  EXPECT_NE(json.why.find("nested deeper than 64 levels"), std::string::npos);
  EXPECT_LT(json.peak, 64u << 10);
}

TEST(foreign_codec, GreatParts) {
  std::size_t most = limits::foreign_body_bytes_max - 200;
  for (auto& body : {"<methodCall " + std::string(most, 'a'), "<" + std::string(most, 'a') + "/>",
                     "<!--" + std::string(most, 'a') + "-->" + std::string(a_document),
                     "<methodCall " + repeated("xmlns:a='' ", most / 11) + "/>",
                     "<?a " + std::string(most, 'a') + "?>"}) {
    auto great = cost_of(body);
    EXPECT_NE(great.why.find("a tag or comment too large for any call"), std::string::npos)
        << great.why;
    EXPECT_LE(great.peak, limits::xml_parser_bytes_max + (64u << 10));
  }
  auto name =
      cost_of("<methodCall><methodName>" + std::string(most, 'a') + "</methodName></methodCall>");
  EXPECT_NE(name.why.find("bytes, 257 are allowed"), std::string::npos);
  std::string text(most, 'a');
  EXPECT_EQ(decode_foreign(xml_front + "<value>" + text + "</value></param></params></methodCall>")
                .params.at(0),
            value(text));
}

TEST(foreign_codec, MoreValuesThanAllowed) {
  auto values_bytes =
      limits::foreign_values_max * (sizeof(member) + 2 * sizeof(value) + sizeof(member));
  auto xml = cost_of(xml_front + "<value><array><data>"
                     + repeated("<value/>", limits::foreign_values_max + 1));
  EXPECT_NE(xml.why.find("more than 1048576 values"), std::string::npos) << xml.why;
  EXPECT_LT(xml.peak, values_bytes);
  auto json = cost_of(R"({"method":"m","params":[)" + repeated("0,", 8'000'000) + "0]}");
  EXPECT_NE(json.why.find("more values than one text may have"), std::string::npos) << json.why;
  EXPECT_LT(json.peak, values_bytes);
}

}  // namespace
}  // namespace holdfast
