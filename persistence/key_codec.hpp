#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>

/// Keys of tables as bytes that sort as the keys do, compared byte by byte as LMDB compares them.
/// Equal keys have equal bytes, and no key's bytes begin another key's, so keys of several parts
/// sort part by part.
///
/// - integers, enumerations, time: big-endian, the sign flipped. bool: 0, 1.
/// - double: its bits, reordered; -0.0 is 0.0; NaN throws bad_argument, for it has no place in an
/// order.
/// - string, bytes: 0 becomes 0 255, and 0 0 ends them.
/// - optional: 0, or 1 and the content, so that "none" comes first. tuple, pair, std::array: part
/// by part.
/// - vector, deque: 1 before each element, 0 at the end, which is lexicographic order.
///
/// Stored: the encoding never changes, golden bytes pin it. Decoding throws errc::undecodable.
namespace holdfast {
namespace detail {

template <class T>
struct unsigned_image {  // an unsigned integer in the same order
  static constexpr bool flips = std::is_signed_v<T>;
  using type = std::make_unsigned_t<T>;
  static constexpr type top = type(1) << (std::numeric_limits<type>::digits - 1);
};

template <class T>
inline constexpr bool is_key_integer =
    std::is_integral_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8;

class key_writer {
public:
  explicit key_writer(std::string& target) : target_(target) {}

  template <class T>
  void write(const T& part) {
    check_travels<T>();
    constexpr auto k = kind<T>;
    if constexpr (k == serial_kind::boolean)
      target_ += part ? '\1' : '\0';
    else if constexpr (is_key_integer<T>)
      integer(part);
    else if constexpr (std::is_enum_v<T>)
      integer(static_cast<std::underlying_type_t<T>>(part));
    else if constexpr (k == serial_kind::real)
      real(part);
    else if constexpr (k == serial_kind::string || k == serial_kind::bytes)
      text({reinterpret_cast<const char*>(part.data()), part.size()});
    else if constexpr (k == serial_kind::duration)
      write(part.count());
    else if constexpr (k == serial_kind::moment)
      write(part.time_since_epoch().count());
    else if constexpr (k == serial_kind::optional) {
      write(part.has_value());
      if (part)
        write(*part);
    } else if constexpr (k == serial_kind::tuple || k == serial_kind::pair
                         || k == serial_kind::fixed_array)
      std::apply([&](auto&... each) { (write(each), ...); }, part);
    else if constexpr (k == serial_kind::sequence) {
      for (auto& each : part) {
        target_ += '\1';
        write(each);
      }
      target_ += '\0';
    } else
      static_assert(
          sizeof(T) == 0,
          "holdfast: a table's key is made of numbers, enumerations, strings, bytes, time, "
          "optional, tuple, pair, array and vector (T above)");
  }

private:
  template <class T>
  void integer(T number) {
    using image = unsigned_image<T>;
    auto bits = static_cast<typename image::type>(number);
    if constexpr (image::flips)
      bits ^= image::top;
    for (int shift = static_cast<int>(sizeof(T) - 1) * 8; shift >= 0; shift -= 8)
      target_ += static_cast<char>(static_cast<std::uint64_t>(bits) >> shift);
  }

  template <class T>
  void real(T number) {
    if (std::isnan(number))
      throw error(errc::bad_argument, "NaN cannot be a key: it has no place in an order");
    using bits_type = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr auto top = bits_type(1) << (sizeof(T) * 8 - 1);
    auto bits = std::bit_cast<bits_type>(number == 0 ? T(0) : number);
    integer(static_cast<bits_type>(bits & top ? ~bits : bits | top));
  }

  void text(std::string_view part) {
    for (std::size_t zero; (zero = part.find('\0')) != part.npos; part.remove_prefix(zero + 1)) {
      target_ += part.substr(0, zero);
      target_ += std::string_view("\0\xff", 2);
    }
    target_ += part;
    target_ += std::string_view("\0\0", 2);
  }

  std::string& target_;
};

class key_reader {
public:
  explicit key_reader(std::string_view source) : left_(source) {}

  template <class T>
  void read(T& part) {
    constexpr auto k = kind<T>;
    if constexpr (k == serial_kind::boolean)
      part = flag();
    else if constexpr (is_key_integer<T>)
      part = integer<T>();
    else if constexpr (std::is_enum_v<T>)
      part = static_cast<T>(integer<std::underlying_type_t<T>>());
    else if constexpr (k == serial_kind::real)
      part = real<T>();
    else if constexpr (k == serial_kind::string || k == serial_kind::bytes)
      text(part);
    else if constexpr (k == serial_kind::duration)
      part = T(fresh<typename T::rep>());
    else if constexpr (k == serial_kind::moment)
      part = T(fresh<typename T::duration>());
    else if constexpr (k == serial_kind::optional) {
      part.reset();
      if (flag())
        read(part.emplace());
    } else if constexpr (k == serial_kind::tuple || k == serial_kind::pair
                         || k == serial_kind::fixed_array)
      std::apply([&](auto&... each) { (read(each), ...); }, part);
    else if constexpr (k == serial_kind::sequence) {
      part.clear();
      while (flag())
        part.push_back(fresh<typename T::value_type>());
    }
  }

  void finish() const {
    if (!left_.empty())
      fail("bytes are left over");
  }

private:
  [[noreturn]] static void fail(std::string_view why) {
    throw error(errc::undecodable, "a table's key does not decode: " + std::string(why));
  }

  template <class T>
  T fresh() {
    T part{};
    read(part);
    return part;
  }

  bool flag() {
    auto byte = integer<std::uint8_t>();
    if (byte > 1)
      fail("a bool is neither 0 nor 1");
    return byte != 0;
  }

  template <class T>
  T integer() {
    using image = unsigned_image<T>;
    if (left_.size() < sizeof(T))
      fail("it ends early");
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bits = bits << 8 | static_cast<unsigned char>(left_[i]);
    left_.remove_prefix(sizeof(T));
    if constexpr (image::flips)
      bits ^= image::top;
    return static_cast<T>(static_cast<typename image::type>(bits));
  }

  template <class T>
  T real() {
    using bits_type = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr auto top = bits_type(1) << (sizeof(T) * 8 - 1);
    auto bits = integer<bits_type>();
    return std::bit_cast<T>(static_cast<bits_type>(bits & top ? bits & ~top : ~bits));
  }

  template <class T>
  void text(T& part) {
    part.clear();
    for (;;) {
      auto zero = left_.find('\0');
      if (zero == left_.npos || zero + 1 == left_.size())
        fail("a string does not end");
      auto from = reinterpret_cast<const typename T::value_type*>(left_.data());
      part.insert(part.end(), from, from + zero);
      auto mark = left_[zero + 1];
      left_.remove_prefix(zero + 2);
      if (mark == '\0')
        return;
      if (mark != '\xff')
        fail("a string holds an unknown mark");
      part.push_back(typename T::value_type{});
    }
  }

  std::string_view left_;
};

}  // namespace detail

template <class K>
std::string encode_key(const K& key) {
  std::string bytes;
  detail::key_writer(bytes).write(key);
  return bytes;
}

template <class K>
K decode_key(std::string_view bytes) {
  K key{};
  detail::key_reader in(bytes);
  in.read(key);
  in.finish();
  return key;
}

}  // namespace holdfast
