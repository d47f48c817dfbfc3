#pragma once

#include <holdfast/core/error.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace holdfast {

/// How numbers stand in stored bytes. Values: little-endian, fixed width, strings behind a 32-bit
/// length. Keys: big-endian, so that the order of the bytes is the order of the numbers. The same
/// on every machine.

namespace detail {

template <std::unsigned_integral T>
constexpr T swap_bytes(T value) noexcept {
  if constexpr (sizeof(T) == 1)
    return value;
  else if constexpr (sizeof(T) == 2)
    return __builtin_bswap16(value);
  else if constexpr (sizeof(T) == 4)
    return __builtin_bswap32(value);
  else
    return __builtin_bswap64(value);
}

template <std::endian Order, std::unsigned_integral T>
constexpr T to_order(T value) noexcept {
  return Order == std::endian::native ? value : swap_bytes(value);
}

template <std::endian Order, std::unsigned_integral T>
void store_number(char* to, T value) noexcept {
  value = to_order<Order>(value);
  std::memcpy(to, &value, sizeof value);
}

template <std::endian Order, std::unsigned_integral T>
void append_number(std::string& out, T value) {
  char bytes[sizeof value];
  store_number<Order>(bytes, value);
  out.append(bytes, sizeof value);
}

template <std::endian Order, std::unsigned_integral T>
T load_number(const char* from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  return to_order<Order>(value);
}

}  // namespace detail

/// Appends to a string that the caller owns.
class byte_writer {
public:
  explicit byte_writer(std::string& out) noexcept : out_(out) {}

  byte_writer& u8(std::uint8_t value) { return number(value); }
  byte_writer& u16(std::uint16_t value) { return number(value); }
  byte_writer& u32(std::uint32_t value) { return number(value); }
  byte_writer& u64(std::uint64_t value) { return number(value); }
  byte_writer& i64(std::int64_t value) { return number(static_cast<std::uint64_t>(value)); }
  byte_writer& boolean(bool value) { return number(static_cast<std::uint8_t>(value ? 1 : 0)); }
  byte_writer& str(std::string_view text);  // u32 length, then the bytes; 4 GiB and more is refused
  byte_writer& raw(std::string_view bytes) {
    out_.append(bytes);
    return *this;
  }

private:
  template <std::unsigned_integral T>
  byte_writer& number(T value) {
    detail::append_number<std::endian::little>(out_, value);
    return *this;
  }

  std::string& out_;
};

/// Reads what byte_writer wrote. Never reads past the end, whatever the bytes say: it throws
/// errc::journal_damaged, with `what` (a name for the bytes, which must outlive the reader), the
/// place and what was missing. Strings are views.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes, std::string_view what = "record") noexcept
      : bytes_(bytes), what_(what) {}

  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  std::int64_t i64() { return static_cast<std::int64_t>(number<std::uint64_t>()); }
  bool boolean();  // any byte but 0 and 1 is damage
  std::string_view str() { return raw(u32()); }
  std::string_view raw(std::size_t size) {
    need(size);
    auto bytes = bytes_.substr(at_, size);
    at_ += size;
    return bytes;
  }
  std::string_view rest() noexcept {  // everything that was not read yet, which may be nothing
    auto bytes = bytes_.substr(at_);
    at_ = bytes_.size();
    return bytes;
  }

  std::size_t remaining() const noexcept { return bytes_.size() - at_; }
  bool at_end() const noexcept { return at_ == bytes_.size(); }
  void done() const {  // the last word of every decoder: bytes left over are damage
    if (!at_end())
      fail_left_over();
  }

private:
  template <std::unsigned_integral T>
  T number() {
    need(sizeof(T));
    T value = detail::load_number<std::endian::little, T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return value;
  }
  void need(std::size_t size) const {
    if (size > remaining())
      fail_short(size);
  }
  [[noreturn]] void fail_short(std::size_t size) const;
  [[noreturn]] void fail_left_over() const;

  std::string_view bytes_;
  std::string_view what_;
  std::size_t at_ = 0;
};

/// Keys.
inline void append_be64(std::string& key, std::uint64_t value) {
  detail::append_number<std::endian::big>(key, value);
}
inline void append_be32(std::string& key, std::uint32_t value) {
  detail::append_number<std::endian::big>(key, value);
}

/// The number at byte `at`; errc::journal_damaged when the key is too short for it.
std::uint64_t read_be64(std::string_view key, std::size_t at = 0);
std::uint32_t read_be32(std::string_view key, std::size_t at = 0);

}  // namespace holdfast
