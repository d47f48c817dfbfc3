#include <holdfast/core/error.hpp>
#include <holdfast/runtime/foreign_frames.hpp>

#include <algorithm>

namespace holdfast {
namespace {

// More than this stays allocated only while it is filled.
constexpr std::size_t kept_bytes_max = 64u << 10;

std::uint32_t length_at(std::string_view bytes) {
  std::uint32_t length = 0;
  for (unsigned char byte : bytes.substr(0, foreign_prefix_bytes))
    length = length << 8 | byte;
  return length;
}

bool is_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

void foreign_frame_reader::feed(std::string_view piece) {
  if (!refusal_.empty())
    return;
  if (taken_ == buffer_.size()) {
    if (buffer_.capacity() > kept_bytes_max)
      std::string().swap(buffer_);
    buffer_.clear();
    taken_ = 0;
  } else if (taken_ >= kept_bytes_max && taken_ >= buffer_.size() / 2) {
    buffer_.erase(0, taken_);
    taken_ = 0;
  }
  buffer_.append(piece);
}

std::optional<std::string_view> foreign_frame_reader::next() {
  if (!refusal_.empty())
    throw error(errc::bad_frame, refusal_);
  auto left = std::string_view(buffer_).substr(taken_);
  if (left.size() < foreign_prefix_bytes)
    return std::nullopt;
  auto length = length_at(left);
  if (length == 0 || length > bytes_max_)
    refuse(length);
  left.remove_prefix(foreign_prefix_bytes);
  if (left.size() < length)
    return std::nullopt;
  taken_ += foreign_prefix_bytes + length;
  return left.substr(0, length);
}

void foreign_frame_reader::refuse(std::uint32_t length) {
  if (length == 0) {
    refusal_ = "a message of length 0: each has a body, an XML-RPC methodCall or a JSON object";
  } else {
    auto prefix = buffer_.substr(taken_, foreign_prefix_bytes);
    refusal_ = "a message of " + std::to_string(length) + " bytes is announced, "
               + std::to_string(bytes_max_) + " are allowed";
    if (is_text(prefix))
      refusal_ += "; as text its length is '" + prefix
                  + "': four bytes of length, most significant first, come before" + " each body";
  }
  std::string().swap(buffer_);
  taken_ = 0;
  throw error(errc::bad_frame, refusal_);
}

void foreign_frame_reader::end() const {
  if (!refusal_.empty())
    throw error(errc::bad_frame, refusal_);
  auto left = std::string_view(buffer_).substr(taken_);
  if (left.empty())
    return;
  throw error(errc::bad_frame,
              left.size() < foreign_prefix_bytes
                  ? "the stream ends after " + std::to_string(left.size())
                        + " of the 4 bytes of a length"
                  : "the stream ends after " + std::to_string(left.size() - foreign_prefix_bytes)
                        + " of the " + std::to_string(length_at(left)) + " bytes of a message");
}

void append_foreign_frame(std::string& out, std::string_view body, std::size_t bytes_max) {
  if (body.empty())
    throw error(errc::bad_argument, "a message to a foreign node has no body");
  if (body.size() > bytes_max)
    throw error(errc::too_large, "a message to a foreign node has " + std::to_string(body.size())
                                     + " bytes, " + std::to_string(bytes_max) + " are allowed");
  for (int shift = 24; shift >= 0; shift -= 8)
    out += static_cast<char>(body.size() >> shift & 0xff);
  out += body;
}

}  // namespace holdfast
