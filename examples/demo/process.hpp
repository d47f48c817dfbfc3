#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace demo {

/// A process of this program in another role. What it writes on standard output comes here in lines, what it writes on
/// standard error goes to a file. It dies with this process.
class process {
public:
  /// `arguments` begin with the name that it goes by.
  process(std::vector<std::string> arguments, const std::filesystem::path& log);
  ~process();  ///< kills it if it still runs
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  int output() const { return output_; }  ///< to poll

  /// What has arrived. False at its end: the process is gone.
  bool read(std::deque<std::string>& lines);

  void freeze();         ///< SIGSTOP
  void thaw();           ///< SIGCONT
  void kill_now();       ///< SIGKILL; returns when it is gone
  int stop();            ///< SIGTERM; its exit status
  std::string ending();  ///< how it ended, in words

private:
  int wait();

  pid_t pid_ = -1;
  int output_ = -1;
  int status_ = 0;
  std::string rest_;
};

/// A port on loopback that nobody listens on now.
std::string free_address();

}  // namespace demo
