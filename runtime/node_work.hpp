#pragma once

#include <holdfast/actors/controller.hpp>
#include <holdfast/actors/worker.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

namespace caf {
class actor_system;
}

namespace holdfast {

struct environment;

/// What a node has to do with work: that it owns some (controller), that it runs some (worker), or both. Any thread.
class node_work {
public:
  explicit node_work(environment& env) : env_(env) {}

  void serve_controller(controller_options options);
  worker& add_worker(worker_options options);  ///< throws errc::bad_option when there is one
  worker* find_worker();                       ///< null: there is none

  /// The node takes messages from now on.
  void start(caf::actor_system& system, const std::string& address);

  /// The node stops: what runs is handed back. Before its handlers end, because their mailbox does it; the link carries it to
  /// the controller meanwhile, if that does not take long.
  void leave(std::chrono::milliseconds within);

  /// False if a work handler still runs after that time.
  bool end_runs(std::chrono::milliseconds within);

  /// Before the node's actors end.
  void shut();

private:
  environment& env_;
  std::mutex mutex_;
  bool is_controller_ = false;
  caf::actor_system* system_ = nullptr;  ///< since the start
  std::string address_;
  std::unique_ptr<worker> worker_;
};

}  // namespace holdfast
