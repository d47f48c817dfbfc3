#pragma once

#include <holdfast/persistence/serial_kind.hpp>

#include <boost/serialization/map.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// Running commands so that none outlives whoever started it.
///
/// Each command has a guard process of its own (exec_guard.hpp), which alone is its parent, reads its output and ends it:
/// when it is told to, and when this process is gone, however that happened. All that a command starts ends with it, what
/// left its process group too.
namespace holdfast {

/// What to run.
struct command_spec {
  std::vector<std::string> argv;  ///< the program, looked up in PATH, and its arguments
  std::string directory;          ///< where; empty: where the runner runs
  std::map<std::string, std::string> environment;  ///< beside the runner's own
  std::string input;                               ///< its standard input; empty: /dev/null

  bool operator==(const command_spec&) const = default;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(argv) & BOOST_SERIALIZATION_NVP(directory)
        & BOOST_SERIALIZATION_NVP(environment) & BOOST_SERIALIZATION_NVP(input);
  }
};

/// How it ended.
struct command_outcome {
  std::int32_t exit_status =
      -1;  ///< -1 if a signal ended it; 127 and 126 with a `problem`: it was not started
  std::int32_t signal = 0;  ///< that ended it
  std::string output;       ///< the end of what it wrote to standard output and error, as it came
  std::uint64_t output_bytes = 0;  ///< all that it wrote
  std::string output_file;         ///< holds it from its beginning; empty if `output` is all of it
  bool is_cut = false;             ///< the file ends before the output did
  double seconds = 0;
  std::string problem;  ///< one sentence why it did not start, or why nothing is known of its end

  bool is_good() const { return exit_status == 0; }

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(exit_status) & BOOST_SERIALIZATION_NVP(signal)
        & BOOST_SERIALIZATION_NVP(output) & BOOST_SERIALIZATION_NVP(output_bytes)
        & BOOST_SERIALIZATION_NVP(output_file) & BOOST_SERIALIZATION_NVP(is_cut)
        & BOOST_SERIALIZATION_NVP(seconds) & BOOST_SERIALIZATION_NVP(problem);
  }
};

/// One sentence about an end that is no success: "exit status 3: no such page", "ended by signal 9 (Killed)".
std::string describe_end(const command_outcome& outcome);

struct command_limits {
  std::size_t tail_bytes_max = 64u << 10;  ///< of `output`. More would make every item's row heavy
  std::uint64_t file_bytes_max =
      64u << 20;  ///< of `output_file`. More could fill the disk that the journal is on
  std::uint64_t folder_bytes_max =
      1u << 30;  ///< of all of them; the oldest go first. More: as above, but by many runs
  std::chrono::milliseconds grace{2000};       ///< between SIGTERM and SIGKILL
  std::chrono::milliseconds look_every{1000};  ///< between two calls of `looked`
};

/// Runs commands, each with files of its own name in a folder of the runner's own. Any thread; one small thread of its own
/// hears the guards.
class command_runner {
public:
  /// Called once, on the runner's thread; must not throw, wait, or destroy the runner.
  using finished = std::function<void(command_outcome)>;
  /// Called there again and again while the command runs, never behind its `finished`. Likewise.
  using looked = std::function<void()>;

  /// Makes the folder, and ends what an earlier runner on it left: when it returns, nothing of that runs any more.
  /// `program` answers to the subcommand `exec-guard` (run() does). Throws errc::bad_config.
  explicit command_runner(std::filesystem::path folder, command_limits limits = {},
                          std::filesystem::path program = "/proc/self/exe");
  ~command_runner();  ///< ends all with SIGKILL and waits for them; their `finished` are called
  command_runner(const command_runner&) = delete;
  command_runner& operator=(const command_runner&) = delete;

  /// `name` is unique among all runs, also earlier ones, and a file's name. Returns before the command has started.
  /// Throws errc::bad_argument for a bad name or an empty argv, errc::failed when the system has no process for it.
  void start(const std::string& name, const command_spec& spec, finished done, looked look = {});

  /// SIGTERM to all that it started, SIGKILL after the grace. A name that does not run (any more) means nothing.
  void stop(const std::string& name);

  std::size_t running() const;
  std::size_t leftovers() const;  ///< commands that the constructor ended

private:
  struct inside;
  std::unique_ptr<inside> inside_;
};

}  // namespace holdfast
