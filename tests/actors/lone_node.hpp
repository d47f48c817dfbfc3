#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/executor.hpp>
#include <holdfast/actors/handler_run.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/outgoing.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/memory_journal.hpp>
#include <holdfast/persistence/outbox.hpp>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <spdlog/sinks/null_sink.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::testing {

constexpr std::int64_t second_ns = 1'000'000'000;

class stepped_clock final : public clock {
public:
  moment now() const override { return {wall, steady, 1}; }
  std::int64_t wall = 1'700'000'000'000'000'000;
  std::int64_t steady = 1'000'000'000;
};

class counting_random final : public random_source {
public:
  std::uint64_t next() override {
    return state_ = state_ * 6364136223846793005u + 1442695040888963407u;
  }

private:
  std::uint64_t state_ = 42;
};

inline caf::actor_system_config& testing_config(caf::actor_system_config& config) {
  config.set("scheduler.policy", caf::atom("testing"));
  config.set("logger.verbosity", caf::atom("quiet"));
  return config;
}

/// One life of a node without links, in virtual time: persistence actor, executor and handler "threads" on CAF's testing
/// scheduler, a journal in memory. Handlers are plain functions over handler_run.
class lone_node {
public:
  using handler = std::function<std::string(handler_run&, std::string_view payload)>;

  explicit lone_node(std::shared_ptr<memory_disk> disk = make_memory_disk(),
                     memory_journal_options options = {})
      : store(disk, options), system(testing_config(config)),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    start_ = start_node(store, "alpha", clock, random);
    time.emplace(clock, start_.time);
    env.self = start_.self;
    env.store = &store;
    env.time = &*time;
    env.random = &random;
    env.is_simulated = true;
    env.log =
        std::make_shared<spdlog::logger>("alpha", std::make_shared<spdlog::sinks::null_sink_mt>());
    env.on_fatal = [this](const std::string& reason) { fatal = reason; };
    env.switchboard = system.spawn([](caf::event_based_actor*) -> caf::behavior {
      return {[](const lane_grew&) {}, [](const outcomes_grew&) {}};
    });
    env.persistence = spawn_persistence_actor(system, env);
    env.executor = spawn_executor(system, env);
  }

  ~lone_node() {
    for (auto* actor : {&env.executor, &env.persistence, &env.switchboard}) {
      caf::anon_send_exit(*actor, caf::exit_reason::kill);
      *actor = nullptr;
    }
    scheduler.run();
    env.peers.clear();
  }

  void serve(const std::string& name, handler run) {
    served_method method;
    method.name = name;
    method.service = service_of(name);
    method.run = [run](handler_run& here, payload_kind, std::string_view payload) {
      return run(here, payload);
    };
    env.methods.serve(std::move(method));
  }

  /// Admits what the last life left behind; after serving, as a node does.
  void recover() {
    caf::anon_send(env.executor, recover_calls{start_.was_clean, start_.unclean_in_a_row >= 2,
                                               [](const error*) {}});
    scheduler.run();
  }

  /// A call to itself, durable when this returns.
  queue_result queue(const std::string& method, std::string payload = {},
                     call_header options = {}) {
    queue_request request{"alpha", options, std::move(payload)};
    request.header.method = method;
    request.header.trace = 7;
    request.header.origin = "alpha";
    queue_result answer;
    caf::anon_send(env.persistence, commit_request{make_operation<queue_result>(
                                        growth::grows, 0, false,
                                        [request](ledger& books, queue_result& result) {
                                          result = outbox::queue(books, request);
                                        },
                                        [&answer](queue_result& result, const error* problem) {
                                          answer = result;
                                          if (problem)
                                            answer.refused = problem->code();
                                        })});
    return answer_of(answer);
  }

  std::optional<call_reply> call(const std::string& method, std::string payload = {}) {
    std::optional<call_reply> answer;
    call_header header;
    header.method = method;
    call_to(env, "alpha", header, std::move(payload), std::chrono::seconds(5),
            [&answer](const call_reply& reply) { answer = reply; });
    scheduler.run();
    return answer;
  }

  void advance(duration by) {
    clock.steady += by.count();
    clock.wall += by.count();
    scheduler.advance_time(by);
    scheduler.run();
  }

  void run() { scheduler.run(); }

  std::string state(const std::string& table, const std::string& key) {
    auto rows = store.read();
    return std::string(read_state(*rows, state_key(table, key)).value_or("(none)"));
  }

  lane_counters own_lane() { return find_out_lane(*store.read(), loopback_lane)->counters; }
  std::uint64_t count(table_id table) { return store.read()->count(table); }

  executor_status status() {
    executor_status answer;
    caf::anon_send(env.executor,
                   get_executor_status{[&](const executor_status& now) { answer = now; }});
    scheduler.run();
    return answer;
  }

  /// Ends in good order.
  void stop() {
    caf::anon_send(env.executor, stop_executing{[this] { is_stopped = true; }});
    scheduler.run();
    caf::anon_send(env.persistence,
                   commit_request{make_operation<bool>(
                       growth::shrinks, 0, false, [](ledger& books, bool&) { stop_node(books); },
                       [](bool&, const error*) {})});
    scheduler.run();
  }

  stepped_clock clock;
  counting_random random;
  memory_journal store;
  caf::actor_system_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  std::optional<node_clock> time;
  environment env;
  std::string fatal;
  bool is_stopped = false;

private:
  queue_result answer_of(queue_result& answer) {
    scheduler.run();
    return answer;
  }

  node_start start_;
};

}  // namespace holdfast::testing
