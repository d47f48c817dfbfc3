#pragma once

#include <csignal>
#include <stdexcept>

namespace demo {

inline volatile std::sig_atomic_t interrupted = 0;

/// From here on a signal ends the run in good order, so that nothing stays behind.
inline void stop_when_interrupted() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  for (int signal : {SIGHUP, SIGINT, SIGTERM})
    sigaction(signal, &action, nullptr);
}

inline void throw_if_interrupted() {
  if (interrupted)
    throw std::runtime_error("interrupted");
}

}  // namespace demo
