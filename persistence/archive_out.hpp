#pragma once

#include <holdfast/persistence/archive_limits.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <string>

namespace holdfast {

class archive_out;
void save_value(archive_out& out, const value& content);  // value_bytes.hpp

namespace detail {
// One per type, told apart by address: which types have written their class version already.
template <class T>
inline char class_key = 0;
}  // namespace detail

/// Writes objects through their `serialize` into a string, as Boost's binary_oarchive does with
/// no_header and no_tracking on a 64-bit little-endian machine: the same bytes for numbers,
/// enumerations, strings, pairs, std::array, containers and classes with their versions. Different
/// on purpose, and pinned by tests:
///
/// - tuple, optional, variant, chrono types, vector<std::byte> and `value` have encodings of our
/// own, because Boost 1.74
///   has none and later versions differ: optional is a flag and the content, variant an index and
///   the content, tuple its members, time their count. Enumerations over 64-bit types keep all
///   their bits.
/// - Vectors of pairs of numbers go pair by pair. Boost copies their memory, padding and all.
/// - Unordered containers are written in the order of their keys, with 0 for Boost's bucket count,
/// so that equal
///   containers have equal bytes. Boost reads it well.
/// - Pointers, views and functions do not compile.
///
/// `finish` throws too_large when a reader would refuse the bytes. One thread; the string must
/// outlive the archive.
class archive_out {
  static_assert(std::endian::native == std::endian::little && sizeof(std::size_t) == 8
                    && sizeof(long) == 8,
                "holdfast: stored bytes are those of a 64-bit little-endian machine");

public:
  using is_saving = std::true_type;
  using is_loading = std::false_type;
  struct use_array_optimization {
    template <class T>
    struct apply : std::bool_constant<detail::is_flat<T>> {};
  };

  explicit archive_out(std::string& target) : target_(target), start_(target.size()) {}
  archive_out(const archive_out&) = delete;
  archive_out& operator=(const archive_out&) = delete;

  template <class T>
  archive_out& operator&(const T& content) {
    return *this << content;
  }

  template <class T>
  archive_out& operator<<(const T& content) {
    detail::check_travels<T>();
    save(content);
    return *this;
  }

  /// After the last object: throws errc::too_large unless the reader's bounds allow these bytes.
  void finish() const {
    if (memory_ > limits::decode_memory_base) [[unlikely]]
      check_memory();
  }

  void save_binary(const void* data, std::size_t size) {
    target_.append(static_cast<const char*>(data), size);
  }

  // What Boost's own headers expect of an archive.
  template <class T>
  void save_array(const boost::serialization::array_wrapper<T>& items, unsigned) {
    save_binary(items.address(), items.count() * sizeof(T));
  }
  boost::serialization::library_version_type get_library_version() const {
    return boost::serialization::library_version_type(18);
  }
  unsigned get_flags() const { return 0; }
  template <class T>
  void register_type(const T* = nullptr) {}

private:
  friend void save_value(archive_out&, const value&);
  using kinds = detail::serial_kind;

  template <class T>
  void save(const T& content) {
    constexpr auto k = detail::kind<T>;
    if constexpr (k == kinds::boolean || k == kinds::integer || k == kinds::real)
      save_binary(&content, sizeof content);
    else if constexpr (k == kinds::enumeration)
      number(static_cast<detail::enum_carrier<T>>(content));
    else if constexpr (k == kinds::string || k == kinds::bytes)
      block(content.data(), content.size());
    else if constexpr (k == kinds::dynamic)
      save_value(*this, content);
    else if constexpr (k == kinds::named)
      *this << content.const_value();
    else if constexpr (k == kinds::raw_view)
      save_binary(content.m_t, content.m_size);
    else if constexpr (k == kinds::plain_array || k == kinds::array_view)
      items(content);
    else if constexpr (k == kinds::tuple || k == kinds::optional || k == kinds::variant
                       || k == kinds::nothing || k == kinds::duration || k == kinds::moment)
      own(content);
    else
      nested(content);
  }

  template <class T>
  void number(T content) {
    save_binary(&content, sizeof content);
  }

  void block(const void* data, std::size_t size) {
    number(size);
    save_binary(data, size);
  }

  template <class T>
  void flat_or_each(const T* first, std::size_t count) {
    if constexpr (detail::is_flat<T>)
      save_binary(first, count * sizeof(T));
    else
      for (std::size_t i = 0; i < count; ++i)
        *this << first[i];
  }

  template <class T, std::size_t N>
  void items(const T (&content)[N]) {
    number(N);
    flat_or_each(content, N);
  }

  template <class T>
  void items(const boost::serialization::array_wrapper<T>& content) {
    flat_or_each(content.address(), content.count());
  }

  template <class T>
  void own(const T& content) {
    constexpr auto k = detail::kind<T>;
    if constexpr (k == kinds::tuple)
      std::apply([&](auto&... each) { (void)(*this << ... << each); }, content);
    else if constexpr (k == kinds::optional) {
      number(content.has_value());
      if (content)
        *this << *content;
    } else if constexpr (k == kinds::variant) {
      number(static_cast<std::uint32_t>(content.index()));
      std::visit([&](auto& held) { *this << held; }, content);
    } else if constexpr (k == kinds::duration)
      *this << content.count();
    else if constexpr (k == kinds::moment)
      *this << content.time_since_epoch().count();
  }

  // Classes and containers: class version at the first appearance, then the content, one level
  // deeper.
  template <class T>
  void nested(const T& content) {
    constexpr auto k = detail::kind<T>;
    constexpr unsigned version = boost::serialization::version<T>::value;
    if constexpr (detail::has_class_info<T>)
      if (first_of(&detail::class_key<T>)) {
        const char untracked = 0;
        number(untracked);
        number(version);
      }
    if (++depth_ > limits::archive_depth_max) [[unlikely]]
      too_deep();
    if constexpr (k == kinds::pair)
      *this << content.first << content.second;
    else if constexpr (k == kinds::fixed_array) {
      number(content.size());
      flat_or_each(content.data(), content.size());
    } else if constexpr (k == kinds::bits) {
      number(content.size());
      for (bool each : content)
        number(each);
    } else if constexpr (k == kinds::object)
      boost::serialization::serialize_adl(*this, const_cast<T&>(content), version);
    else
      container(content);
    --depth_;
  }

  template <class T>
  void container(const T& content) {
    constexpr auto k = detail::kind<T>;
    using element = typename T::value_type;
    const auto count = static_cast<std::size_t>(std::distance(content.begin(), content.end()));
    number(count);
    memory_ += count * detail::memory_per_element<T>() + detail::memory_when_made<T>;
    if constexpr (k == kinds::hashed_set || k == kinds::hashed_map)
      number(std::size_t{0});  // Boost's bucket count
    if constexpr (detail::is_flat_vector<T>)
      save_binary(content.data(), count * sizeof(element));
    else {
      number(static_cast<unsigned>(boost::serialization::version<element>::value));
      const auto before = target_.size();
      if constexpr (k == kinds::hashed_set || k == kinds::hashed_map)
        in_key_order(content);
      else
        for (auto& each : content)
          *this << each;
      if (target_.size() - before < count) [[unlikely]]
        empty_elements(count);
    }
  }

  template <class T>
  void in_key_order(const T& content) {
    std::vector<const typename T::value_type*> order;
    order.reserve(content.size());
    for (auto& each : content)
      order.push_back(&each);
    if constexpr (std::totally_ordered<typename T::key_type>)
      std::stable_sort(order.begin(), order.end(),
                       [](auto* a, auto* b) { return key<T>(*a) < key<T>(*b); });
    for (auto* each : order)
      *this << *each;
  }

  template <class Container>
  static const auto& key(const typename Container::value_type& element) {
    if constexpr (detail::kind<Container> == kinds::hashed_map)
      return element.first;
    else
      return element;
  }

  bool first_of(const void* key) {
    for (unsigned i = 0; i < std::min<unsigned>(known_, few_.size()); ++i)
      if (few_[i] == key)
        return false;
    if (known_ < few_.size()) {
      few_[known_++] = key;
      return true;
    }
    if (std::find(more_.begin(), more_.end(), key) != more_.end())
      return false;
    more_.push_back(key);
    return true;
  }

  void check_memory() const;
  [[noreturn]] static void too_deep();
  [[noreturn]] static void empty_elements(std::size_t count);

  std::string& target_;
  std::size_t start_;
  std::size_t memory_ = 0;  // what the reader will spend on containers
  unsigned depth_ = 0;
  unsigned known_ = 0;
  std::array<const void*, 16> few_;
  std::vector<const void*> more_;
};

}  // namespace holdfast
