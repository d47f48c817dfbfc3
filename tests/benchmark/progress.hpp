#pragma once

#include <iostream>
#include <string>
#include <unistd.h>

namespace bench {

/// One line on a terminal, in the place of the one before; empty: none any more. Elsewhere nothing: a log of a run would be
/// full of it.
inline void show_progress(const std::string& line) {
  if (::isatty(STDERR_FILENO) == 1)
    std::cerr << "\r\x1b[K" << line << std::flush;
}

}  // namespace bench
