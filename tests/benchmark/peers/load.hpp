#pragma once

#include "tests/benchmark/peers/contender.hpp"

#include <vector>

namespace bench::peers {

/// Messages per second from `publish` to the acknowledgement, with one producer and one consumer on a thread each and
/// `window` messages open at most. All that was published is consumed in the end; throws otherwise.
double throughput(broker& under, std::size_t batch, double seconds);

/// Microseconds of one message: published, confirmed, consumed, acknowledged. One at a time.
std::vector<double> latencies(broker& under, double seconds);

}  // namespace bench::peers
