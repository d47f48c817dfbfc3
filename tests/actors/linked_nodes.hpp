#pragma once

#include "tests/actors/fake_network.hpp"

#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/outgoing.hpp>
#include <holdfast/actors/peer_link.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/actors/switchboard.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/memory_journal.hpp>
#include <holdfast/persistence/outbox.hpp>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace holdfast::testing {

class hand_clock final : public clock {
public:
  moment now() const override { return {wall, steady, 1}; }
  std::int64_t wall = 1'700'000'000'000'000'000;
  std::int64_t steady = 1'000'000'000;
};

class seeded_random final : public random_source {
public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    return z ^ (z >> 31);
  }

private:
  std::uint64_t state_;
};

/// What all nodes of a test share: CAF's testing scheduler, virtual time and a network. Nodes that were stopped or crashed
/// stay here until the end, because actors that are gone may still be spoken of.
struct cluster {
  cluster()
      : system(prepared(config)),
        jobs(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {
    wire = spawn_fake_network(system, net);
  }
  ~cluster() {
    caf::anon_send_exit(wire, caf::exit_reason::kill);
    wire = nullptr;
    net.ends.clear();
    net.listeners.clear();
    jobs.run();
  }

  void run() { jobs.run(); }
  void advance(duration by) {
    time.steady += by.count();
    time.wall += by.count();
    jobs.advance_time(by);
    jobs.run();
  }

  /// Small steps until `is_done`, at most for `within`. Whether it is done.
  template <class Done>
  bool advance_until(Done is_done, duration within = std::chrono::seconds(20)) {
    run();
    for (duration gone{0}; gone < within && !is_done(); gone += std::chrono::milliseconds(10))
      advance(std::chrono::milliseconds(10));
    return is_done();
  }

  static caf::actor_system_config& prepared(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    config.set("logger.verbosity", caf::atom("quiet"));
    return config;
  }

  hand_clock time;
  caf::actor_system_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& jobs;
  fake_network net;
  caf::actor wire;
};

/// One life of a node with links, and a probe in the place of its executor: it writes down what it hears, executes
/// queued calls at once, answers requests with their payload and "!".
class linked_node {
public:
  linked_node(cluster& all, const std::string& name,
              std::shared_ptr<memory_disk> disk = make_memory_disk(), std::uint64_t seed = 1)
      : store(disk), all_(all), random_(seed * 977 + name[0]) {
    auto start = start_node(store, name, all.time, random_);
    time_.emplace(all.time, start.time);
    env.self = start.self;
    env.store = &store;
    env.time = &*time_;
    env.random = &random_;
    env.secret = "secret";
    env.is_simulated = true;
    env.on_fatal = [this](const std::string& reason) { fatal = reason; };
    env.wire = all.wire;
    served_method work;
    work.name = "work.run";
    work.service = "work";
    env.methods.serve(std::move(work));  // run by the probe
  }

  /// After the settings were changed, if they were.
  void start() {
    env.executor = all_.system.spawn([this](caf::event_based_actor* self) { return probe(self); });
    env.persistence = spawn_persistence_actor(all_.system, env);
    env.switchboard = spawn_switchboard(all_.system, env);
    caf::anon_send(env.switchboard,
                   open_listener{env.self.name, [](const std::string&, const error*) {}});
    all_.run();
  }

  ~linked_node() {
    kill();
    env.peers.clear();
  }

  /// The process dies: nothing is said, the connections are reset.
  void kill() {
    kill_links();
    for (auto* actor : {&env.switchboard, &env.executor, &env.persistence}) {
      if (*actor)
        caf::anon_send_exit(*actor, caf::exit_reason::kill);
      *actor = nullptr;
    }
    all_.run();
    kill_links();  // one that the switchboard made in its last moment
    all_.run();
  }

  void dial(const std::string& peer) { caf::anon_send(env.switchboard, want_peer{peer, peer}); }

  void queue(const std::string& peer, const std::string& payload) {
    queue_request request;
    request.peer = peer;
    request.header.method = "work.run";
    request.header.trace = 1;
    request.header.origin = env.self.name;
    request.payload = payload;
    operate(growth::grows, [request](ledger& books) { outbox::queue(books, request); });
  }

  bool send(const std::string& peer, const std::string& payload) {
    call_header header;
    header.method = "work.note";
    return send_to(env, peer, header, payload);
  }

  void call(const std::string& peer, const std::string& payload,
            duration within = std::chrono::seconds(2)) {
    call_header header;
    header.method = "work.ask";
    call_to(env, peer, header, payload, within, [this](const call_reply& reply) {
      replies.push_back(reply.status == errc::none ? std::string(reply.value.view())
                                                   : std::string(to_string(reply.status)));
    });
  }

  void operate(growth kind, std::function<void(ledger&)> apply) {
    caf::anon_send(env.persistence,
                   commit_request{make_operation<int>(
                       kind, 0, false, [apply](ledger& books, int&) { apply(books); },
                       [](int&, const error*) {})});
  }

  peer_status status(const std::string& peer) const {
    auto entry = env.peers.find(peer);
    return entry ? entry->status() : peer_status{};
  }
  link_state state(const std::string& peer) const { return status(peer).state; }
  bool is_up(const std::string& peer) const { return state(peer) == link_state::up; }

  out_lane lane_to(const std::string& peer) const {
    auto rows = store.read();
    auto known = find_peer(*rows, peer);
    auto lane = known && known->lane ? find_out_lane(*rows, *known->lane) : std::nullopt;
    return lane.value_or(out_lane{});
  }

  memory_journal store;
  environment env;
  std::vector<std::string> heard;  ///< "up beta new", "down beta link_lost", "message m", in order
  std::vector<std::string> executed;       ///< payloads of queued calls
  std::vector<std::string> replies;        ///< values, or the name of what went wrong
  std::deque<std::function<void()>> held;  ///< `taken` of messages while `is_holding`
  bool is_holding = false;
  bool is_answering = true;
  std::string fatal;

private:
  void kill_links() {
    for (auto& status : env.peers.statuses())
      if (auto entry = env.peers.find(status.name))
        caf::anon_send_exit(entry->link, caf::exit_reason::kill);
  }

  caf::behavior probe(caf::event_based_actor*) {
    return {
        [this](const calls_admitted& news) {
          for (auto& entry : news.entries)
            execute(entry);
        },
        [this](const deadline_set&) {},
        [this](const method_message& message) { take(message); },
        [this](const peer_changed& news) {
          std::visit([this](auto& event) { note(event); }, news.event);
        },
    };
  }

  void execute(const inbox_entry& entry) {
    auto record = store.read()->get(table_id::inbox, call_key(entry.lane, entry.sequence));
    executed.emplace_back(decode_call(record.value()).payload);
    heard.push_back("call " + executed.back());
    operate(growth::shrinks, [entry](ledger& books) { inbox::executed(books, entry, {}, {}); });
  }

  void take(const method_message& message) {
    if (message.done) {
      heard.push_back("request " + std::string(message.payload.view()));
      if (is_answering)
        message.done({errc::none, {}, shared_bytes(std::string(message.payload.view()) + "!")});
      return;
    }
    heard.push_back("message " + std::string(message.payload.view().substr(0, 40)));
    if (is_holding)
      held.push_back(message.taken);
    else
      message.taken();
  }

  void note(const peer_up& event) {
    heard.push_back("up " + event.node
                    + (event.returned == peer_up::came_back::as_new ? " new" : " same"));
  }
  void note(const peer_suspect& event) { heard.push_back("suspect " + event.node); }
  void note(const peer_down& event) {
    heard.push_back("down " + event.node + " " + std::string(to_string(event.reason)));
  }

  cluster& all_;
  seeded_random random_;
  std::optional<node_clock> time_;
};

/// All rows of a store on a disk of their own: a backup, or a copied data directory.
inline std::shared_ptr<memory_disk> copy_of(const journal& original) {
  auto disk = make_memory_disk();
  memory_journal copy(disk);
  auto rows = original.read();
  copy.commit(growth::grows, [&](journal_writer& to) {
    for (std::size_t table = 0; table < table_count; ++table)
      rows->scan(static_cast<table_id>(table), {}, {}, [&](row each) {
        to.put(static_cast<table_id>(table), each.key, each.value);
        return true;
      });
  });
  return disk;
}

}  // namespace holdfast::testing
