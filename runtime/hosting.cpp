#include <holdfast/actors/executor.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/node_supervisor.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/actors/switchboard.hpp>
#include <holdfast/actors/wire.hpp>
#include <holdfast/runtime/committing.hpp>
#include <holdfast/runtime/hosting.hpp>
#include <holdfast/runtime/inspect.hpp>
#include <holdfast/runtime/log.hpp>
#include <holdfast/runtime/operator_commands.hpp>
#include <holdfast/runtime/secret.hpp>

#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>

namespace holdfast {
namespace {

/// Of the process when the store fails: nothing more may be answered, the next start recovers.
constexpr int exit_on_fatal = 70;

/// How long the links may take to say goodbye; the switchboard has a bound of its own below it.
constexpr auto goodbye_max = std::chrono::seconds(4);

/// How long a worker that stops waits for its controller to know what it handed back. It is on disk by then, and said again
/// at the next start; but a controller that knows gives it to others now.
constexpr std::chrono::milliseconds hand_back_max{2000};

/// Workers for the links and the executor, which never block and hand their work from one to the other: a second worker
/// beside the handlers, the journal and the sockets' thread mostly means that each hand-over wakes a thread. Measured on two
/// cores, one instead of two: a call takes 76 instead of 130 us, and sends go twice as fast.
std::size_t workers() {
  return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 1, 4);
}

std::unique_ptr<caf::actor_system_config> make_config() {
  auto config = std::make_unique<caf::actor_system_config>();
  config->set("scheduler.policy", caf::atom("sharing"));
  config->set("scheduler.max-threads", workers());
  config->set("middleman.workers", std::size_t{0});
  config->set("middleman.attach-utility-actors", false);
  config->set("middleman.enable-automatic-connections", false);
  config->set("logger.verbosity", caf::atom("quiet"));
  config->set("logger.file-verbosity", caf::atom("quiet"));
  config->set("logger.console-verbosity", caf::atom("quiet"));
  config->load<caf::io::middleman>();  // for brokers alone: nothing is published
  return config;
}

std::string quoted_held(const node_start& begun) {
  return begun.held ? "; " + *begun.held : "";
}

}  // namespace

node::hosting::hosting(node& on, node_options given) : owner(on), options(std::move(given)) {
  check_options(options);
  env.settings = options.settings;
  env.self.name = options.name;
  env.log = make_log(options.name, options.log_level);
  env.random = &system_random();
  env.on_fatal = [this](const std::string& reason) {
    env.log->critical("the node ends, the next start recovers: {}", reason);
    if (!options.on_fatal)
      std::_Exit(exit_on_fatal);
    if (!is_fatal_.exchange(true))  // the first reason is the cause, what follows are consequences
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
  env.secret =
      load_secret(options.secret_file.empty() ? default_secret_file() : options.secret_file);
  open_store();
  config_ = make_config();
  system_ = std::make_unique<caf::actor_system>(*config_);
  spawn_actors();
  is_open = true;
}

void node::hosting::open_store() {
  store_ = std::make_unique<lmdb_journal>(options.data,
                                          lmdb_journal_options{.bytes_max = options.bytes_max});
  begun_ = start_node(*store_, options.name, system_clock(), system_random());
  time_ = std::make_unique<node_clock>(system_clock(), begun_.time);
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
  env.wire = spawn_socket_wire(*system_);
  env.switchboard = spawn_switchboard(*system_, env);
  supervisor_ = supervise_node(*system_, env);
  env.methods.on_served(
      [this](const std::string& method) { caf::anon_send(env.executor, method_served{method}); });
}

void node::hosting::recover() {
  std::promise<void> recovered;
  recover_calls order;
  order.was_clean = begun_.was_clean;
  order.is_suspicious = begun_.unclean_in_a_row >= 2;
  order.done = [&](const error* problem) {
    if (problem)
      recovered.set_exception(std::make_exception_ptr(*problem));
    else
      recovered.set_value();
  };
  caf::anon_send(env.executor, order);
  recovered.get_future().get();
}

std::string node::hosting::bind() {
  std::promise<std::string> bound;
  open_listener command;
  command.address = options.listen;
  command.done = [&](const std::string& at, const error* refusal) {
    if (refusal)
      bound.set_exception(std::make_exception_ptr(*refusal));
    else
      bound.set_value(at);
  };
  caf::anon_send(env.switchboard, command);
  return bound.get_future().get();
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
    known->get_future().get();
  }
  operator_ = std::make_unique<operator_server>(options.data, make_operator_handler(owner));
  started_at_ = std::chrono::steady_clock::now();
  work.start(*system_, address);
  env.log->info("serves {} methods, listens on {}", env.methods.all().size(),
                address.empty() ? "nothing" : address);
}

bool node::hosting::stop() {
  std::lock_guard guard(mutex_);
  if (std::exchange(is_stopped_, true) || !is_open)
    return was_stopped_well_;
  env.log->info("stopping");
  port.close();
  caf::anon_send(env.wire, wire_stop_listening{});
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
  auto begun = std::chrono::steady_clock::now();
  bool have_ended = end_handlers();
  auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - begun);
  return work.end_runs(std::max(options.stop_within - taken, std::chrono::milliseconds(0)))
         && have_ended;
}

bool node::hosting::end_handlers() {
  auto ended = std::make_shared<std::promise<void>>();
  auto future = ended->get_future();
  caf::anon_send(env.executor, stop_executing{[ended] { ended->set_value(); }});
  return future.wait_for(options.stop_within) == std::future_status::ready;
}

void node::hosting::end_links() {
  caf::scoped_actor self(*system_);
  self->monitor(env.switchboard);
  self->send(env.switchboard, say_goodbye{});
  self->receive([](const caf::down_msg&) {},
                caf::after(goodbye_max) >>
                    [&] { env.log->warn("some links did not close in time"); });
}

void node::hosting::end_actors() {
  work.shut();
  {
    caf::scoped_actor self(*system_);
    self->monitor(supervisor_);
    self->send_exit(supervisor_, caf::exit_reason::user_shutdown);
    self->receive([](const caf::down_msg&) {});  // bounded: it abandons whoever does not end
  }
  for (auto* actor : {&supervisor_, &env.executor, &env.switchboard, &env.wire, &env.persistence})
    *actor = nullptr;
  env.methods.on_served({});
  env.peers.clear();
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
  report.uptime =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started_at_).count();
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
