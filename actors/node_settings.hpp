#pragma once

#include <holdfast/core/limits.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace holdfast {

/// What an operator may set, with the defaults. Durations are exchanged in the handshake where both sides must agree.
struct node_settings {
  std::string cluster = "holdfast";  ///< nodes of other clusters are refused
  std::chrono::milliseconds heartbeat_interval{500};
  std::chrono::milliseconds silence_max{3000};    ///< a peer without progress for so long is down
  std::chrono::milliseconds handshake_max{3000};  ///< from the connection to the open link
  std::chrono::milliseconds redial_min{50};       ///< doubles, with jitter, up to redial_max
  std::chrono::milliseconds redial_max{5000};
  std::chrono::milliseconds refused_redial{
      5000};  ///< after a refusal, which only an operator can mend
  std::size_t window_bytes = limits::window_bytes_max;
  std::size_t send_bytes = limits::send_bytes_max;
  unsigned handler_threads_max =
      64;  ///< grown on demand; bounds how many slow handlers can run side by side
};

}  // namespace holdfast
