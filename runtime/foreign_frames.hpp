#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// How foreign nodes cut their byte stream into messages:
///
///    0         4
///    | length  | body ...          length: 4 bytes, most significant first, counts the body alone
///
/// A body is never empty and never longer than the reader's limit. Every error is errc::bad_frame with one sentence.
namespace holdfast {
namespace limits {

/// One body of a foreign node. A larger one holds up a connection, and one that is being received is held in memory.
inline constexpr std::size_t foreign_body_bytes_max = 16u << 20;

}  // namespace limits

inline constexpr std::size_t foreign_prefix_bytes = 4;

/// Takes the stream in whatever pieces it arrives and gives whole bodies in order. What is announced is not believed: memory
/// grows with what arrived (at most to twice that), and is given back once a large body was taken. One thread at a time.
///
/// A length of 0, or beyond the limit, ends the reading for good: bodies that were whole before it are still given, then
/// `next` throws, each time the same, and what is fed afterwards is dropped.
class foreign_frame_reader {
public:
  /// `bytes_max` at most 2^32 - 1.
  explicit foreign_frame_reader(std::size_t bytes_max = limits::foreign_body_bytes_max)
      : bytes_max_(bytes_max) {}

  void feed(std::string_view piece);

  /// The next whole body, or nothing while it is not there. It stays where it is until the next `feed`.
  std::optional<std::string_view> next();

  /// The stream has ended: throws when that is in the middle of a message.
  void end() const;

  /// Bytes held that `next` has not given yet.
  std::size_t pending_bytes() const { return buffer_.size() - taken_; }

private:
  [[noreturn]] void refuse(std::uint32_t length);

  std::size_t bytes_max_;
  std::string buffer_;
  std::size_t taken_ = 0;  // of the buffer, from its front
  std::string refusal_;    // empty while the stream is good
};

/// Appends `body` with its length before it. Refused: an empty body (bad_argument), one beyond `bytes_max` (too_large).
void append_foreign_frame(std::string& out, std::string_view body,
                          std::size_t bytes_max = limits::foreign_body_bytes_max);

}  // namespace holdfast
