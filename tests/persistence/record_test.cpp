// Sealed records: their bytes are pinned, and no damage to them goes unseen.

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/record.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace holdfast {
namespace {

// "48 46 01" as bytes; anything behind a # is a comment.
std::string from_hex(std::istream& lines) {
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    for (std::string word; words >> word;)
      bytes.push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
  }
  return bytes;
}

std::string golden(const std::string& name) {
  const auto path = std::filesystem::path(HOLDFAST_SOURCE_DIR) / "tests/persistence/golden" / name;
  std::ifstream file(path);
  if (!file)
    throw std::runtime_error("no golden bytes at " + path.string());
  return from_hex(file);
}

std::string refusal(errc expected, function_ref<void()> action) {
  try {
    action();
  } catch (const error& reason) {
    EXPECT_EQ(to_string(reason.code()), to_string(expected)) << reason.what();
    return reason.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

// A record made by hand, to put wrong things into a header whose checksum is right.
std::string forge(std::uint8_t version, std::uint8_t kind, std::string_view body) {
  std::string header;
  byte_writer(header).raw("HF").u8(version).u8(kind).u32(static_cast<std::uint32_t>(body.size()));
  const auto seed = byte_reader(header).u64();
  byte_writer(header).u64(checksum64(body, seed)).raw(body);
  return header;
}

TEST(record, golden_bytes_of_format_1) {
  EXPECT_EQ(seal(record_kind::meta, ""), golden("record_1_empty.hex"));
  EXPECT_EQ(seal(record_kind::call, "hello, disk"), golden("record_1_call.hex"));
  std::string all;
  for (int byte = 0; byte < 256; ++byte)
    all.push_back(static_cast<char>(byte));
  EXPECT_EQ(seal(record_kind::state_value, all), golden("record_1_long.hex"));
  EXPECT_EQ(unseal(record_kind::call, golden("record_1_call.hex")), "hello, disk");
}

TEST(record, the_example_in_the_documentation_is_true) {
  std::ifstream document(std::filesystem::path(HOLDFAST_SOURCE_DIR) / "docs/journal_format.md");
  ASSERT_TRUE(document) << "docs/journal_format.md is gone";
  std::string line;
  while (std::getline(document, line) && line != "```hex") {}
  std::stringstream example;
  while (std::getline(document, line) && line != "```")
    example << line << '\n';
  EXPECT_EQ(from_hex(example), seal(record_kind::meta, std::string("\1\0\0\0", 4)));
}

TEST(record, kinds_keep_their_numbers) {
  const std::pair<record_kind, const char*> kinds[] = {
      {record_kind::meta, "meta"},
      {record_kind::out_lane, "out_lane"},
      {record_kind::call, "call"},
      {record_kind::in_lane, "in_lane"},
      {record_kind::stored_call, "stored_call"},
      {record_kind::index, "index"},
      {record_kind::admitted, "admitted"},
      {record_kind::outcome, "outcome"},
      {record_kind::ended_call, "ended_call"},
      {record_kind::dead_letter, "dead_letter"},
      {record_kind::user_id, "user_id"},
      {record_kind::expiry, "expiry"},
      {record_kind::attempt, "attempt"},
      {record_kind::state_value, "state_value"},
      {record_kind::actor_state, "actor_state"},
      {record_kind::counters, "counters"},
      {record_kind::tombstone, "tombstone"},
  };
  int number = 0;
  for (const auto& [kind, name] : kinds) {
    EXPECT_EQ(static_cast<int>(kind), ++number);
    EXPECT_EQ(to_string(kind), name);
  }
  EXPECT_EQ(to_string(static_cast<record_kind>(0)), "unknown");
  EXPECT_EQ(to_string(static_cast<record_kind>(200)), "unknown");
}

TEST(record, every_flipped_bit_is_damage) {
  for (const std::string body : {"", "x", "a body of some length, longer than sixteen bytes"}) {
    const auto record = seal(record_kind::call, body);
    for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
      auto damaged = record;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      EXPECT_EQ(refusal(errc::journal_damaged, [&] { unseal(record_kind::call, damaged); })
                    .rfind("damaged call record: ", 0),
                0u)
          << bit;
    }
  }
}

TEST(record, every_lost_or_added_byte_is_damage) {
  const auto record = seal(record_kind::call, "body");
  for (std::size_t size = 0; size < record.size(); ++size) {
    const auto cut = record.substr(0, size);
    refusal(errc::journal_damaged, [&] { unseal(record_kind::call, cut); });
    refusal(errc::journal_damaged, [&] { unseal_prefix(record_kind::call, cut); });
  }
  refusal(errc::journal_damaged, [&] { unseal(record_kind::call, record + "x"); });
}

TEST(record, a_sound_record_of_another_kind_is_damage) {
  const auto text = refusal(errc::journal_damaged, [] {
    unseal(record_kind::call, seal(record_kind::state_value, "body"));
  });
  EXPECT_NE(text.find("state_value"), std::string::npos) << text;
}

TEST(record, a_sound_record_of_a_newer_version_is_refused_as_such) {
  const auto kind = static_cast<std::uint8_t>(record_kind::call);
  EXPECT_EQ(unseal(record_kind::call, forge(1, kind, "body")), "body");
  refusal(errc::journal_format, [&] { unseal(record_kind::call, forge(2, kind, "body")); });
  refusal(errc::journal_damaged, [&] { unseal(record_kind::call, forge(0, kind, "body")); });
}

TEST(record, a_prefix_leaves_the_rest_alone) {
  std::string bytes = "before";
  seal_to(bytes, record_kind::call, [](byte_writer& out) { out.u32(7).str("name"); });
  const auto sealed = bytes.substr(6);
  EXPECT_EQ(sealed, seal(record_kind::call, std::string("\7\0\0\0\4\0\0\0name", 12)));
  const auto with_rest = sealed + "payload";
  const auto [body, rest] = unseal_prefix(record_kind::call, with_rest);
  EXPECT_EQ(body.size(), 12u);
  EXPECT_EQ(rest, "payload");
  EXPECT_EQ(unseal_prefix(record_kind::call, sealed).second, "");
}

TEST(record, a_throwing_body_leaves_no_bytes) {
  std::string bytes = "before";
  EXPECT_THROW(seal_to(bytes, record_kind::call,
                       [](byte_writer& out) {
                         out.u64(1);
                         throw std::logic_error("as planned");
                       }),
               std::logic_error);
  EXPECT_EQ(bytes, "before");
}

TEST(record, a_header_is_readable_without_its_body) {
  const auto record = seal(record_kind::tombstone, "body");
  const auto header = read_record_header(record);
  EXPECT_EQ(header.version, 1);
  EXPECT_EQ(header.kind, record_kind::tombstone);
  EXPECT_EQ(header.body_bytes, 4u);
  refusal(errc::journal_damaged, [] { read_record_header("HF"); });
  refusal(errc::journal_damaged, [] { read_record_header(std::string(16, '\0')); });
}

// --- the numbers inside --------------------------------------------------------------------------

TEST(bytes_io, numbers_are_little_endian_and_come_back) {
  std::string bytes;
  byte_writer(bytes)
      .u8(0x01)
      .u16(0x0302)
      .u32(0x07060504)
      .u64(0x0f0e0d0c0b0a0908)
      .i64(-2)
      .boolean(true);
  for (std::size_t i = 0; i < 15; ++i)
    EXPECT_EQ(bytes[i], static_cast<char>(i + 1));
  byte_reader reader(bytes);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0302);
  EXPECT_EQ(reader.u32(), 0x07060504u);
  EXPECT_EQ(reader.u64(), 0x0f0e0d0c0b0a0908u);
  EXPECT_EQ(reader.i64(), -2);
  EXPECT_TRUE(reader.boolean());
  reader.done();
}

TEST(bytes_io, reading_never_passes_the_end) {
  const std::string bytes("\5\0\0\0abc", 7);
  const auto text = refusal(errc::journal_damaged, [&] { byte_reader(bytes, "lane row").str(); });
  EXPECT_NE(text.find("lane row"), std::string::npos) << text;
  EXPECT_NE(text.find("5 bytes"), std::string::npos) << text;
  refusal(errc::journal_damaged, [&] { byte_reader(bytes).u64(); });
  refusal(errc::journal_damaged, [&] { byte_reader("\xff\xff\xff\xff").str(); });
  refusal(errc::journal_damaged, [&] { byte_reader("").u8(); });
  refusal(errc::journal_damaged, [&] { byte_reader("\2").boolean(); });
  refusal(errc::journal_damaged, [&] { byte_reader("left").done(); });
  byte_reader reader(bytes);
  reader.u32();
  EXPECT_EQ(reader.rest(), "abc");
  EXPECT_TRUE(reader.at_end());
}

TEST(bytes_io, big_endian_keys_sort_as_their_numbers) {
  const std::uint64_t numbers[] = {0, 1, 255, 256, 1ull << 32, (1ull << 63) - 1, ~0ull};
  std::string before;
  for (const auto number : numbers) {
    std::string key;
    append_be64(key, number);
    EXPECT_EQ(read_be64(key), number);
    EXPECT_LT(before, key);
    before = key;
  }
  std::string key = "lane";
  append_be32(key, 0x01020304);
  EXPECT_EQ(key, "lane\1\2\3\4");
  EXPECT_EQ(read_be32(key, 4), 0x01020304u);
  refusal(errc::journal_damaged, [&] { read_be64(key, 4); });
  refusal(errc::journal_damaged, [&] { read_be32(key, 9); });
}

}  // namespace
}  // namespace holdfast
