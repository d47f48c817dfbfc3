#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

/// Finding the processes of a command again after its guard and its runner were killed.
namespace holdfast {

/// The environment variable that tells the processes of one command from all others; they inherit it.
inline constexpr const char* exec_token_variable = "HOLDFAST_RUN";

/// Written before the command runs, removed when nothing of it does any more. A process id is used again sooner or later,
/// so each comes with the moment that the process started.
struct exec_mark {
  std::string boot;   ///< of the machine: after another one nothing is left
  std::string token;  ///< in the environment of every process of the command
  pid_t group = 0;    ///< the command's own process, which leads the group
  std::uint64_t group_started = 0;
  pid_t guard = 0;
  std::uint64_t guard_started = 0;
};

/// As /proc/PID/stat says it.
struct process_facts {
  char state = '?';
  pid_t group = 0;
  std::uint64_t started = 0;
};
std::optional<process_facts> facts_of_process(pid_t process);

/// Children of the calling thread's process that it has not waited for, zombies included.
std::vector<pid_t> children_of_this_thread();

std::string this_boot();

/// Complete or not there. False when the disk refuses it.
bool write_mark(const std::filesystem::path& file, const exec_mark& mark);

/// Ends with SIGKILL all that the marks in `folder` name, waits for it and removes them. Returns how many commands still
/// had a process.
std::size_t end_leftovers(const std::filesystem::path& folder);
bool end_leftover(const std::filesystem::path& mark_file);

}  // namespace holdfast
