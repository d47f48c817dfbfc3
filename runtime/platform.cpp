#include <holdfast/actors/wire.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>
#include <holdfast/runtime/log.hpp>
#include <holdfast/runtime/node_options.hpp>
#include <holdfast/runtime/platform.hpp>
#include <holdfast/runtime/secret.hpp>

#include <caf/io/middleman.hpp>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace holdfast {
namespace {

/// Of the process when the store fails: nothing more may be answered, the next start recovers.
constexpr int exit_on_fatal = 70;

/// Workers for the links and the executor, which never block and hand their work from one to the other: a second worker
/// beside the handlers, the journal and the sockets' thread mostly means that each hand-over wakes a thread. Measured on two
/// cores, one instead of two: a call takes 76 instead of 130 us, and sends go twice as fast.
std::size_t workers() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 4);
}

class machine_platform final : public platform {
public:
  bool is_simulated() const override { return false; }
  const clock& time() const override { return system_clock(); }
  random_source& random() const override { return system_random(); }

  void check(const node_options& options) override { check_options(options); }
  std::string secret(const node_options& options) override {
    return load_secret(options.secret_file.empty() ? default_secret_file() : options.secret_file);
  }
  std::shared_ptr<spdlog::logger> log(const node_options& options) override {
    return make_log(options.name, options.log_level);
  }
  std::unique_ptr<journal> open_store(const node_options& options) override {
    return std::make_unique<lmdb_journal>(options.data,
                                          lmdb_journal_options{.bytes_max = options.bytes_max});
  }

  void configure(caf::actor_system_config& config) override {
    config.set("scheduler.policy", caf::atom("sharing"));
    config.set("scheduler.max-threads", workers());
    config.set("middleman.workers", std::size_t{0});
    config.set("middleman.attach-utility-actors", false);
    config.set("middleman.max-consecutive-reads",
               std::size_t{1});  // the second mostly finds nothing
    config.set("middleman.enable-automatic-connections", false);
    config.load<caf::io::middleman>();  // for brokers alone: nothing is published
  }
  caf::actor spawn_wire(caf::actor_system& system) override { return spawn_socket_wire(system); }

  void fatal(const std::string&) override { std::_Exit(exit_on_fatal); }
};

}  // namespace

platform& this_machine() {
  static machine_platform machine;
  return machine;
}

}  // namespace holdfast
