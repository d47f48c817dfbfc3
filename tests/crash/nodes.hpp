#pragma once

#include "tests/crash/processes.hpp"
#include "tests/persistence/temporary_directory.hpp"

#include <holdfast/core/value.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Nodes as processes, in a folder of their own, with a secret of their own.
namespace holdfast::crash {

/// The folder goes away with it. Addresses are of the loopback network and nobody else's: two programs of tests may run at
/// the same time, and a node keeps its address over restarts.
class cluster {
public:
  using place = test::temporary_directory::place;
  explicit cluster(place where = place::anywhere);

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path secret_file() const { return folder() / "secret"; }
  static std::string new_address();

private:
  test::temporary_directory folder_;
};

/// One node: a data directory, an address and, while it runs, a process.
class test_node {
public:
  test_node(cluster& home, std::string name);

  std::string kind = "node";  ///< the command that starts it: node, controller, worker

  /// What differs from the defaults, for the next start.
  std::vector<std::string> arguments{};
  std::map<std::string, std::string> environment{};
  std::map<std::string, std::string> peers{};  ///< name to address; "" for one that dials
  std::vector<std::string> before{};           ///< stands before the command: ip netns exec ...
  std::string address;                         ///< empty: it only dials
  std::filesystem::path data;

  const std::string& name() const { return name_; }
  void dials(const test_node& other) { peers[other.name()] = other.address; }

  void spawn();  ///< does not wait
  bool start();  ///< waits until it serves
  void kill();   ///< kill -9
  int stop();    ///< SIGTERM; the exit status
  bool is_ready() const { return run_ && run_->has_printed("ready "); }
  process& run() { return *run_; }
  std::string errors() const { return tail_of(errors_); }
  const std::filesystem::path& log_file() const { return errors_; }

  /// Commands of the program, for this node: `arguments` without --data.
  command_result command(std::vector<std::string> words, milliseconds within = patience) const;
  value json(std::vector<std::string> words) const;  ///< its answer; null when it was refused
  value call(const std::string& method,
             const std::vector<std::string>& given) const;  ///< of its own
  value peer(const std::string& name) const;  ///< its line of `peers`; null when there is none
  std::int64_t status(const std::string& member) const;  ///< -1 when the node does not answer

private:
  std::string name_;
  std::filesystem::path secret_file_;
  std::filesystem::path errors_;
  std::unique_ptr<process> run_;
};

/// Asks, with a command each time, until the answer fits. Bounded.
bool ask_until(const std::function<bool()>& fits, milliseconds within = patience);

std::string text_in(const value& row, std::string_view member);
std::int64_t number_in(const value& row, std::string_view member);

/// A line of /proc/PID/status, in kB; 0 when the process is gone.
std::int64_t memory_of(pid_t process, std::string_view line);

}  // namespace holdfast::crash
