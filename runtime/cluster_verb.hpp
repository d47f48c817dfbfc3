#pragma once

#include <holdfast/core/clock.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// What can be done to a cluster to harm it or to mend it: one line of words, the same in cluster files, in fault plans and
/// in scenarios.
///
///     crash N             restart N           stop N            freeze N          thaw N
///     lose_disk N         slow_disk N 5ms     full_disk N BYTES corrupt N bit|page|truncate
///     skew_clock N 1h     partition A B [oneway]                heal A B          heal
///     delay A B 20ms      drop A B 0.1
struct cluster_verb {
  enum class kind : unsigned char {
    crash,
    restart,
    stop,
    freeze,
    thaw,
    lose_disk,
    slow_disk,
    full_disk,
    corrupt,
    skew_clock,
    partition,
    heal,
    delay,
    drop,
  };

  kind what = kind::crash;
  std::string text;                ///< the line, one blank between words
  std::vector<std::string> nodes;  ///< one, two, or of a bare `heal` none
  bool is_one_way = false;         ///< partition: what the first says does not reach the second
  duration time{};                 ///< slow_disk, skew_clock (which may be negative), delay
  std::uint64_t bytes = 0;         ///< full_disk
  double share = 0;                ///< drop: 0 to 1
  std::string how;                 ///< corrupt: bit, page, truncate
};

/// "crash", "freeze" and so on.
std::string_view to_string(cluster_verb::kind kind);

/// Throws errc::bad_config with a sentence that has the remedy. Whether there are such nodes is the caller's to check.
cluster_verb parse_verb(std::string_view line);

}  // namespace holdfast
