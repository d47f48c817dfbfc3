#include <holdfast/persistence/record.hpp>

#include <array>
#include <cstring>
#include <limits>

#define XXH_INLINE_ALL  // bodies are short: a call into a library would cost as much as the hash
#include <xxhash.h>

namespace holdfast {

namespace {

constexpr std::string_view magic = "HF";
constexpr std::size_t checksum_at = 8;

constexpr std::array<std::string_view, 18> kind_names = {
    "unknown", "meta",     "out_lane",    "call",        "in_lane",     "stored_call",
    "index",   "admitted", "outcome",     "ended_call",  "dead_letter", "user_id",
    "expiry",  "attempt",  "state_value", "actor_state", "counters",    "tombstone",
};

std::uint64_t record_checksum(const char* header, std::string_view body) noexcept {
  return checksum64(body, detail::load_number<std::endian::little, std::uint64_t>(header));
}

std::string quoted(record_kind kind) {
  return std::string(to_string(kind)) + " (" + std::to_string(static_cast<unsigned>(kind)) + ")";
}

[[noreturn]] void damaged(record_kind kind, const std::string& why) {
  throw error(errc::journal_damaged, "damaged " + std::string(to_string(kind)) + " record: " + why);
}

// Fills in the sixteen bytes that were kept free at `begin`; the body reaches from there to the
// end.
void write_header(std::string& out, std::size_t begin, record_kind kind) {
  const std::size_t body_bytes = out.size() - begin - record_header_bytes;
  if (body_bytes > std::numeric_limits<std::uint32_t>::max())
    throw error(errc::too_large,
                "a record body of " + std::to_string(body_bytes) + " bytes; store it in parts");
  char* header = out.data() + begin;
  std::memcpy(header, magic.data(), magic.size());
  header[2] = static_cast<char>(record_format_version);
  header[3] = static_cast<char>(kind);
  detail::store_number<std::endian::little>(header + 4, static_cast<std::uint32_t>(body_bytes));
  const auto body = std::string_view(out).substr(begin + record_header_bytes);
  detail::store_number<std::endian::little>(header + checksum_at, record_checksum(header, body));
}

}  // namespace

std::string_view to_string(record_kind kind) noexcept {
  auto number = static_cast<std::size_t>(kind);
  return number < kind_names.size() ? kind_names[number] : kind_names[0];
}

std::uint64_t checksum64(std::string_view bytes, std::uint64_t seed) noexcept {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string seal(record_kind kind, std::string_view body) {
  std::string record;
  record.reserve(record_header_bytes + body.size());
  record.append(record_header_bytes, '\0').append(body);
  write_header(record, 0, kind);
  return record;
}

void seal_to(std::string& out, record_kind kind, function_ref<void(byte_writer&)> write_body) {
  const std::size_t begin = out.size();
  try {
    out.append(record_header_bytes, '\0');
    byte_writer writer(out);
    write_body(writer);
    write_header(out, begin, kind);
  } catch (...) {
    out.resize(begin);
    throw;
  }
}

record_header read_record_header(std::string_view record) {
  if (record.size() < record_header_bytes)
    throw error(errc::journal_damaged, "a record of " + std::to_string(record.size())
                                           + " bytes is shorter than its "
                                           + std::to_string(record_header_bytes) + "-byte header");
  if (record.substr(0, magic.size()) != magic)
    throw error(errc::journal_damaged, "a record that does not begin with \"HF\"");
  byte_reader reader(record.substr(magic.size()), "record header");
  record_header header;
  header.version = reader.u8();
  header.kind = static_cast<record_kind>(reader.u8());
  header.body_bytes = reader.u32();
  header.checksum = reader.u64();
  return header;
}

std::pair<std::string_view, std::string_view> unseal_prefix(record_kind kind,
                                                            std::string_view record) {
  if (record.size() < record_header_bytes)
    damaged(kind, std::to_string(record.size()) + " bytes are shorter than a header");
  if (record.substr(0, magic.size()) != magic)
    damaged(kind, "it does not begin with \"HF\"");
  const auto header = read_record_header(record);
  if (header.body_bytes > record.size() - record_header_bytes)
    damaged(kind, "its header announces " + std::to_string(header.body_bytes) + " bytes, "
                      + std::to_string(record.size() - record_header_bytes) + " are there");
  const auto body = record.substr(record_header_bytes, header.body_bytes);
  if (header.checksum != record_checksum(record.data(), body))
    damaged(kind, "its checksum does not match its " + std::to_string(body.size()) + " bytes");
  if (header.version > record_format_version)
    throw error(errc::journal_format,
                "a " + quoted(header.kind) + " record of format " + std::to_string(header.version)
                    + "; this version reads up to " + std::to_string(record_format_version)
                    + ", run the version that wrote it");
  if (header.kind != kind || header.version == 0)
    damaged(kind, "a sound record of kind " + quoted(header.kind) + ", format "
                      + std::to_string(header.version) + ", stands in its place");
  return {body, record.substr(record_header_bytes + body.size())};
}

std::string_view unseal(record_kind kind, std::string_view record) {
  auto [body, rest] = unseal_prefix(kind, record);
  if (!rest.empty())
    damaged(kind, std::to_string(rest.size()) + " bytes too many behind it");
  return body;
}

}  // namespace holdfast
