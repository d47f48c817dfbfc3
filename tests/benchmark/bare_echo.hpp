#pragma once

#include "tests/benchmark/bare_wire.hpp"

#include <functional>
#include <string>
#include <vector>

namespace bench {

/// One connection to the bare peer, one message of bare_record_bytes at a time.
class ping_pong {
public:
  explicit ping_pong(const std::string& address);
  void once();

private:
  bare_wire wire_;
};

/// How long each took, over and over for that long, in microseconds.
std::vector<double> times_of(double seconds, const std::function<void()>& once);

/// One connection, and as many messages on it that have not come back: echoed per second.
double bare_echo_rate(const std::string& address, std::size_t window, double seconds);

}  // namespace bench
