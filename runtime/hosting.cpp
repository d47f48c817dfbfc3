#include <holdfast/actors/executor.hpp>
#include <holdfast/actors/group_writer.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/node_supervisor.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/actors/switchboard.hpp>
#include <holdfast/actors/wire.hpp>
#include <holdfast/runtime/committing.hpp>
#include <holdfast/runtime/foreign_link.hpp>
#include <holdfast/runtime/hosting.hpp>
#include <holdfast/runtime/inspect.hpp>
#include <holdfast/runtime/operator_commands.hpp>
#include <holdfast/runtime/waiting.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <future>

namespace holdfast {
namespace {

/// How long the links may take to say goodbye; the switchboard has a bound of its own below it.
constexpr auto goodbye_max = std::chrono::seconds(4);

/// How long a worker that stops waits for its controller to know what it handed back. It is on disk by then, and said again
/// at the next start; but a controller that knows gives it to others now.
constexpr std::chrono::milliseconds hand_back_max{2000};

std::string quoted_held(const node_start& begun) {
  return begun.held ? "; " + *begun.held : "";
}

}  // namespace

node::hosting::hosting(node& whose, node_options given, platform& where)
    : owner(whose), on(where), options(std::move(given)) {
  on.check(options);
  env.settings = options.settings;
  for (auto& pattern : options.foreign.allow)
    env.foreign.allow(pattern);
  env.self.name = options.name;
  env.log = on.log(options);
  env.random = &on.random();
  env.is_simulated = on.is_simulated();
  if (env.is_simulated)
    env.wait = [this](const std::function<bool()>& is_done, duration within) {
      return on.wait(is_done, within);
    };
  env.on_fatal = [this](const std::string& reason) {
    env.log->critical("the node ends, the next start recovers: {}", reason);
    if (!options.on_fatal)
      on.fatal(reason);
    else if (!is_fatal_.exchange(
                 true))  // the first reason is the cause, what follows are consequences
      options.on_fatal(reason);
  };
}

void node::hosting::open() {
  if (is_open)
    return;
  std::lock_guard guard(mutex_);
  if (is_open)
    return;
  if (is_stopped_)
    throw error(errc::stopping, "the node " + options.name + " was stopped");
  env.secret = on.secret(options);
  open_store();
  config_ = std::make_unique<caf::actor_system_config>();
  for (auto* quiet : {"logger.verbosity", "logger.file-verbosity", "logger.console-verbosity"})
    config_->set(quiet, caf::atom("quiet"));
  on.configure(*config_);
  system_ = std::make_unique<caf::actor_system>(*config_);
  spawn_actors();
  is_open = true;
}

void node::hosting::open_store() {
  store_ = on.open_store(options);
  begun_ = start_node(*store_, options.name, on.time(), on.random());
  time_ = std::make_unique<node_clock>(on.time(), begun_.time);
  env.self = begun_.self;
  env.store = store_.get();
  env.time = time_.get();
  env.log->info(
      "start {} of {} on {}{}{}", begun_.self.incarnation, begun_.self.id.to_text(),
      options.data.string(),
      begun_.was_clean ? "" : "; the last one did not end in good order, its calls are recovered",
      quoted_held(begun_));
}

void node::hosting::spawn_actors() {
  env.persistence = spawn_persistence_actor(*system_, env);
  env.executor = spawn_executor(*system_, env);
  env.wire = on.spawn_wire(*system_);
  env.make_foreign_link = [this](const std::string& peer) {
    return spawn_foreign_link(*system_, env, peer);
  };
  if (!options.foreign.listen.empty())
    foreign_ = std::make_unique<foreign_gateway>(*system_, env, options);
  if (!options.foreign.http.empty() && !env.is_simulated)
    http_ = std::make_unique<foreign_http>(env, options);
  env.switchboard = spawn_switchboard(*system_, env);
  supervisor_ = supervise_node(*system_, env);
  env.methods.on_served(
      [this](const std::string& method) { caf::anon_send(env.executor, method_served{method}); });
}

void node::hosting::recover() {
  auto recovered = std::make_shared<std::promise<void>>();
  recover_calls order;
  order.was_clean = begun_.was_clean;
  order.is_suspicious = begun_.unclean_in_a_row >= 2;
  order.done = [recovered](const error* problem) {
    if (problem)
      recovered->set_exception(std::make_exception_ptr(*problem));
    else
      recovered->set_value();
  };
  caf::anon_send(env.executor, order);
  wait_for(env, recovered->get_future());
}

std::string node::hosting::bind() {
  auto bound = std::make_shared<std::promise<std::string>>();
  open_listener command;
  command.address = options.listen;
  command.done = [bound](const std::string& at, const error* refusal) {
    if (refusal)
      bound->set_exception(std::make_exception_ptr(*refusal));
    else
      bound->set_value(at);
  };
  caf::anon_send(env.switchboard, command);
  return wait_for(env, bound->get_future());
}

std::string node::hosting::bind_foreign() {
  auto bound = std::make_shared<std::promise<std::string>>();
  foreign_->open([bound](const std::string& at, const error* refusal) {
    if (refusal)
      bound->set_exception(std::make_exception_ptr(*refusal));
    else
      bound->set_value(at);
  });
  return wait_for(env, bound->get_future());
}

void node::hosting::start() {
  open();
  std::lock_guard guard(mutex_);
  if (std::exchange(is_started_, true))
    return;
  recover();
  if (!options.listen.empty())
    address = bind();
  for (auto& [peer, at] : options.peers) {
    auto known = std::make_shared<std::promise<void>>();
    caf::anon_send(env.switchboard, want_peer{peer, at, [known] { known->set_value(); }});
    wait_for(env, known->get_future());
  }
  if (foreign_)
    foreign_address = bind_foreign();
  if (http_)
    http_address = http_->open();
  if (!env.is_simulated)
    operator_ = std::make_unique<operator_server>(options.data, make_operator_handler(owner));
  started_at_ = env.time->now();
  work.start(*system_, address);
  env.log->info("serves {} methods, listens on {}", env.methods.all().size(),
                address.empty() ? "nothing" : address);
  if (!foreign_address.empty())
    env.log->info("takes foreign nodes at {}", foreign_address);
  if (!http_address.empty())
    env.log->info("takes HTTP clients at {}", http_address);
}

bool node::hosting::stop() {
  std::lock_guard guard(mutex_);
  if (std::exchange(is_stopped_, true) || !is_open)
    return was_stopped_well_;
  env.log->info("stopping");
  port.close();
  caf::anon_send(env.wire, wire_stop_listening{});
  if (foreign_)
    foreign_->stop_listening();
  if (http_)
    http_->stop();
  operator_.reset();
  was_stopped_well_ = end_work();
  end_links();
  if (!was_stopped_well_) {
    env.log->warn("handlers still run after {} ms; their calls run again at the next start",
                  options.stop_within.count());
    return false;
  }
  commit_now<int>(env, growth::shrinks, [](ledger& books, int&) { stop_node(books); });
  end_actors();
  env.log->info("stopped");
  return true;
}

/// What runs is handed back while there are links to say so over; then the handlers end, of calls and of work.
bool node::hosting::end_work() {
  work.leave(std::min(options.stop_within, hand_back_max));
  auto begun = env.time->now();
  bool have_ended = end_handlers();
  auto taken =
      std::chrono::duration_cast<std::chrono::milliseconds>(duration(env.time->now() - begun));
  return work.end_runs(std::max(options.stop_within - taken, std::chrono::milliseconds(0)))
         && have_ended;
}

bool node::hosting::end_handlers() {
  auto ended = std::make_shared<std::promise<void>>();
  auto future = ended->get_future();
  caf::anon_send(env.executor, stop_executing{[ended] { ended->set_value(); }});
  return is_ready_within(env, future, options.stop_within);
}

void node::hosting::end_links() {
  auto ended = end_of(env.switchboard);
  caf::anon_send(env.switchboard, say_goodbye{});
  if (!is_ready_within(env, ended, goodbye_max))
    env.log->warn("some links did not close in time");
}

void node::hosting::end_actors() {
  work.shut();
  auto ended = end_of(supervisor_);
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  wait_for(env, std::move(ended));  // bounded: it abandons whoever does not end
  forget_actors();
}

/// As if the process had been killed: nobody is told, nothing is written. Behind a start or a stop that failed, too.
void node::hosting::abandon() {
  std::lock_guard guard(mutex_);
  is_stopped_ = was_stopped_well_ = true;
  if (!system_)
    return;
  port.close();
  work.shut();
  auto kill_links = [this] {
    for (auto& status : env.peers.statuses())
      caf::anon_send_exit(env.peers.find(status.name)->link, caf::exit_reason::kill);
  };
  kill_links();
  for (auto* actor : {&supervisor_, &env.switchboard, &env.executor, &env.wire, &env.persistence})
    if (*actor)
      caf::anon_send_exit(*actor, caf::exit_reason::kill);
  on.drain(*system_);
  kill_links();  // those that the switchboard made in its last moment
  forget_actors();
}

void node::hosting::forget_actors() {
  if (env.writer)
    env.writer->close();
  if (foreign_)
    foreign_->end();
  foreign_.reset();
  http_.reset();
  for (auto* actor : {&supervisor_, &env.executor, &env.switchboard, &env.wire, &env.persistence})
    *actor = nullptr;
  env.methods.on_served({});
  env.peers.clear();
  on.drain(*system_);
  system_.reset();  // waits for the actors
  config_.reset();
  store_.reset();
}

node_report node::hosting::report() {
  node_report report;
  report.name = options.name;
  report.cluster = options.settings.cluster;
  report.version = HOLDFAST_VERSION;
  report.address = address;
  report.is_running = is_started_ && !is_stopped_;
  report.methods = env.methods.all().size();
  if (!store_)
    return report;
  report.id = env.self.id.to_text();
  report.incarnation = env.self.incarnation;
  report.uptime = std::chrono::duration<double>(duration(env.time->now() - started_at_)).count();
  for (auto& peer : env.peers.statuses())
    report.peers_up += peer.state == link_state::up || peer.state == link_state::suspect ? 1 : 0;
  report.in_memory = env.admission.total();
  inspect::count_calls(*store_->read(), report);
  auto journal = store_->status();
  report.commits = journal.commits;
  report.flushes = journal.flushes;
  report.bytes_used = journal.bytes_used;
  report.file_bytes = journal.file_bytes;
  report.is_full = journal.is_full;
  return report;
}

}  // namespace holdfast
