#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/runtime/foreign_gateway.hpp>
#include <holdfast/runtime/foreign_http.hpp>
#include <holdfast/runtime/local_port.hpp>
#include <holdfast/runtime/node.hpp>
#include <holdfast/runtime/node_work.hpp>
#include <holdfast/runtime/operator_socket.hpp>
#include <holdfast/runtime/platform.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace holdfast {

/// What a node is made of, put together in this order and taken apart in the reverse one:
///
///    store -> actor system -> persistence, executor, wire, switchboard -> what waited -> links -> operator's socket -> work
///
/// Opening makes the store usable; starting lets handlers run and peers in.
struct node::hosting {
  hosting(node& owner, node_options given, platform& on);

  void open();
  void start();
  bool stop();
  void abandon();
  node_report report();

  node& owner;
  platform& on;
  node_options options;
  environment env;
  local_port port{env};
  shown_tables tables;
  node_work work{env};
  std::atomic<bool> is_open{false};
  std::string address;
  std::string foreign_address;
  std::string http_address;

private:
  void open_store();
  void spawn_actors();
  void recover();
  std::string bind();
  std::string bind_foreign();
  bool end_work();
  bool end_handlers();
  void end_links();
  void end_actors();
  void forget_actors();

  std::mutex mutex_;
  bool is_started_ = false;
  bool is_stopped_ = false;
  bool was_stopped_well_ = true;
  std::unique_ptr<journal> store_;
  node_start begun_;
  std::unique_ptr<node_clock> time_;
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  caf::actor supervisor_;  ///< of the node's own actors
  std::atomic<bool> is_fatal_{false};
  std::unique_ptr<operator_server> operator_;
  std::unique_ptr<foreign_gateway> foreign_;
  std::unique_ptr<foreign_http> http_;
  node_time started_at_ = 0;

  friend class node;
};

}  // namespace holdfast
