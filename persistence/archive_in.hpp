#pragma once

#include <holdfast/persistence/archive_out.hpp>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace holdfast {

class archive_in;
void load_value(archive_in& in, value& content);  // value_bytes.hpp

/// Reads what archive_out wrote, from bytes that anybody may have sent. Whatever they say, reading
/// ends with the object or with errc::undecodable; memory stays below limits::decode_memory_max of
/// their number, the stack below limits::archive_depth_max objects. Refused: lengths and counts
/// beyond what is left, a bool other than 0 and 1, an enumeration its type cannot hold, a class
/// version newer than mine, a key twice in a set or map, bytes left over.
///
/// The error names the place: "argument 2 (dpi): 4 bytes wanted, 1 left, at byte 13". The bytes
/// must outlive the archive.
class archive_in {
public:
  using is_saving = std::false_type;
  using is_loading = std::true_type;
  using use_array_optimization = archive_out::use_array_optimization;

  explicit archive_in(std::string_view source)
      : begin_(source.data()), at_(begin_), end_(begin_ + source.size()),
        memory_left_(limits::decode_memory_max(source.size())) {}
  archive_in(const archive_in&) = delete;
  archive_in& operator=(const archive_in&) = delete;

  /// What the next object is in error messages: the position of an argument from 1 and its name, if
  /// any. The names must outlive the archive; only the error looks at them.
  void at_argument(unsigned position, std::string_view name) {
    argument_ = position;
    argument_name_ = name;
  }
  /// The same for something that is no argument: "result", "state value".
  void at_thing(std::string_view what) {
    argument_ = 0;
    argument_name_ = what;
  }

  template <class T>
  archive_in& operator&(T&& content) {
    return *this >> content;
  }

  template <class T>
  archive_in& operator>>(T&& content) {
    using plain = std::remove_cvref_t<T>;
    detail::check_travels<plain>();
    load(const_cast<plain&>(content));
    return *this;
  }

  /// After the last object: nothing may be left.
  void finish() const {
    if (at_ != end_) [[unlikely]]
      left_over();
  }

  void load_binary(void* data, std::size_t size) {
    need(size);
    if (size != 0)
      std::memcpy(data, at_, size);
    at_ += size;
  }

  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  /// Throws errc::undecodable with the place and `why`; for `serialize` functions that check what
  /// they read, too.
  [[noreturn]] void fail(std::string_view why) const;

  // What Boost's own headers expect of an archive.
  template <class T>
  void load_array(boost::serialization::array_wrapper<T>& items, unsigned) {
    load_binary(items.address(), items.count() * sizeof(T));
  }
  boost::serialization::library_version_type get_library_version() const {
    return boost::serialization::library_version_type(18);
  }
  unsigned get_flags() const { return 0; }
  template <class T>
  void register_type(const T* = nullptr) {}
  void reset_object_address(const void*, const void*) {}

private:
  friend void load_value(archive_in&, value&);
  using kinds = detail::serial_kind;
  struct known_class {
    const void* key;
    unsigned version;
  };

  template <class T>
  void load(T& content) {
    constexpr auto k = detail::kind<T>;
    if constexpr (k == kinds::boolean)
      content = flag();
    else if constexpr (std::is_same_v<T, boost::serialization::collection_size_type>)
      content = T(count_for<char>());
    else if constexpr (k == kinds::integer || k == kinds::real)
      load_binary(&content, sizeof content);
    else if constexpr (k == kinds::enumeration)
      enumeration(content);
    else if constexpr (k == kinds::string) {
      auto size = count_for<char>();
      content.assign(at_, size);
      at_ += size;
    } else if constexpr (k == kinds::bytes) {
      content.resize(count_for<char>());
      load_binary(content.data(), content.size());
    } else if constexpr (k == kinds::dynamic)
      load_value(*this, content);
    else if constexpr (k == kinds::named)
      *this >> content.value();
    else if constexpr (k == kinds::raw_view)
      load_binary(const_cast<void*>(content.m_t), content.m_size);
    else if constexpr (k == kinds::plain_array) {
      exactly(std::extent_v<T>);
      flat_or_each(content, std::extent_v<T>);
    } else if constexpr (k == kinds::array_view)
      flat_or_each(content.address(), content.count());
    else if constexpr (k == kinds::tuple || k == kinds::optional || k == kinds::variant
                       || k == kinds::nothing || k == kinds::duration || k == kinds::moment)
      own(content);
    else
      nested(content);
  }

  template <class T>
  T number() {
    T content;
    load_binary(&content, sizeof content);
    return content;
  }

  bool flag() {
    auto content = number<unsigned char>();
    if (content > 1) [[unlikely]]
      fail("a bool is neither 0 nor 1");
    return content != 0;
  }

  template <class E>
  void enumeration(E& content) {
    auto carried = number<detail::enum_carrier<E>>();
    content = static_cast<E>(carried);
    if (static_cast<detail::enum_carrier<E>>(content) != carried) [[unlikely]]
      fail("an enumeration's value does not fit its type");
  }

  // A count of things that take at least sizeof(T) bytes each, all of which must be there.
  template <class T>
  std::size_t count_for() {
    auto count = number<std::size_t>();
    if (count > left() / sizeof(T)) [[unlikely]]
      bad_count(count);
    return count;
  }

  void exactly(std::size_t wanted) {
    if (number<std::size_t>() != wanted) [[unlikely]]
      fail("an array has another number of elements");
  }

  template <class T>
  void flat_or_each(T* first, std::size_t count) {
    if constexpr (detail::is_flat<T>)
      load_binary(first, count * sizeof(T));
    else
      for (std::size_t i = 0; i < count; ++i)
        *this >> first[i];
  }

  template <class T>
  void own(T& content) {
    constexpr auto k = detail::kind<T>;
    if constexpr (k == kinds::tuple)
      std::apply([&](auto&... each) { (void)(*this >> ... >> each); }, content);
    else if constexpr (k == kinds::optional) {
      if (flag())
        *this >> content.emplace();
      else
        content.reset();
    } else if constexpr (k == kinds::variant) {
      auto index = number<std::uint32_t>();
      if (index >= std::variant_size_v<T>)
        fail("a variant's index is beyond its alternatives");
      alternative<0>(content, index);
    } else if constexpr (k == kinds::duration) {
      typename T::rep count{};
      *this >> count;
      content = T(count);
    } else if constexpr (k == kinds::moment) {
      typename T::duration since{};
      *this >> since;
      content = T(since);
    }
  }

  template <std::size_t I, class T>
  void alternative(T& content, std::size_t index) {
    if constexpr (I < std::variant_size_v<T>) {
      if (index == I)
        *this >> content.template emplace<I>();
      else
        alternative<I + 1>(content, index);
    }
  }

  template <class T>
  void nested(T& content) {
    constexpr auto k = detail::kind<T>;
    unsigned version = boost::serialization::version<T>::value;
    if constexpr (detail::has_class_info<T>)
      version = class_version(&detail::class_key<T>, version);
    if (++depth_ > limits::archive_depth_max) [[unlikely]]
      fail("objects within objects are nested too deeply");
    if constexpr (k == kinds::pair)
      *this >> content.first >> content.second;
    else if constexpr (k == kinds::fixed_array) {
      exactly(content.size());
      flat_or_each(content.data(), content.size());
    } else if constexpr (k == kinds::bits) {
      auto count = count_for<char>();
      content.assign(count, false);
      for (std::size_t i = 0; i < count; ++i)
        content[i] = flag();
    } else if constexpr (k == kinds::object)
      boost::serialization::serialize_adl(*this, content, version);
    else
      container(content);
    --depth_;
  }

  template <class T>
  void container(T& content) {
    constexpr auto k = detail::kind<T>;
    using element = typename T::value_type;
    content.clear();
    if constexpr (detail::is_flat_vector<T>) {
      auto count = count_for<element>();
      spend(count * sizeof(element));
      content.resize(count);
      load_binary(content.data(), count * sizeof(element));
    } else {
      auto count = count_for<char>();
      if constexpr (k == kinds::hashed_set || k == kinds::hashed_map)
        number<std::size_t>();  // Boost's bucket count, which a stranger could make huge
      if (number<unsigned>() > boost::serialization::version<element>::value)
        fail("an element was written by a newer version of its class");
      if (count > left())
        bad_count(count);
      spend(count * detail::memory_per_element<T>() + detail::memory_when_made<T>);
      if constexpr (k == kinds::sequence)
        sequence(content, count);
      else
        keyed(content, count);
    }
  }

  template <class T>
  void sequence(T& content, std::size_t count) {
    if constexpr (requires { content.reserve(count); })
      content.reserve(count);
    if constexpr (requires { content.before_begin(); }) {
      for (auto last = content.before_begin(); count != 0; --count)
        *this >> *(last = content.emplace_after(last));
    } else {
      for (; count != 0; --count)
        *this >> content.emplace_back();
    }
  }

  template <class T>
  void keyed(T& content, std::size_t count) {
    constexpr auto k = detail::kind<T>;
    if constexpr (k == kinds::hashed_set || k == kinds::hashed_map)
      content.reserve(count);
    for (auto wanted = count; wanted != 0; --wanted) {
      if constexpr (k == kinds::map || k == kinds::hashed_map)
        mapping(content);
      else {
        typename T::value_type key{};
        *this >> key;
        content.emplace_hint(content.end(), std::move(key));
      }
    }
    if (content.size() != count)
      fail("a set or map holds a key twice");
  }

  template <class T>
  void mapping(T& content) {
    using element = typename T::value_type;
    if constexpr (detail::has_class_info<element>)
      class_version(&detail::class_key<element>, boost::serialization::version<element>::value);
    typename T::key_type key{};
    *this >> key;
    if constexpr (requires { content.try_emplace(std::move(key)); }) {
      auto [place, is_new] = content.try_emplace(std::move(key));
      if (!is_new)
        fail("a set or map holds a key twice");
      *this >> place->second;
    } else {
      typename T::mapped_type mapped{};
      *this >> mapped;
      content.emplace(std::move(key), std::move(mapped));
    }
  }

  void need(std::size_t size) const {
    if (size > left()) [[unlikely]]
      short_of(size);
  }

  void spend(std::size_t memory) {
    if (memory > memory_left_) [[unlikely]]
      fail("decoding would take too much memory for so few bytes");
    memory_left_ -= memory;
  }

  unsigned class_version(const void* key, unsigned mine);
  [[noreturn]] void short_of(std::size_t wanted) const;
  [[noreturn]] void bad_count(std::size_t count) const;
  [[noreturn]] void left_over() const;

  const char* begin_;
  const char* at_;
  const char* end_;
  std::size_t memory_left_;
  unsigned depth_ = 0;
  unsigned argument_ = 0;
  std::string_view argument_name_;
  std::vector<known_class> known_;
};

}  // namespace holdfast
