#pragma once

#include "tests/actors/lone_node.hpp"

#include <holdfast/actors/context.hpp>
#include <holdfast/actors/controller.hpp>
#include <holdfast/actors/controller_tables.hpp>
#include <holdfast/actors/peer.hpp>
#include <holdfast/actors/work_protocol.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

/// A controller on a node of its own in virtual time, and workers that a test moves by hand or lets run by themselves. The
/// workers speak the protocol as work_protocol.hpp has it, and keep nothing but what they hold.
namespace holdfast::testing {

class controller_bench;

/// One worker's side: what it should hold it holds, and its test says what becomes of it.
struct scripted_worker {
  struct held {
    assigned_item order;
    bool is_running = false;
    bool has_ended = false;
  };

  std::string name;
  std::string type = "any";
  std::vector<std::string> labels{};
  std::vector<std::string> methods{"pages.render"};
  std::uint32_t slots = 1;
  std::uint64_t incarnation = 1;
  bool is_leaving = false;
  std::string address{};
  bool starts = true;     ///< what it is given, at once
  bool finishes = false;  ///< what it started, at once

  bool is_up = false;
  std::uint64_t session = 0, version = 0;
  std::map<item_id, held> items;
  std::vector<item_id> runs;             ///< every start, in order
  std::vector<desired_items> heard;      ///< all that came
  std::vector<std::string> checkpoints;  ///< that came along
  std::uint64_t sequence = 0;            ///< of its lane

  worker_report report() const {
    worker_report said;
    said.type = type;
    said.labels = labels;
    said.methods = methods;
    said.slots = slots;
    said.incarnation = incarnation;
    said.session = session;
    said.version = version;
    said.is_leaving = is_leaving;
    said.address = address;
    for (auto& [id, one] : items)
      said.held.push_back({id, one.order.epoch, one.has_ended, one.is_running});
    return said;
  }
};

struct bench_options {
  controller_options controller{};
  std::shared_ptr<memory_disk> disk = make_memory_disk();
};

class controller_bench {
public:
  /// Whether the n-th message between controller and workers, counted from 0, arrives.
  std::function<bool(std::size_t number)> arrives;
  std::size_t messages = 0;
  std::vector<std::string> log;  ///< "desired w1", "report w1", in order
  std::map<std::string, scripted_worker> workers;

  explicit controller_bench(bench_options options = {}) : options_(std::move(options)) { open(); }
  ~controller_bench() { close(); }

  lone_node& node() { return *node_; }
  void run() { node_->run(); }

  /// A new life of the controller on what is on disk. All links are gone; workers do not know more than that.
  void restart() {
    auto wall = node_->clock.wall;
    close();
    for (auto& [name, worker] : workers)
      worker.is_up = false;
    open();
    node_->clock.wall = wall;
  }

  // ---- the submitter

  submission item(std::string key = {}) const {
    submission given;
    given.demand.method = "pages.render";
    given.payload = "page";
    given.key = std::move(key);
    given.rules.back_off_ns = second_ns;
    return given;
  }

  item_id submit(const submission& given) {
    return node_
        ->queue(std::string(work::submit.name()), encode_arguments(given), typed(work::submit))
        .id.to_text();
  }
  std::vector<item_id> submit_many(std::size_t count) {
    std::vector<item_id> ids;
    for (std::size_t i = 0; i < count; ++i)
      ids.push_back(submit(item()));
    return ids;
  }

  // ---- links and workers

  scripted_worker& add(scripted_worker worker) {
    auto& mine = workers[worker.name] = std::move(worker);
    link(mine);
    connect(mine.name);
    return mine;
  }
  scripted_worker& worker(const std::string& name) { return workers.at(name); }

  /// The link comes up and the worker reports.
  void connect(const std::string& name) {
    open_link(name);
    report(name);
  }
  void open_link(const std::string& name) {
    auto& mine = worker(name);
    mine.is_up = true;
    mine.session = mine.version = 0;
    auto entry = node_->env.peers.find(name);
    entry->is_up = true;
    entry->send_credit = 1 << 30;
    event(peer_up{name, mine.incarnation, peer_up::came_back::as_same});
  }
  void disconnect(const std::string& name, errc reason = errc::link_lost) {
    auto& mine = worker(name);
    mine.is_up = false;
    mine.session = mine.version = 0;
    node_->env.peers.find(name)->is_up = false;
    event(peer_down{name, reason, "test"});
  }
  /// Its process is started again: what ran is gone. It has no link yet.
  void restart_worker(const std::string& name) {
    auto& mine = worker(name);
    ++mine.incarnation;
    std::erase_if(mine.items, [](auto& each) { return !each.second.has_ended; });
  }
  void event(const peer_event& news) {
    caf::anon_send(node_->env.executor, peer_changed{news});
    run();
  }

  void report(const std::string& name) { send(name, work::report, worker(name).report()); }
  void start(const std::string& name, const item_id& id) {
    auto& mine = worker(name);
    auto& one = mine.items.at(id);
    one.is_running = true;
    mine.runs.push_back(id);
    send(name, work::started, std::vector<held_item>{{id, one.order.epoch, false, true}});
  }
  /// Its run ends: queued, so it arrives whatever becomes of the link, as soon as the test says so.
  void finish(const std::string& name, const item_id& id, run_end how = run_end::done,
              std::string value = "result", std::string text = {}) {
    auto& one = worker(name).items.at(id);
    one.has_ended = true;
    queue(name, work::ended,
          std::vector<item_end>{{id, one.order.epoch, how, std::move(value), std::move(text), 1}});
  }
  void finish_all() {
    for (auto& [name, mine] : workers)
      for (auto& id : running(mine))
        finish(name, id);
  }

  template <class... A>
  void send(const std::string& from, const method<void(A...)>& m, const A&... arguments) {
    if (!worker(from).is_up || !passes(std::string(m.name()) + " " + from))
      return run();
    auto header = std::make_shared<call_header>(typed(m));
    header->trace = 9;
    caf::anon_send(
        node_->env.executor,
        method_message{from, header, shared_bytes(encode_arguments(arguments...)), {}, [] {}});
    run();
  }

  /// All that runs there ends, and the news of it comes in one frame: a call for each.
  void finish_at_once(const std::string& name) {
    std::vector<std::string> records;
    for (auto& end : end_all(name))
      records.push_back(record(name, work::ended, std::vector{end}));
    accept(name, std::move(records));
  }
  /// All that runs there ends, and the news of it is one call.
  void finish_together(const std::string& name) { queue(name, work::ended, end_all(name)); }

  std::vector<item_end> end_all(const std::string& name) {
    std::vector<item_end> ends;
    for (auto& id : running(worker(name))) {
      auto& one = worker(name).items.at(id);
      one.has_ended = true;
      ends.push_back({id, one.order.epoch, run_end::done, "result", {}, 1});
    }
    return ends;
  }

  /// A queued call of a worker arrives.
  template <class... A>
  void queue(const std::string& from, const method<void(A...)>& m, const A&... arguments) {
    accept(from, {record(from, m, arguments...)});
  }
  template <class... A>
  static std::string record(const std::string& from, const method<void(A...)>& m,
                            const A&... arguments) {
    auto header = typed(m);
    header.trace = 9;
    header.origin = from;
    return encode_call(header, encode_arguments(arguments...));
  }
  void accept(const std::string& from, std::vector<std::string> records) {
    auto first = worker(from).sequence + 1;
    worker(from).sequence += records.size();
    accept_request request{lane_of(from), from, 1, 7, first, std::move(records)};
    caf::anon_send(node_->env.persistence,
                   commit_request{make_operation<int>(
                       growth::grows, 0, false,
                       [request](ledger& books, int&) { inbox::accept(books, request); },
                       [](int&, const error*) {})});
    run();
  }

  /// In steps of a second, with a report of every worker in each.
  void pass(duration time) {
    for (; time > duration::zero(); time -= std::chrono::seconds(1)) {
      node_->advance(std::min<duration>(time, std::chrono::seconds(1)));
      for (auto& [name, mine] : workers)
        if (mine.is_up)
          report(name);
    }
  }

  // ---- what is asked

  template <class R, class... A>
  expected<R> ask(const method<R(A...)>& m, const A&... arguments) {
    std::optional<call_reply> answer;
    call_to(node_->env, "alpha", typed(m), encode_arguments(arguments...), std::chrono::seconds(5),
            [&answer](const call_reply& reply) { answer = reply; });
    run();
    return detail::typed_reply<R>(answer.value());
  }
  item_report show(const item_id& id) { return ask(work::show, id).value(); }
  item_report why(const item_id& id) { return ask(work::why, id).value(); }
  item_state state(const item_id& id) { return show(id).state; }
  work_counts counts() { return ask(work::counts).value(); }
  worker_status status(const std::string& name) {
    auto all = ask(work::workers);
    for (auto& one : all.value())
      if (one.name == name)
        return one;
    return {};
  }
  /// The notes of an item's history as one text.
  std::string story(const item_id& id) {
    std::string text;
    auto report = why(id);
    for (auto& note : report.history)
      text += note.text + "\n";
    return text;
  }

  /// Everything that the controller knows, but for the record of faults.
  std::map<std::string, std::string> rows() {
    std::map<std::string, std::string> all;
    node_->store.read()->scan(table_id::state, {}, {}, [&](row each) {
      if (!each.key.starts_with("work.fault"))
        all.emplace(each.key, each.value);
      return true;
    });
    return all;
  }
  /// Which rows are not as they were.
  std::vector<std::string> changed_since(const std::map<std::string, std::string>& before) {
    std::vector<std::string> keys;
    auto now = rows();
    for (auto& [key, value] : before)
      if (auto at = now.find(key); at == now.end() || at->second != value)
        keys.push_back(key);
    for (auto& [key, value] : now)
      if (!before.contains(key))
        keys.push_back(key);
    return keys;
  }
  std::size_t count_rows(const std::string& table) {
    std::size_t count = 0;
    for (auto& [key, value] : rows())
      count += key.starts_with(table + '\0') ? 1 : 0;
    return count;
  }

  /// What stands there is no record of anything any more.
  void damage_row(const std::string& table, const std::string& key) {
    node_->store.commit(growth::shrinks, [&](journal_writer& writer) {
      write_state(writer, {{state_key(table, encode_key(key)), "no row"}});
    });
  }

  static std::vector<item_id> running(const scripted_worker& mine) {
    std::vector<item_id> ids;
    for (auto& [id, one] : mine.items)
      if (one.is_running && !one.has_ended)
        ids.push_back(id);
    return ids;
  }

private:
  template <class R, class... A>
  static call_header typed(const method<R(A...)>& m) {
    call_header header;
    header.method = m.name();
    header.fingerprint = fingerprint(m);
    header.payload = payload_kind::arguments;
    return header;
  }

  void open() {
    node_ = std::make_unique<lone_node>(options_.disk);
    serve_controller(node_->env, options_.controller);
    node_->recover();
    for (auto& [name, mine] : workers)
      link(mine);
    start_controller(node_->env);
    run();
  }
  void close() {
    for (auto& link : links_)
      caf::anon_send_exit(link, caf::exit_reason::kill);
    links_.clear();
    node_.reset();
  }

  bool passes(std::string what) {
    auto number = messages++;
    log.push_back(std::move(what));
    return !arrives || arrives(number);
  }

  static uuid lane_of(const std::string& name) {
    uuid id;
    std::copy(name.begin(), name.begin() + std::min<std::ptrdiff_t>(std::ssize(name), 16),
              id.bytes.begin());
    return id;
  }

  void link(scripted_worker& mine) {
    links_.push_back(node_->system.spawn([this, &mine](caf::event_based_actor*) -> caf::behavior {
      return {[this, &mine](const send_message& message) {
        if (mine.is_up && passes("desired " + mine.name))
          hear(mine, std::get<0>(decode_arguments<desired_items>(message.payload.view())));
      }};
    }));
    node_->env.peers.add(mine.name, std::make_shared<peer_entry>(mine.name, links_.back()));
  }

  void hear(scripted_worker& mine, const desired_items& news) {
    mine.heard.push_back(news);
    bool is_known = news.session == mine.session;
    if (is_known && news.version <= mine.version)
      return;
    if (news.base != 0 && (!is_known || news.base != mine.version))
      return say(mine);
    mine.session = news.session;
    mine.version = news.version;
    std::set<item_id> wanted;
    for (auto& order : news.add) {
      wanted.insert(order.item);
      take(mine, order);
    }
    for (auto& kept : news.keep) {
      wanted.insert(kept.item);
      if (auto known = mine.items.find(kept.item); known != mine.items.end())
        known->second.order.epoch = kept.epoch;
    }
    for (auto& dropped : news.drop)
      if (auto known = mine.items.find(dropped.item);
          known != mine.items.end() && known->second.order.epoch == dropped.epoch)
        mine.items.erase(known);
    if (news.base == 0)
      std::erase_if(mine.items, [&](auto& each) { return !wanted.contains(each.first); });
  }

  void take(scripted_worker& mine, const assigned_item& order) {
    auto known = mine.items.find(order.item);
    if (known != mine.items.end() && known->second.order.epoch == order.epoch)
      return;
    mine.items[order.item] = {order, false, false};
    mine.checkpoints.push_back(order.checkpoint);
    if (mine.starts)
      later([this, name = mine.name, id = order.item, epoch = order.epoch] {
        auto& items = worker(name).items;
        if (auto at = items.find(id); at == items.end() || at->second.order.epoch != epoch)
          return;
        start(name, id);
        if (worker(name).finishes)
          finish(name, id);
      });
  }

  void say(scripted_worker& mine) {
    later([this, name = mine.name] { report(name); });
  }

  /// When the scheduler is through: it is not entered twice.
  void later(std::function<void()> what) { pending_.push_back(std::move(what)); }

public:
  /// What workers do by themselves, until nothing is left to do.
  void settle() {
    run();
    while (!pending_.empty()) {
      auto what = std::exchange(pending_, {});
      for (auto& one : what)
        one();
      run();
    }
  }

private:
  bench_options options_;
  std::unique_ptr<lone_node> node_;
  std::vector<caf::actor> links_;
  std::vector<std::function<void()>> pending_;
};

/// An item as all of them are here, but for one thing.
inline item_id submit_with(controller_bench& bench,
                           const std::function<void(submission&)>& change) {
  auto given = bench.item();
  change(given);
  return bench.submit(given);
}

}  // namespace holdfast::testing
