#pragma once

#include "tests/benchmark/bare_wire.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace bench {

/// Two processes that do what a queued call needs and nothing more: the source commits a record and sends it; the target
/// commits it, executes it, commits its removal and answers; the source removes its copy with the next commit. Both commit
/// in groups whatever has come meanwhile; the target's removals go with the next records when there are any.
inline constexpr std::size_t bare_record_bytes = 128;

/// The target's side; returns by an exception when the source closes.
void serve_pair(bare_wire& wire, const std::filesystem::path& data, std::size_t room_bytes);

/// Calls executed per second with that many outstanding.
double bare_pair_rate(const std::string& address, const std::filesystem::path& data,
                      std::size_t window, double seconds,
                      std::size_t record_bytes = bare_record_bytes);

/// From before the commit to the answer, one at a time, in microseconds.
std::vector<double> bare_pair_latencies(const std::string& address,
                                        const std::filesystem::path& data, double seconds);

/// The same with so many targets, each with a connection and a store of its own; the source has one store. The window is
/// that of all of them together.
double bare_crowd_rate(const std::string& address, const std::filesystem::path& data,
                       std::size_t targets, std::size_t window, double seconds);

}  // namespace bench
