// The stream of a foreign node, cut into bodies: in whatever pieces it comes, and when it is none.

#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_frames.hpp>

#include <gtest/gtest.h>

#include <tests/fuzz/allocation_gauge.hpp>
#include <vector>

namespace holdfast {
namespace {

using bodies = std::vector<std::string>;

std::string framed(const bodies& all) {
  std::string stream;
  for (auto& each : all)
    append_foreign_frame(stream, each);
  return stream;
}

void take_all(foreign_frame_reader& reader, bodies& into) {
  while (auto body = reader.next())
    into.emplace_back(*body);
}

template <class F>
std::string refusal(F action, errc code = errc::bad_frame) {
  try {
    action();
  } catch (const error& refused) {
    EXPECT_EQ(refused.code(), code);
    return refused.what();
  }
  return "taken";
}

std::string refusal_of(std::string_view stream, std::size_t bytes_max = 100) {
  foreign_frame_reader reader(bytes_max);
  reader.feed(stream);
  auto first = refusal([&] { reader.next(); });
  if (first != "taken") {  // and nothing is read behind it
    reader.feed(framed({"good"}));
    EXPECT_EQ(refusal([&] { reader.next(); }), first);
    EXPECT_EQ(refusal([&] { reader.end(); }), first);
    EXPECT_EQ(reader.pending_bytes(), 0u);
  }
  return first;
}

TEST(foreign_frames, BytesOnTheWire) {
  std::string out = "before";
  append_foreign_frame(out, "<a/>");
  EXPECT_EQ(out, std::string("before\0\0\0\4<a/>", 14));
  auto large = framed({std::string(0x10203, 'x')});
  EXPECT_EQ(large.substr(0, 4), std::string("\0\1\2\3", 4));
}

TEST(foreign_frames, WhateverIsCutIsPutTogether) {
  bodies sent{"a", std::string(300, 'b'), "{}", std::string("\0\0\0\1", 4)};
  auto stream = framed(sent);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    foreign_frame_reader reader;
    bodies got;
    reader.feed(std::string_view(stream).substr(0, cut));
    take_all(reader, got);
    reader.feed(std::string_view(stream).substr(cut));
    take_all(reader, got);
    EXPECT_EQ(got, sent) << "cut at " << cut;
    EXPECT_EQ(reader.pending_bytes(), 0u);
    reader.end();
  }
  for (std::size_t piece : {1, 2, 3, 7}) {
    foreign_frame_reader reader;
    bodies got;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      reader.feed(std::string_view(stream).substr(at, piece));
      take_all(reader, got);
    }
    EXPECT_EQ(got, sent) << "in pieces of " << piece;
  }
}

TEST(foreign_frames, AHundredInOneWrite) {
  bodies sent, got;
  for (int i = 0; i < 100; ++i)
    sent.push_back(
        std::string(static_cast<std::size_t>(i) * 37 + 1, static_cast<char>('a' + i % 26)));
  foreign_frame_reader reader;
  reader.feed(framed(sent));
  take_all(reader, got);
  EXPECT_EQ(got, sent);
}

TEST(foreign_frames, LengthsAtTheirBounds) {
  std::string most(100, 'x');
  auto stream = framed({most});
  foreign_frame_reader reader(100);
  reader.feed(stream);
  EXPECT_EQ(reader.next(), most);

  EXPECT_EQ(refusal_of(std::string(4, '\0')),
            "a message of length 0: each has a body, an XML-RPC methodCall or a JSON object");
  EXPECT_EQ(refusal_of(std::string("\0\0\0\x65", 4)),
            "a message of 101 bytes is announced, 100 are allowed");
  EXPECT_EQ(refusal_of("\xff\xff\xff\xff"),
            "a message of 4294967295 bytes is announced, 100 are allowed");
  EXPECT_EQ(refusal_of("GET / HTTP/1.1\r\n"),
            "a message of 1195725856 bytes is announced, 100 are allowed; as text its length is "
            "'GET ': four bytes of "
            "length, most significant first, come before each body");
}

TEST(foreign_frames, WhatWasWholeBeforeABadLengthIsGiven) {
  foreign_frame_reader reader(100);
  reader.feed(framed({"one", "two"}) + "\xff\xff\xff\xff");
  EXPECT_EQ(reader.next(), "one");
  EXPECT_EQ(reader.next(), "two");
  EXPECT_NE(refusal([&] { reader.next(); }), "taken");
}

TEST(foreign_frames, AStreamThatEndsInTheMiddle) {
  auto why = [](std::string_view stream) {
    foreign_frame_reader reader;
    reader.feed(stream);
    EXPECT_FALSE(reader.next());
    return refusal([&] { reader.end(); });
  };
  EXPECT_EQ(why(""), "taken");
  EXPECT_EQ(why(std::string_view("\0\0\0", 3)),
            "the stream ends after 3 of the 4 bytes of a length");
  EXPECT_EQ(why(std::string_view("\0\0\0\x0a<me", 7)),
            "the stream ends after 3 of the 10 bytes of a message");
}

TEST(foreign_frames, MemoryGrowsWithWhatArrived) {
  foreign_frame_reader reader;
  allocation_gauge gauge;
  reader.feed(std::string_view("\0\xff\xff\xff", 4));  // 16 MiB announced
  EXPECT_FALSE(reader.next());
  for (int i = 0; i < 10; ++i)
    reader.feed("a hundred bytes, more or less, of a body that was announced to be much longer "
                "than it ever becomes");
  EXPECT_FALSE(reader.next());
  EXPECT_LT(gauge.peak_bytes(), 5000u);
}

TEST(foreign_frames, ALargeBodyLeavesNothingBehind) {
  auto stream = framed({std::string(8u << 20, 'x')});
  foreign_frame_reader reader;
  for (std::size_t at = 0; at < stream.size(); at += 65536)
    reader.feed(std::string_view(stream).substr(at, 65536));
  ASSERT_TRUE(reader.next());
  allocation_gauge gauge;
  reader.feed(framed({"small"}));
  EXPECT_EQ(reader.next(), "small");
  EXPECT_LT(gauge.peak_bytes(), 1000u);
}

TEST(foreign_frames, TheWriterRefusesWhatTheReaderWould) {
  std::string out;
  EXPECT_EQ(refusal([&] { append_foreign_frame(out, ""); }, errc::bad_argument),
            "a message to a foreign node has no body");
  EXPECT_EQ(
      refusal([&] { append_foreign_frame(out, std::string(101, 'x'), 100); }, errc::too_large),
      "a message to a foreign node has 101 bytes, 100 are allowed");
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace holdfast
