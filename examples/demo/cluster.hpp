#pragma once

#include "process.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace demo {

/// A controller and its workers, processes started as on any command line:
///
///     holdfast controller --name hub --listen ADDRESS --data DIR ...
///     holdfast worker --name w1 --controller hub=ADDRESS --slots 2 --allow-exec --data DIR ...
///
/// Whoever is killed comes back by itself a little later, on its old data directory.
class cluster {
public:
  static constexpr std::size_t workers = 4;
  static constexpr unsigned slots = 2;

  cluster(std::filesystem::path folder, std::uint64_t seed);

  const std::string& hub_address() const { return members_.front().address; }

  void start();

  /// Listens to the processes for that long, and does what is due. Throws when one has ended that nobody killed.
  void tend(std::chrono::milliseconds within);

  bool is_complete() const;  ///< everybody runs
  bool kill_hub();           ///< false: it is down already
  bool kill_any_worker();    ///< false: no worker is up
  bool freeze_a_worker();    ///< until `thaw`; SIGSTOP
  void thaw();

  /// All at once; they come back at once.
  void kill_everybody();

  /// False if one of them did not stop in good order.
  bool stop();

  void print_logs() const;

private:
  using clock = std::chrono::steady_clock;
  struct member {
    std::string name;
    std::string address;
    std::unique_ptr<process> runs;
    clock::time_point back_at{};  ///< of one that is down
    bool is_frozen = false;
    clock::time_point since{};  ///< its start
  };
  void start(member& who);
  void kill(member& who);
  std::vector<member*> workers_up();
  member& any_of(const std::vector<member*>& some);

  std::filesystem::path folder_;
  std::mt19937_64 random_;
  std::vector<member> members_;  ///< the controller first
};

/// The words that a process of the cluster may begin with.
bool is_command(const std::string& word);

}  // namespace demo
