#pragma once

#include "tests/benchmark/stopwatch.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <sys/types.h>
#include <thread>
#include <utility>
#include <vector>

namespace bench::peers {

/// A free port of loopback. Somebody else may take it before the server does: then the server does not start.
int free_port();

/// Whether something takes connections there.
bool is_open(int port);

/// A server that this program started. Its whole process group ends with the object, first asked, then killed; and it is
/// killed when this program dies.
class server {
public:
  struct how {
    std::vector<std::string> command;
    std::filesystem::path folder;  ///< its working directory; what it says goes to `log` there
    std::map<std::string, std::string> environment{};
    std::string user{};  ///< instead of root, for those that refuse to run as root
  };

  explicit server(const how& its);
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server();

  /// Until `is_ready()`; throws with the end of its log when it has ended, or has taken longer than a minute.
  template <class F>
  void wait_until(F is_ready) {
    for (stopwatch waited; !is_ready(); std::this_thread::sleep_for(std::chrono::milliseconds(20)))
      check(waited.seconds());
  }

private:
  void check(double waited);
  bool has_ended();

  pid_t group_ = -1;
  bool is_gone_ = false;
  std::filesystem::path log_;
  std::string name_;
};

/// Runs a program to its end; throws with the end of its log unless its exit status is 0.
void run_to_end(const server::how& its);

}  // namespace bench::peers
