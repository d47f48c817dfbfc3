#pragma once

#include <chrono>
#include <cstdint>

namespace holdfast {

using duration = std::chrono::nanoseconds;

/// A moment as a node sees it. `wall` survives a reboot but may be set back or forward; `steady` never jumps but means
/// something only within one boot, which `boot` names.
struct moment {
  std::int64_t wall_ns = 0;    ///< nanoseconds since 1970-01-01 UTC
  std::int64_t steady_ns = 0;  ///< nanoseconds of CLOCK_BOOTTIME
  std::uint64_t boot = 0;      ///< hash of the kernel's boot id
};

/// Where a node takes its time from: the machine in production, the scheduler in simulation. Any thread may ask.
class clock {
public:
  virtual ~clock() = default;
  virtual moment now() const = 0;
  // One part alone: each is a reading of its own.
  virtual std::int64_t wall_ns() const { return now().wall_ns; }
  virtual std::int64_t steady_ns() const { return now().steady_ns; }
};

/// The machine's clocks. One object serves all nodes of a process.
const clock& system_clock();

/// A source of random bits that is handed in: the kernel's in production, a seeded one in simulation. Any thread.
class random_source {
public:
  virtual ~random_source() = default;
  virtual std::uint64_t next() = 0;
};

random_source& system_random();

/// Time as a node counts it: nanoseconds, never back, no jump while the process lives, carried on over restarts
/// (persistence/identity.hpp says how). Stored deadlines are moments of it, so that setting the wall clock expires
/// nothing. 0 stands for "no deadline".
using node_time = std::int64_t;

}  // namespace holdfast
