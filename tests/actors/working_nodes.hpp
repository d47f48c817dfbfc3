#pragma once

#include "tests/actors/linked_nodes.hpp"

#include <holdfast/actors/executor.hpp>
#include <holdfast/actors/serve.hpp>
#include <holdfast/actors/worker.hpp>

#include <spdlog/sinks/ostream_sink.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace holdfast::testing {

/// One life of a node with links and handlers, in virtual time.
class working_node {
public:
  working_node(cluster& all, const std::string& name,
               std::shared_ptr<memory_disk> disk = make_memory_disk(), std::uint64_t seed = 1)
      : store(disk), all_(all), random_(seed * 977 + name[0]) {
    start_ = start_node(store, name, all.time, random_);
    time_.emplace(all.time, start_.time);
    env.self = start_.self;
    env.store = &store;
    env.time = &*time_;
    env.random = &random_;
    env.secret = "secret";
    env.is_simulated = true;
    env.log = std::make_shared<spdlog::logger>(
        name, std::make_shared<spdlog::sinks::ostream_sink_mt>(logged));
    env.on_fatal = [this](const std::string& reason) { fatal = reason; };
    env.wire = all.wire;
  }
  ~working_node() {
    kill();
    env.peers.clear();
  }

  /// After serving.
  void start() {
    env.persistence = spawn_persistence_actor(all_.system, env);
    env.executor = spawn_executor(all_.system, env);
    env.switchboard = spawn_switchboard(all_.system, env);
    caf::anon_send(env.executor, recover_calls{start_.was_clean, false, [](const error*) {}});
    all_.run();
    caf::anon_send(env.switchboard,
                   open_listener{env.self.name, [](const std::string&, const error*) {}});
    all_.run();
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
  bool is_up(const std::string& peer) const {
    auto entry = env.peers.find(peer);
    return entry && entry->status().state == link_state::up;
  }

  template <class R, class... A, class H>
  void serve(const method<R(A...)>& m, H handler) {
    env.methods.serve(make_served(m, std::move(handler)));
  }
  template <class... A>
  bool send(const std::string& peer, const method<void(A...)>& m,
            const std::type_identity_t<A>&... arguments) {
    auto call = detail::encode_typed<void, A...>(m.name(), {}, arguments...);
    auto header = detail::make_header(peer, call);
    return send_to(env, peer, std::move(header), std::move(call.payload));
  }
  std::size_t count_rows(const std::string& table) const {
    auto [from, to] = detail::whole_table(table);
    return scan_state(*store.read(), from, to, 10'000).size();
  }

  memory_journal store;
  environment env;
  std::ostringstream logged;
  std::string fatal;

private:
  void kill_links() {
    for (auto& status : env.peers.statuses())
      if (auto entry = env.peers.find(status.name))
        caf::anon_send_exit(entry->link, caf::exit_reason::kill);
  }

  cluster& all_;
  seeded_random random_;
  node_start start_;
  std::optional<node_clock> time_;
};

/// A controller that does what its test says, and writes down what it hears.
class scripted_hub : public working_node {
public:
  explicit scripted_hub(cluster& all, const std::string& name = "hub") : working_node(all, name) {
    serve(work::report, [this](context&, const worker_report& said) {
      reports.push_back(said);
      heard.push_back("report");
      if (draws_session && said.session == 0) {
        session = ++last_session_;
        version = 0;
      }
      if (answers_reports && (said.session != session || said.version != version))
        give_all();
    });
    serve(work::started, [this](const std::vector<held_item>& items) {
      for (auto& item : items)
        heard.push_back("started " + item.item + std::to_string(item.epoch));
    });
    serve(work::progress,
          [this](const item_id& item, std::uint64_t epoch, double part, const std::string& text) {
            std::ostringstream line;
            line << "progress " << item << epoch << " " << part << " " << text;
            heard.push_back(line.str());
          });
    serve(work::checkpoint,
          [this](const item_id& item, std::uint64_t epoch, const std::string& content) {
            heard.push_back("checkpoint " + item + std::to_string(epoch) + " " + content);
          });
    serve(work::ended, [this](const std::vector<item_end>& together) {
      ++ended_calls;
      for (auto& end : together)
        ended(end);
    });
  }

  void ended(const item_end& end) {
    ends.push_back(end);
    heard.push_back("ended " + end.item + std::to_string(end.epoch) + " "
                    + std::string(to_string(end.how)));
    if (!acknowledges)
      return;
    wanted.erase(end.item);
    give({}, {{end.item, end.epoch, false, false}});
  }

  /// What the worker should hold beyond what it holds.
  void give(std::vector<assigned_item> add, std::vector<held_item> drop = {}) {
    for (auto& item : add)
      wanted[item.item] = item;
    auto base = version;
    say({session, ++version, base, std::move(add), {}, std::move(drop)});
  }
  void drop(const item_id& item) {
    auto gone = wanted.extract(item);
    give({}, {{item, gone.mapped().epoch, false, false}});
  }
  void give_all() {
    desired_items news{session, ++version, 0, {}, {}, {}};
    for (auto& [id, item] : wanted) {
      bool has = false;
      for (auto& held : reports.back().held)
        has |= held.item == id && held.epoch == item.epoch;
      if (has)
        news.keep.push_back({id, item.epoch, false, false});
      else
        news.add.push_back(item);
    }
    say(news);
  }
  void say(const desired_items& news) { send(worker_name, work::desired, news); }

  std::size_t count(const std::string& line) const {
    return static_cast<std::size_t>(std::count(heard.begin(), heard.end(), line));
  }

  std::string worker_name = "w1";
  bool draws_session = true, answers_reports = true, acknowledges = true;
  std::uint64_t session = 0, version = 0;
  std::map<item_id, assigned_item> wanted;
  std::vector<std::string> heard;  ///< in order
  std::vector<worker_report> reports;
  std::vector<item_end> ends;
  std::size_t ended_calls = 0;  ///< that they came in

private:
  std::uint64_t last_session_ = 100;
};

template <class R, class... A>
assigned_item assigned(const item_id& item, std::uint64_t epoch, const method<R(A...)>& m,
                       const std::type_identity_t<A>&... arguments) {
  assigned_item made;
  made.item = item;
  made.epoch = epoch;
  made.method = m.name();
  made.fingerprint = fingerprint(m);
  made.payload = encode_arguments<A...>(arguments...);
  return made;
}

}  // namespace holdfast::testing
