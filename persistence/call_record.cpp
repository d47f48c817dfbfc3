#include <holdfast/persistence/bytes_io.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/persistence/record.hpp>

namespace holdfast {
namespace {

// What stands in a header beyond the fixed part, as bits of its first byte.
constexpr std::uint8_t has_key = 1, has_deadlines = 2, has_retry = 4, has_id = 8,
                       has_completion = 16, has_arrival = 32, revised = 64, foreign = 128;

std::uint8_t flags_of(const call_header& header) {
  std::uint8_t flags = 0;
  flags |= header.key.empty() ? 0 : has_key;
  flags |= header.expires_at || header.not_before ? has_deadlines : 0;
  flags |= header.attempts || header.back_off_ns ? has_retry : 0;
  flags |= header.user_id.empty() ? 0 : has_id;
  flags |= header.completion ? has_completion : 0;
  flags |= header.arrival ? has_arrival : 0;
  flags |= header.is_revised ? revised : 0;
  flags |= header.is_foreign ? foreign : 0;
  return flags;
}

void write_header(byte_writer& out, const call_header& header, std::size_t payload_bytes,
                  std::uint64_t checksum) {
  auto flags = flags_of(header);
  out.u8(flags)
      .u8(static_cast<std::uint8_t>(header.payload))
      .u8(static_cast<std::uint8_t>(header.priority));
  out.u64(header.fingerprint).i64(header.queued_wall_ns).u64(header.trace);
  out.str(header.method).str(header.origin);
  if (flags & has_key)
    out.str(header.key);
  if (flags & has_deadlines)
    out.i64(header.expires_at).i64(header.not_before);
  if (flags & has_retry)
    out.u16(header.attempts).i64(header.back_off_ns);
  if (flags & has_id)
    out.str(header.user_id);
  if (flags & has_completion)
    out.str(header.completion->method)
        .u64(header.completion->fingerprint)
        .str(header.completion->bound);
  if (flags & has_arrival)
    out.u64(header.arrival);
  out.u32(static_cast<std::uint32_t>(payload_bytes)).u64(checksum);
}

struct parsed_header {
  call_header header;
  std::size_t payload_bytes = 0;
  std::uint64_t checksum = 0;
};

parsed_header parse_header(std::string_view body) {
  parsed_header parsed;
  auto& header = parsed.header;
  byte_reader in(body, "call header");
  auto flags = in.u8();
  header.payload = static_cast<payload_kind>(in.u8());
  header.priority = static_cast<std::int8_t>(in.u8());
  header.fingerprint = in.u64();
  header.queued_wall_ns = in.i64();
  header.trace = in.u64();
  header.method = in.str();
  header.origin = in.str();
  if (flags & has_key)
    header.key = in.str();
  if (flags & has_deadlines) {
    header.expires_at = in.i64();
    header.not_before = in.i64();
  }
  if (flags & has_retry) {
    header.attempts = in.u16();
    header.back_off_ns = in.i64();
  }
  if (flags & has_id)
    header.user_id = in.str();
  if (flags & has_completion) {
    auto& completion = header.completion.emplace();
    completion.method = in.str();
    completion.fingerprint = in.u64();
    completion.bound = in.str();
  }
  if (flags & has_arrival)
    header.arrival = in.u64();
  header.is_revised = (flags & revised) != 0;
  header.is_foreign = (flags & foreign) != 0;
  parsed.payload_bytes = in.u32();
  parsed.checksum = in.u64();
  in.done();
  return parsed;
}

std::string encode(const call_header& header, std::string_view payload, std::uint64_t checksum) {
  std::string record;
  record.reserve(128 + header.method.size() + header.key.size() + header.origin.size()
                 + payload.size());
  seal_to(record, record_kind::call,
          [&](byte_writer& out) { write_header(out, header, payload.size(), checksum); });
  record.append(payload);
  return record;
}

std::pair<parsed_header, std::string_view> parse(std::string_view record) {
  auto [body, payload] = unseal_prefix(record_kind::call, record);
  auto parsed = parse_header(body);
  if (payload.size() != parsed.payload_bytes)
    throw error(errc::damaged, "the call of " + parsed.header.method + " has a payload of "
                                   + std::to_string(payload.size()) + " bytes instead of "
                                   + std::to_string(parsed.payload_bytes) + "; check the disk");
  return {std::move(parsed), payload};
}

}  // namespace

std::string encode_call(const call_header& header, std::string_view payload) {
  return encode(header, payload, checksum64(payload));
}

std::string encode_call(const call_view& call) {
  return encode(call.header, call.payload, call.payload_checksum);
}

call_view decode_call(std::string_view record) try {
  auto [parsed, payload] = parse(record);
  if (checksum64(payload) != parsed.checksum)
    throw error(errc::damaged, "the payload of a call of " + parsed.header.method
                                   + " fails its checksum; check the disk");
  return {std::move(parsed.header), payload, parsed.checksum};
} catch (const error& problem) {
  if (problem.code() == errc::journal_damaged)
    throw error(errc::damaged, problem.what());
  throw;
}

call_header decode_call_header(std::string_view record) try {
  return parse(record).first.header;
} catch (const error& problem) {
  if (problem.code() == errc::journal_damaged)
    throw error(errc::damaged, problem.what());
  throw;
}

std::optional<call_header> header_if_sound(std::string_view record) try {
  return decode_call_header(record);
} catch (const error&) {
  return std::nullopt;
}

bool has_id_or_deadline(std::string_view record) {
  return record.size() > record_header_bytes
         && (record[record_header_bytes] & (has_id | has_deadlines)) != 0;
}

bool is_tombstone(std::string_view record) {
  return record.size() == record_header_bytes + 1;
}

std::string encode_tombstone(errc reason) {
  char body = static_cast<char>(reason);
  return seal(record_kind::tombstone, std::string_view(&body, 1));
}

std::optional<errc> tombstone_reason(std::string_view record) try {
  if (!is_tombstone(record))
    return std::nullopt;
  return static_cast<errc>(unseal(record_kind::tombstone, record)[0]);
} catch (const error& problem) {
  throw error(errc::damaged, problem.what());
}

std::string encode_outcome(const outcome_record& outcome, std::string_view bound) {
  std::string payload;
  byte_writer out(payload);
  out.u8(static_cast<std::uint8_t>(outcome.ended))
      .boolean(outcome.is_revised)
      .u64(outcome.call.origin)
      .u32(outcome.call.lane)
      .u64(outcome.call.sequence)
      .str(outcome.error)
      .str(outcome.value);
  out.raw(bound);
  return payload;
}

completion_payload decode_outcome(std::string_view payload) try {
  completion_payload decoded;
  byte_reader in(payload, "outcome");
  decoded.outcome.ended = static_cast<errc>(in.u8());
  decoded.outcome.is_revised = in.boolean();
  decoded.outcome.call.origin = in.u64();
  decoded.outcome.call.lane = in.u32();
  decoded.outcome.call.sequence = in.u64();
  decoded.outcome.error = in.str();
  decoded.outcome.value = in.str();
  decoded.bound = in.rest();
  return decoded;
} catch (const error& problem) {
  throw error(errc::undecodable, problem.what());
}

std::uint64_t mailbox_of(std::string_view service, std::string_view key) {
  return checksum64(key, checksum64(service));
}

}  // namespace holdfast
