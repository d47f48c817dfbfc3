#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// Processes under test: started with pipes, watched by what they print, ended by kill -9. Every wait is for an event and
/// bounded; no process outlives its object, nor the program that made it.
namespace holdfast::crash {

using std::chrono::milliseconds;

/// The bound of a wait that is expected to end soon: only a hang reaches it.
inline constexpr milliseconds patience{90'000};

/// One child. Its output is read by `wait_for` alone, line by line, and kept.
class process {
public:
  struct how {
    std::map<std::string, std::string> environment{};  ///< beside what this program has
    std::filesystem::path errors{};                    ///< standard error is appended to this file
  };

  /// Throws std::runtime_error when it cannot be started.
  process(const std::vector<std::string>& command, const how& started);
  ~process();  ///< kill -9, if it still runs
  process(const process&) = delete;
  process& operator=(const process&) = delete;

  pid_t id() const { return id_; }
  const std::vector<std::string>& lines() const { return lines_; }  ///< that it printed so far
  std::size_t count(std::string_view beginning, std::size_t from = 0) const;
  bool has_printed(std::string_view beginning, std::size_t from = 0) const {
    return count(beginning, from) > 0;
  }
  void forget_lines() { lines_.clear(); }

  void signal(int number) const;

  /// kill -9, and what it had printed until then is read.
  void kill();

  /// Waits for its end. The exit status; 128 + the signal that ended it; -1 when it did not end in time.
  int end(milliseconds within = patience);
  bool has_ended() const { return output_ < 0; }

private:
  friend bool wait_for(std::initializer_list<process*> watched,
                       const std::function<bool()>& happened, milliseconds within);
  void read_output();
  void take(std::string_view bytes);

  pid_t id_ = -1;
  int output_ = -1;  // closed when the process has closed its end: it is dead
  int status_ = -1;
  std::string unfinished_;
  std::vector<std::string> lines_;
};

/// Reads what the processes print until `happened` holds: true; or the time is up or all of them have ended: false.
bool wait_for(std::initializer_list<process*> watched, const std::function<bool()>& happened,
              milliseconds within = patience);

/// A command that ends by itself.
struct command_result {
  int status = -1;
  std::string out;
  std::string err;
};
command_result run_command(const std::vector<std::string>& command, milliseconds within = patience);

/// A pipe with a name, which holds a handler until the test lets it go.
class gate {
public:
  explicit gate(std::filesystem::path path);  ///< made there
  const std::filesystem::path& path() const { return path_; }
  void open() const;  ///< one reader goes on; it has to be there

private:
  std::filesystem::path path_;
};

/// The last lines of a file, to be shown with a failure.
std::string tail_of(const std::filesystem::path& file, std::size_t lines_max = 15);

}  // namespace holdfast::crash
