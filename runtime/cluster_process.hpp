#pragma once

#include <holdfast/actors/sockets.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace holdfast {

/// A node that runs as a child of this process. It dies with the thread that started it, however that ends: the system sends
/// it SIGKILL, frozen or not. Signals of the terminal do not reach it.
class cluster_process {
public:
  /// Standard error is appended to `log`; standard output is read here. Throws errc::failed with the reason.
  cluster_process(const std::vector<std::string>& command, const std::filesystem::path& log);
  ~cluster_process();  ///< SIGKILL, if it still runs
  cluster_process(const cluster_process&) = delete;
  cluster_process& operator=(const cluster_process&) = delete;

  pid_t id() const { return id_; }
  int output() const { return output_.get(); }  ///< -1 when it has closed it

  /// The lines that it has printed since; never waits.
  std::vector<std::string> read_lines();

  void signal(int number) const;  ///< nothing once it has ended

  /// How it ended, "exit status 1" or "signal 9"; nothing while it runs.
  const std::optional<std::string>& end();
  bool has_ended_well() const { return status_ == 0; }

private:
  pid_t id_ = -1;
  sockets::descriptor output_;
  std::string unfinished_;
  int status_ = -1;
  std::optional<std::string> end_;
};

/// The program that runs now, by a name that can be run again.
std::string own_program();

/// The last line of a log, or "".
std::string last_line(const std::filesystem::path& log);

}  // namespace holdfast
