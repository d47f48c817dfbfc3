#include <holdfast/core/error.hpp>
#include <holdfast/core/scope.hpp>
#include <holdfast/runtime/simulation_world.hpp>

#include <caf/scheduled_actor.hpp>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>
#include <utility>

namespace holdfast {
namespace {

/// Log lines become events of the simulation.
class event_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
  event_sink(simulation::world& to, std::string node) : to_(to), node_(std::move(node)) {}

private:
  void sink_it_(const spdlog::details::log_msg& line) override {
    auto level = spdlog::level::to_string_view(line.level);
    to_.note(node_, {level.data(), level.size()}, {line.payload.data(), line.payload.size()});
  }
  void flush_() override {}

  simulation::world& to_;
  std::string node_;
};

}  // namespace

// ---- a machine

simulated_machine::simulated_machine(simulation::world& in, std::string its_name,
                                     simulation::setup_function setup, simulated_node its_options,
                                     seeded_random random)
    : name(std::move(its_name)), options(std::move(its_options)), in_(in), setup_(std::move(setup)),
      clock_(in.now), random_(random) {
  if (options.listen.empty())
    options.listen = name;
}

std::shared_ptr<spdlog::logger> simulated_machine::log(const node_options& given) {
  auto log = std::make_shared<spdlog::logger>(name, std::make_shared<event_sink>(in_, name));
  log->set_level(spdlog::level::from_str(given.log_level));
  return log;
}

std::unique_ptr<journal> simulated_machine::open_store(const node_options&) {
  memory_journal_options how;
  how.at_flush = [this] { flush(); };
  how.bytes_max = bytes_max;
  auto opened = std::make_unique<memory_journal>(disk, std::move(how));
  store_ = opened.get();
  return opened;
}

/// Between the end of a commit's body and its acknowledgement: nothing is durable yet.
void simulated_machine::flush() {
  ++in_.numbers.flushes;
  in_.mark(in_.numbers.flushes);
  if (flush_takes > duration(0))
    in_.run_for(flush_takes);
  before_.push_back(lies > 0 ? copy_of(*disk) : nullptr);
  while (before_.size() > lies)
    before_.pop_front();
  if (!dies_in_flush)
    return;
  store_->crash(*std::exchange(dies_in_flush, std::nullopt));
  end_life();
}

void simulated_machine::end_life() {
  is_dead_ = in_.has_dead = true;
  in_.turns.changed(*this);
}

void simulated_machine::configure(caf::actor_system_config& config) {
  config.module_factories.push_back([this](caf::actor_system& system) {
    return new simulated_scheduler(system, in_.now, [this] { in_.turns.changed(*this); });
  });
}

caf::actor simulated_machine::spawn_wire(caf::actor_system& system) {
  jobs_ = dynamic_cast<simulated_scheduler*>(&system.scheduler());
  in_.turns.changed(*this);
  return in_.network.spawn_wire(system, name);
}

void simulated_machine::drain(caf::actor_system& system) {
  auto& jobs = dynamic_cast<simulated_scheduler&>(system.scheduler());
  auto run_all = [&] {
    while (jobs.has_job())
      jobs.take_turn(0);
  };
  run_all();
  jobs.clock().cancel_all();
  run_all();
  system.await_actors_before_shutdown(false);
}

void simulated_machine::fatal(const std::string& reason) {
  if (is_dead_)
    return;
  end_life();
  in_.note(name, "fault", "the process ends: " + reason);
}

bool simulated_machine::wait(const std::function<bool()>& is_done, duration within) {
  auto limit = in_.now + within.count();
  while (!is_done())
    if (is_dead_ || !in_.step(limit))
      return is_done();
  return true;
}

void simulated_machine::start() {
  node_options given;
  given.data = name;
  given.listen = options.listen;
  given.log_level = in_.options.log_level;
  given.name = name;
  given.settings = options.settings;
  given.stop_within = options.stop_within;
  for (auto& peer : options.peers) {
    auto known = in_.machines.find(peer);
    given.peers[peer] = known == in_.machines.end() ? peer : known->second->options.listen;
  }
  is_dead_ = is_frozen_ = false;
  clock_.boot = ++lives;
  ++in_.numbers.lives;
  host_ = std::make_unique<node>(std::move(given), *this);
  try {
    setup_(*host_);
    host_->start();
  } catch (...) {
    die(true);
    throw;
  }
}

void simulated_machine::stop() {
  try {
    if (!host_->stop())
      in_.note(name, "fault", "handlers did not end in time");
  } catch (const error& problem) {
    in_.note(name, "fault", std::string("it did not end in good order: ") + problem.what());
    lose_power();
  }
  die(true);
}

void simulated_machine::lose_power() {
  store_->crash(false);
  if (!before_.empty() && before_.front())
    disk = before_.front();
  before_.clear();
}

void simulated_machine::die(bool told) {
  is_dead_ = true;
  in_.network.end(name, told);
  host_->abandon();
  host_.reset();
  store_ = nullptr;
  jobs_ = nullptr;
  is_frozen_ = false;
  in_.turns.changed(*this);
}

void simulated_machine::freeze() {
  is_frozen_ = true;
  in_.turns.changed(*this);
}

void simulated_machine::thaw() {
  is_frozen_ = false;
  fire_timers();
}

std::optional<std::int64_t> simulated_machine::next_timer() const {
  return is_up() && !is_frozen_ && jobs_ ? jobs_->clock().next() : std::nullopt;
}

void simulated_machine::fire_timers() {
  jobs_->fire_timers();
}

void simulated_machine::run_one(seeded_random& order) {
  auto chosen = order.below(jobs_->jobs.size());
  auto* job = jobs_->jobs[chosen];
  bool is_actor = job->subtype() == caf::resumable::scheduled_actor;
  in_.mark(is_actor ? static_cast<caf::scheduled_actor*>(job)->id() : 0);
  jobs_->take_turn(chosen);
}

// ---- the world

simulation::world::world(simulation_options given)
    : options(std::move(given)), order(seeded_random(options.seed).fork("order")),
      network(seeded_random(options.seed).fork("network"), now) {}

simulation::world::~world() {
  for (auto& [name, machine] : machines)
    if (machine->host()) {
      if (machine->store())
        machine->store()->crash(false);
      machine->die(true);
    }
}

bool simulation::world::step(std::int64_t limit) {
  turns.look();
  if (auto& ready = turns.ready(); !ready.empty()) {
    auto& chosen = *ready[order.below(ready.size())];
    ++numbers.steps;
    ++depth;
    ending rises([this] { --depth; });
    for (auto letter : chosen.name)
      mark(static_cast<unsigned char>(letter));
    chosen.run_one(order);
    return true;
  }
  auto due = limit + 1;
  if (network.has_events())
    due = std::min(due, std::max(now, network.next_due()));
  if (auto timer = turns.next_timer())
    due = std::min(due, std::max(now, *timer));
  if (!agenda.empty())
    due = std::min(due, std::max(now, agenda.begin()->first));
  bool is_late = due > limit;
  now = std::max(now, std::min(due, limit));
  for (auto* machine : turns.due(now))
    machine->fire_timers();
  if (is_late)
    return false;
  mark(static_cast<std::uint64_t>(now));
  if (!agenda.empty() && agenda.begin()->first <= now) {
    auto act = std::move(agenda.begin()->second);
    agenda.erase(agenda.begin());
    act();
  } else if (network.has_events() && network.next_due() <= now) {
    network.run_next();
  }
  return true;
}

void simulation::world::run_for(duration by) {
  for (auto limit = now + by.count(); step(limit);)
    ;
}

void simulation::world::bury() {
  if (!std::exchange(has_dead, false))
    return;
  for (auto& [name, machine] : machines)
    if (machine->is_dead()) {
      if (machine->store())
        machine->lose_power();
      note(name, "fault", "died");
      machine->die(machine->is_told);
    }
}

void simulation::world::note(const std::string& node, std::string kind, std::string text) {
  for (auto& part : {std::string_view(node), std::string_view(text)})
    for (auto letter : part)
      mark(static_cast<unsigned char>(letter));
  events.push_back({now, node, std::move(kind), std::move(text)});
}

/// FNV-1a, a number at a time: not to be safe from anybody, only to tell two runs apart.
void simulation::world::mark(std::uint64_t what) {
  fingerprint = (fingerprint ^ what) * 0x100000001b3;
}

simulated_machine& simulation::world::machine(const std::string& name) {
  auto i = machines.find(name);
  if (i == machines.end())
    throw error(errc::bad_argument,
                "there is no node '" + name + "' in this simulation; add it first");
  return *i->second;
}

simulated_machine& simulation::world::running(const std::string& name) {
  auto& found = machine(name);
  if (!found.is_up())
    throw error(errc::bad_argument, "the node " + name + " does not run; restart it first");
  return found;
}

void simulation::world::check_outside(const char* verb) const {
  if (depth > 0)
    throw error(errc::wrong_context, std::string("simulation::") + verb
                                         + " was called inside a handler; the thread that made "
                                           "the simulation calls it, between steps");
}

}  // namespace holdfast
