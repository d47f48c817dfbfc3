#pragma once

#include "tests/benchmark/figures.hpp"
#include "tests/benchmark/node_pair.hpp"

#include <filesystem>
#include <string>

namespace bench {

/// Where one repeat of everything is measured.
struct bench_rig {
  std::filesystem::path data;
  node_pair& nodes;
  const std::string& bare_address;
  double seconds;  ///< each measurement, about
  figures& found;
  std::uint64_t backlog;         ///< calls
  bool is_quick;                 ///< less of everything
  std::filesystem::path memory;  ///< a folder whose flushes cost nothing, if the system has one

  /// A new empty directory for a baseline.
  std::filesystem::path fresh();
  int last_fresh = 0;
};

// Each adds its figures, one repeat.
void measure_enqueue(bench_rig& rig);
void measure_end_to_end(bench_rig& rig);
void measure_loopback(bench_rig& rig);
void measure_calls(bench_rig& rig);
void measure_messages(bench_rig& rig);
void measure_foreign(bench_rig& rig);
void measure_actors(bench_rig& rig);
void measure_idle_actors(bench_rig& rig);
void measure_backlog(bench_rig& rig);
void measure_links(bench_rig& rig);
void measure_pipelined(bench_rig& rig);
void measure_settings(bench_rig& rig);
void measure_sizes(bench_rig& rig);
void measure_transport(bench_rig& rig);
void measure_work(bench_rig& rig);
void measure_peers(bench_rig& rig);

/// Messages a second from this process's node, taken by the other's handler.
double rate_of_sends(node_pair& nodes, double seconds);

}  // namespace bench
