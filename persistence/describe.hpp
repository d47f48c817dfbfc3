#pragma once

#include <holdfast/core/method.hpp>
#include <holdfast/persistence/value_out.hpp>

#include <string>
#include <string_view>

/// What a caller by name has to pass, for listings: "pages.render(path: string, dpi: integer)",
/// "array of struct {sku: string, qty: integer}". Classes are asked through `serialize` on a
/// default-made object; what they contain is shown four levels deep.
namespace holdfast {

template <class T>
std::string describe(unsigned levels = 4);

namespace detail {

class describing_archive {
public:
  using is_saving = std::true_type;
  using is_loading = std::false_type;
  using use_array_optimization = value_out::use_array_optimization;

  explicit describing_archive(unsigned levels) : levels_(levels) {}

  template <class T>
  describing_archive& operator&(const T& content) {
    return *this << content;
  }

  template <class T>
  describing_archive& operator<<(const T& content) {
    if (!text_.empty())
      text_ += ", ";
    if constexpr (kind<T> == serial_kind::named)
      text_ += std::string(content.name()) + ": "
               + describe<std::remove_cvref_t<decltype(content.const_value())>>(levels_);
    else {
      all_named_ = false;
      text_ += describe<T>(levels_);
    }
    return *this;
  }

  boost::serialization::library_version_type get_library_version() const {
    return boost::serialization::library_version_type(18);
  }
  unsigned get_flags() const { return 0; }
  template <class T>
  void register_type(const T* = nullptr) {}

  std::string take() const {
    return all_named_ ? "struct {" + text_ + "}" : "array [" + text_ + "]";
  }

private:
  unsigned levels_;
  std::string text_;
  bool all_named_ = true;
};

template <class T>
std::string describe_object(unsigned levels) {
  if (levels == 0)
    return "struct";
  describing_archive members(levels - 1);
  T blank{};
  boost::serialization::serialize_adl(members, blank, boost::serialization::version<T>::value);
  return members.take();
}

template <class T, std::size_t... I>
std::string describe_each(unsigned levels, std::string_view separator, std::index_sequence<I...>) {
  auto one = []<class Element>(unsigned below, std::type_identity<Element>) {
    return describe<std::remove_cv_t<Element>>(below);
  };
  std::string text;
  auto add = [&](const std::string& part) {
    text += (text.empty() ? "" : std::string(separator)) + part;
  };
  if constexpr (kind<T> == serial_kind::variant)
    (add(std::to_string(I) + ": "
         + one(levels, std::type_identity<std::variant_alternative_t<I, T>>())),
     ...);
  else
    (add(one(levels, std::type_identity<std::tuple_element_t<I, T>>())), ...);
  return text;
}

template <class T>
std::string describe_composed(unsigned levels) {
  constexpr auto k = kind<T>;
  if constexpr (k == serial_kind::optional)
    return describe<typename T::value_type>(levels) + " or null";
  else if constexpr (k == serial_kind::map || k == serial_kind::hashed_map) {
    auto mapped = describe<typename T::mapped_type>(levels);
    if constexpr (has_string_keys<T>)
      return "struct of " + mapped;
    else
      return "array of [" + describe<typename T::key_type>(levels) + ", " + mapped + "]";
  } else if constexpr (k == serial_kind::variant)
    return "{which, value} of "
           + describe_each<T>(levels, " or ", std::make_index_sequence<std::variant_size_v<T>>());
  else if constexpr (k == serial_kind::tuple || k == serial_kind::pair)
    return "[" + describe_each<T>(levels, ", ", std::make_index_sequence<std::tuple_size_v<T>>())
           + "]";
  else if constexpr (k == serial_kind::plain_array)
    return "array of " + std::to_string(std::extent_v<T>) + " "
           + describe<std::remove_extent_t<T>>(levels);
  else if constexpr (k == serial_kind::fixed_array)
    return "array of " + std::to_string(std::tuple_size_v<T>) + " "
           + describe<typename T::value_type>(levels);
  else if constexpr (k == serial_kind::object)
    return describe_object<T>(levels);
  else
    return "array of " + describe<typename T::value_type>(levels);
}

}  // namespace detail

template <class T>
std::string describe(unsigned levels) {
  using kinds = detail::serial_kind;
  constexpr auto k = detail::kind<T>;
  if constexpr (std::is_void_v<T> || k == kinds::nothing)
    return "null";
  else if constexpr (detail::is_byte_vector<T> || k == kinds::raw_view)
    return "bytes";
  else if constexpr (k == kinds::boolean)
    return "bool";
  else if constexpr (k == kinds::integer || k == kinds::enumeration)
    return "integer";
  else if constexpr (k == kinds::real)
    return "number";
  else if constexpr (k == kinds::string)
    return "string";
  else if constexpr (k == kinds::dynamic)
    return "any";
  else if constexpr (k == kinds::duration)
    return describe<typename T::rep>(levels);
  else if constexpr (k == kinds::moment)
    return "date-time";
  else if constexpr (k == kinds::array_view)
    return "array";
  else
    return detail::describe_composed<T>(levels);
}

/// "pages.render(path: string, dpi: integer) -> null"
template <class R, class... A>
std::string describe(const method<R(A...)>& declared) {
  std::string text(declared.name());
  std::size_t position = 0;
  text += '(';
  [[maybe_unused]] auto add = [&](const std::string& type) {
    text += (position == 0 ? "" : ", ") + std::string(declared.params()[position]) + ": " + type;
    ++position;
  };
  (add(describe<A>()), ...);
  return text + ") -> " + describe<R>();
}

}  // namespace holdfast
