#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/serial_kind.hpp>

#include <optional>
#include <string>
#include <type_traits>

namespace holdfast {

/// How a queued call ended, as its completion hears it: the first parameter of a method that `then` names.
///
///     inline constexpr method<void(outcome<int>, std::string)> counted{"pages.counted(result, job)"};
///     node.to("beta").then(counted, "job-1").queue(count_pages, "a.pdf");
///
/// `T` is what the queued method returns. One outcome for each terminal decision; after an operator's retry of a dead
/// letter there is another one, marked `revised`.
template <class T>
struct outcome {
  using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  std::optional<stored> value;  ///< what the method returned; nothing when it did not succeed
  std::string error;            ///< the last attempt's text, or the reason
  errc ended = errc::none;      ///< none: executed; expired, dropped, or why it is a dead letter
  bool revised = false;         ///< after an operator's retry
  holdfast::call_id call_id;    ///< of the call that ended

  explicit operator bool() const { return ended == errc::none; }

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(value) & BOOST_SERIALIZATION_NVP(error)
        & BOOST_SERIALIZATION_NVP(ended) & BOOST_SERIALIZATION_NVP(revised)
        & boost::serialization::make_nvp("origin", call_id.origin)
        & boost::serialization::make_nvp("lane", call_id.lane)
        & boost::serialization::make_nvp("sequence", call_id.sequence);
  }
};

namespace detail {
template <class T>
inline constexpr bool is_outcome = false;
template <class T>
inline constexpr bool is_outcome<outcome<T>> = true;
}  // namespace detail

}  // namespace holdfast
