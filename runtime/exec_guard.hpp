#pragma once

#include <holdfast/runtime/exec.hpp>

#include <string>

/// What a runner and its guards say to each other. A guard is this program again, started as `exec-guard NAME` with two
/// descriptors: its order, in memory, and a socket. The runner sends bytes of `exec_word`; the guard sends the outcome,
/// encoded, and ends. If the socket breaks, the runner is gone: the guard ends the command with SIGKILL.
namespace holdfast {

inline constexpr int exec_order_descriptor = 3;
inline constexpr int exec_control_descriptor = 4;
inline constexpr const char* exec_guard_command = "exec-guard";

enum class exec_word : char {
  stop = 's',  ///< SIGTERM, and SIGKILL after the grace
  kill = 'k',
};

struct exec_order {
  command_spec spec;
  std::string token;  ///< see exec_mark.hpp
  std::string mark_file;
  std::string output_file;
  std::uint64_t tail_bytes_max = 0;
  std::uint64_t file_bytes_max = 0;
  std::int64_t grace_ns = 0;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(spec) & BOOST_SERIALIZATION_NVP(token)
        & BOOST_SERIALIZATION_NVP(mark_file) & BOOST_SERIALIZATION_NVP(output_file)
        & BOOST_SERIALIZATION_NVP(tail_bytes_max) & BOOST_SERIALIZATION_NVP(file_bytes_max)
        & BOOST_SERIALIZATION_NVP(grace_ns);
  }
};

/// The guard's life, in a process that has done nothing else yet and has one thread. Does not return.
[[noreturn]] void run_exec_guard();

/// A process of its own for the command, held back until a byte is written to `go`; it ends if that is closed instead.
struct held_command {
  pid_t process = -1;
  int go = -1;
  int failure = -1;  ///< closed when the command runs; otherwise says which step failed, and errno
};
enum class exec_step : int { directory, program };
struct exec_failure {
  exec_step step = exec_step::program;
  int reason = 0;
};

/// All that it writes to standard output and error goes to `output`. Descriptors: none but those three, as all others are
/// close-on-exec. Signals: none blocked, none ignored. Session and process group: its own. Throws errc::failed.
held_command fork_command(const exec_order& order, int output);

}  // namespace holdfast
