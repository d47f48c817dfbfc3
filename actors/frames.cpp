#include <holdfast/actors/frames.hpp>

#include <algorithm>
#include <bit>
#include <utility>

namespace holdfast {

namespace {

constexpr std::size_t length_bytes = 4;

bool is_type(std::uint8_t number) {
  return number >= static_cast<std::uint8_t>(frame_type::hello)
         && number <= static_cast<std::uint8_t>(frame_type::bye);
}

errc read_code(byte_reader& in) {
  auto number = in.u8();
  auto known = all_errors();
  auto is_same = [&](errc code) { return static_cast<std::uint8_t>(code) == number; };
  if (std::none_of(known.begin(), known.end(), is_same))
    throw error(errc::bad_frame, "unknown code " + std::to_string(number));
  return static_cast<errc>(number);
}

void check_count(std::size_t count, std::size_t count_max, std::size_t bytes_each,
                 const byte_reader& in) {
  if (count == 0 || count > count_max)
    throw error(errc::bad_frame,
                std::to_string(count) + " entries, expected 1 to " + std::to_string(count_max));
  if (count * bytes_each > in.remaining())
    throw error(errc::bad_frame, std::to_string(count) + " entries announced, bytes for at most "
                                     + std::to_string(in.remaining() / bytes_each));
}

// Texts of a peer end up in logs and on terminals.
std::string printable(std::string_view text) {
  std::string result(text.substr(0, limits::error_text_bytes_max));
  for (auto& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      c = ' ';
  return result;
}

}  // namespace

std::string_view to_string(frame_type type) {
  switch (type) {
  case frame_type::hello: return "hello";
  case frame_type::proof: return "proof";
  case frame_type::marks: return "marks";
  case frame_type::open: return "open";
  case frame_type::refuse: return "refuse";
  case frame_type::batch: return "batch";
  case frame_type::stored: return "stored";
  case frame_type::outcomes: return "outcomes";
  case frame_type::outcomes_acked: return "outcomes_acked";
  case frame_type::message: return "message";
  case frame_type::message_credit: return "message_credit";
  case frame_type::request: return "request";
  case frame_type::reply: return "reply";
  case frame_type::beat: return "beat";
  case frame_type::bye: return "bye";
  }
  return "unknown";
}

frame_builder::frame_builder(frame_type type, std::uint64_t nonce, std::size_t body_bytes) {
  bytes_.reserve(frame_prefix_bytes + body_bytes);
  byte_writer(bytes_).u32(0).u8(static_cast<std::uint8_t>(type)).u64(nonce);
}

std::string frame_builder::finish() {
  if (bytes_.size() > limits::frame_bytes_max)
    throw error(errc::too_large, "a frame of " + std::to_string(bytes_.size())
                                     + " bytes is larger than any peer takes");
  detail::store_number<std::endian::little>(
      bytes_.data(), static_cast<std::uint32_t>(bytes_.size() - length_bytes));
  return std::move(bytes_);
}

std::string make_frame(frame_type type, std::uint64_t nonce, std::string_view body) {
  frame_builder frame(type, nonce, body.size());
  frame.body().raw(body);
  return frame.finish();
}

// How many bytes the frame that begins so has, as far as that can be told: at least one more than
// there are while its length is not complete.
std::size_t frame_reader::wanted(std::string_view begun) const {
  if (begun.size() < length_bytes)
    return length_bytes;
  std::size_t length = detail::load_number<std::endian::little, std::uint32_t>(begun.data());
  if (length < frame_head_bytes || length > frame_bytes_max_ - length_bytes)
    throw error(errc::bad_frame, "a frame of " + std::to_string(length)
                                     + " bytes was announced, expected "
                                     + std::to_string(frame_head_bytes) + " to "
                                     + std::to_string(frame_bytes_max_ - length_bytes));
  if (begun.size() > length_bytes && !is_type(static_cast<std::uint8_t>(begun[length_bytes])))
    throw error(errc::bad_frame,
                "unknown frame type "
                    + std::to_string(static_cast<std::uint8_t>(begun[length_bytes])));
  return length_bytes + length;
}

void frame_reader::take(std::string_view chunk, std::vector<frame>& out) {
  auto emit = [&](shared_bytes whole) {
    auto head = whole.view().substr(length_bytes);
    out.push_back({static_cast<frame_type>(head[0]),
                   detail::load_number<std::endian::little, std::uint64_t>(head.data() + 1),
                   whole.part(frame_prefix_bytes)});
  };
  while (!chunk.empty()) {
    if (pending_.empty()) {
      auto size = wanted(chunk);
      if (size <= chunk.size() && chunk.size() > length_bytes) {
        emit(shared_bytes(std::string(chunk.substr(0, size))));
        chunk.remove_prefix(size);
        continue;
      }
    }
    auto size = std::max(wanted(pending_), pending_.size() + 1);
    auto piece = chunk.substr(0, size - pending_.size());
    pending_.append(piece);
    chunk.remove_prefix(piece.size());
    if (wanted(pending_) == pending_.size() && pending_.size() > length_bytes)
      emit(shared_bytes(std::exchange(pending_, {})));
  }
}

std::string encode_refusal(std::uint64_t nonce, const refusal& content) {
  frame_builder frame(frame_type::refuse, nonce);
  frame.body()
      .u8(static_cast<std::uint8_t>(content.code))
      .str(std::string_view(content.text).substr(0, limits::error_text_bytes_max));
  return frame.finish();
}

refusal decode_refusal(const frame& from) {
  return decode_body(frame_type::refuse, from, [](byte_reader& in) {
    auto code = read_code(in);
    return refusal{code, printable(in.str())};
  });
}

std::string encode_batch(std::uint64_t nonce, const transfer_batch& batch) {
  frame_builder frame(frame_type::batch, nonce, batch.bytes + 4 * batch.records.size() + 32);
  auto out = frame.body();
  out.u32(batch.lane).u64(batch.nonce).u64(batch.first);
  out.u32(static_cast<std::uint32_t>(batch.records.size()));
  for (auto& record : batch.records)
    out.str(record);
  return frame.finish();
}

transfer_batch decode_batch(const frame& from) {
  return decode_body(frame_type::batch, from, [](byte_reader& in) {
    transfer_batch batch;
    batch.lane = in.u32();
    batch.nonce = in.u64();
    batch.first = in.u64();
    auto count = in.u32();
    check_count(count, limits::batch_calls_max, 5, in);
    if (batch.lane == loopback_lane || batch.first == 0
        || batch.first > std::uint64_t(-1) - limits::batch_calls_max)
      throw error(errc::bad_frame, "no lane or no sequence");
    batch.records.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      auto record = in.str();
      if (record.empty() || record.size() > limits::record_bytes_max)
        throw error(errc::bad_frame, "a record of " + std::to_string(record.size()) + " bytes");
      batch.records.emplace_back(record);
      batch.bytes += record.size();
    }
    return batch;
  });
}

std::string encode_stored(std::uint64_t nonce, const stored_note& note) {
  frame_builder frame(frame_type::stored, nonce);
  frame.body().u32(note.lane).u64(note.through);
  return frame.finish();
}

stored_note decode_stored(const frame& from) {
  return decode_body(frame_type::stored, from, [](byte_reader& in) {
    auto lane = in.u32();
    return stored_note{lane, in.u64()};
  });
}

std::string encode_outcomes(frame_type type, std::uint64_t nonce, const outcome_note& note) {
  frame_builder frame(type, nonce, 8 + 17 * note.ranges.size());
  auto out = frame.body();
  out.u32(note.lane).u32(static_cast<std::uint32_t>(note.ranges.size()));
  for (auto& range : note.ranges)
    out.u64(range.first).u64(range.last).u8(static_cast<std::uint8_t>(range.kind));
  return frame.finish();
}

outcome_note decode_outcomes(const frame& from) {
  return decode_body(from.type, from, [](byte_reader& in) {
    outcome_note note;
    note.lane = in.u32();
    auto count = in.u32();
    check_count(count, frame_outcomes_max, 17, in);
    note.ranges.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      outcome_range range;
      range.first = in.u64();
      range.last = in.u64();
      range.kind = read_code(in);
      if (range.first == 0 || range.last < range.first)
        throw error(errc::bad_frame, "an empty range of outcomes");
      note.ranges.push_back(range);
    }
    return note;
  });
}

std::string encode_credit(std::uint64_t nonce, std::uint64_t bytes) {
  frame_builder frame(frame_type::message_credit, nonce);
  frame.body().u64(bytes);
  return frame.finish();
}

std::uint64_t decode_credit(const frame& from) {
  return decode_body(from.type, from, [](byte_reader& in) { return in.u64(); });
}

std::string encode_request(std::uint64_t nonce, std::uint64_t number, std::string_view record) {
  frame_builder frame(frame_type::request, nonce, 8 + record.size());
  frame.body().u64(number).raw(record);
  return frame.finish();
}

request_body decode_request(const frame& from) {
  return decode_body(from.type, from, [](byte_reader& in) {
    auto number = in.u64();
    return request_body{number, std::string(in.rest())};
  });
}

std::string encode_reply(std::uint64_t nonce, const reply_body& reply) {
  frame_builder frame(frame_type::reply, nonce, 16 + reply.text.size() + reply.value.size());
  frame.body()
      .u64(reply.number)
      .u8(static_cast<std::uint8_t>(reply.status))
      .str(std::string_view(reply.text).substr(0, limits::error_text_bytes_max))
      .raw(reply.value.view());
  return frame.finish();
}

reply_body decode_reply(const frame& from) {
  return decode_body(from.type, from, [&](byte_reader& in) {
    reply_body reply;
    reply.number = in.u64();
    reply.status = read_code(in);
    reply.text = std::string(in.str());
    reply.value = from.body.part(from.body.size() - in.remaining());
    in.rest();
    return reply;
  });
}

}  // namespace holdfast
