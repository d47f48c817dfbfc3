#pragma once

#include <holdfast/core/value.hpp>
#include <holdfast/runtime/cluster_file.hpp>
#include <holdfast/runtime/exit_code.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace holdfast {

/// The cluster of a file as processes of this program on this machine, until SIGTERM or SIGINT:
///
///     DIR/secret          of the cluster, drawn at the first start
///     DIR/NAME/           the data directory of each node, for every command that takes --data
///     DIR/NAME.log        what it wrote to standard error
///     DIR/operator.sock   where `cluster status` and the others ask
///
/// Nodes dial each other through wires (cluster_wire.hpp), so that links can be cut and slow. All nodes end with this
/// process, however it ends.
class cluster_host {
public:
  struct options {
    cluster_file cluster;
    std::string file;  ///< its name, for `status`
    std::filesystem::path data;
    std::string log_level;                              ///< of the nodes; empty: theirs
    std::function<void(const std::string& line)> tell;  ///< what happens, a line each
  };

  /// Locks the folder; nothing is started. Throws errc::bad_config or journal_locked.
  explicit cluster_host(options given);
  ~cluster_host();
  cluster_host(const cluster_host&) = delete;
  cluster_host& operator=(const cluster_host&) = delete;

  /// Starts the nodes and returns when all of them have ended. For the main thread: the nodes die with it. `refused` if a
  /// node never became ready, `stopped_late` if one had to be killed in the end.
  exit_code run();

private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

}  // namespace holdfast
