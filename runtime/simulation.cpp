#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/simulation_world.hpp>

#include <algorithm>
#include <utility>

namespace holdfast {
namespace {

/// How often `settle` looks: often enough for short stories, seldom enough to cost less than what it waits for.
constexpr duration look_every = std::chrono::milliseconds(20);

double seconds(duration time) {
  return std::chrono::duration<double>(time).count();
}

std::uint64_t count_rows(memory_disk& disk, table_id table) {
  std::uint64_t rows = 0;
  damage(disk, table, [&](std::string_view, std::string&) { ++rows; });
  return rows;
}

/// One that has rows, as likely as it has them. There are always some: the format of the store is one.
table_id any_table(memory_disk& disk, seeded_random& random) {
  std::uint64_t all = 0;
  for (std::size_t i = 0; i < table_count; ++i)
    all += count_rows(disk, static_cast<table_id>(i));
  auto chosen = random.below(all);
  for (std::size_t i = 0; i < table_count; ++i) {
    auto rows = count_rows(disk, static_cast<table_id>(i));
    if (chosen < rows)
      return static_cast<table_id>(i);
    chosen -= rows;
  }
  return table_id::meta;
}

/// Letters as they are, other bytes in hexadecimal digits.
std::string shown_key(std::string_view key) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (unsigned char letter : key)
    if (letter > ' ' && letter < 0x7f)
      text += static_cast<char>(letter);
    else
      text += {'\\', digits[letter >> 4], digits[letter & 15]};
  return text;
}

std::string both(const std::string& a, const std::string& b) {
  return a + " and " + b;
}

}  // namespace

simulation::simulation(simulation_options options)
    : world_(std::make_unique<world>(std::move(options))) {}

simulation::~simulation() = default;

// ---- nodes

void simulation::add(const std::string& name, setup_function setup, simulated_node options) {
  world_->check_outside("add");
  check_name("node", name);
  if (world_->machines.contains(name))
    throw error(errc::bad_argument, "there is a node '" + name + "' already");
  auto random = seeded_random(world_->options.seed).fork(name);
  auto machine = std::make_unique<simulated_machine>(*world_, name, std::move(setup),
                                                     std::move(options), random);
  auto& added = *world_->machines.emplace(name, std::move(machine)).first->second;
  world_->note(name, "fault", "add");
  added.start();
}

void simulation::crash(const std::string& name, bool is_told) {
  world_->check_outside("crash");
  auto& machine = world_->running(name);
  world_->note(name, "fault", is_told ? "crash" : "crash, and nobody is told");
  machine.lose_power();
  machine.die(is_told);
}

void simulation::crash_in_flush(const std::string& name, bool is_kept) {
  world_->check_outside("crash_in_flush");
  world_->note(name, "fault",
               is_kept ? "crash in the next flush, which is kept"
                       : "crash in the next flush, which is lost");
  world_->running(name).dies_in_flush = is_kept;
}

void simulation::restart(const std::string& name) {
  world_->check_outside("restart");
  world_->bury();
  auto& machine = world_->machine(name);
  if (machine.host())
    throw error(errc::bad_argument, "the node " + name + " runs; crash or stop it first");
  world_->note(name, "fault", "restart");
  machine.dies_in_flush.reset();
  machine.start();
}

void simulation::stop(const std::string& name) {
  world_->check_outside("stop");
  auto& machine = world_->running(name);
  world_->note(name, "fault", "stop");
  machine.stop();
}

void simulation::freeze(const std::string& name) {
  world_->check_outside("freeze");
  auto& machine = world_->running(name);
  if (machine.is_frozen())
    throw error(errc::bad_argument, "the node " + name + " stands still already");
  world_->note(name, "fault", "freeze");
  machine.freeze();
}

void simulation::thaw(const std::string& name) {
  world_->check_outside("thaw");
  auto& machine = world_->running(name);
  if (!machine.is_frozen())
    throw error(errc::bad_argument, "the node " + name + " does not stand still; freeze it first");
  world_->note(name, "fault", "thaw");
  machine.thaw();
}

void simulation::lose_disk(const std::string& name) {
  world_->check_outside("lose_disk");
  auto& machine = world_->machine(name);
  if (machine.is_up())
    crash(name);
  world_->bury();
  world_->note(name, "fault", "lose disk");
  machine.disk = make_memory_disk();
  machine.is_damaged = false;
  ++machine.disk_number;
}

// ---- links

void simulation::partition(const std::string& a, const std::string& b) {
  partition_one_way(a, b);
  partition_one_way(b, a);
}

void simulation::partition_one_way(const std::string& from, const std::string& to) {
  world_->check_outside("partition");
  world_->note({}, "fault", "partition " + from + " -> " + to);
  world_->network.cut(world_->machine(from).name, world_->machine(to).name);
}

void simulation::heal(const std::string& a, const std::string& b) {
  world_->check_outside("heal");
  world_->note({}, "fault", "heal " + both(a, b));
  world_->network.heal(world_->machine(a).name, world_->machine(b).name);
  world_->network.heal(b, a);
}

void simulation::heal() {
  world_->check_outside("heal");
  world_->note({}, "fault", "heal all");
  world_->network.heal_all();
}

void simulation::delay(const std::string& a, const std::string& b, duration by) {
  world_->check_outside("delay");
  world_->note({}, "fault", "delay " + both(a, b) + " by " + format_duration(seconds(by)));
  world_->network.delay(world_->machine(a).name, world_->machine(b).name, by);
  world_->network.delay(b, a, by);
}

void simulation::drop(const std::string& a, const std::string& b, double part) {
  world_->check_outside("drop");
  if (!(part >= 0 && part <= 1))
    throw error(errc::bad_argument, "drop takes a part of 0 to 1");
  world_->note({}, "fault", "drop " + std::to_string(part) + " between " + both(a, b));
  world_->network.lose(world_->machine(a).name, world_->machine(b).name, part);
  world_->network.lose(b, a, part);
}

// ---- disks and clocks

void simulation::slow_disk(const std::string& name, duration flush) {
  world_->check_outside("slow_disk");
  world_->note(name, "fault", "each flush takes " + format_duration(seconds(flush)));
  world_->machine(name).flush_takes = flush;
}

void simulation::full_disk(const std::string& name, std::uint64_t bytes_max) {
  world_->check_outside("full_disk");
  auto& machine = world_->machine(name);
  world_->note(name, "fault", "the disk holds " + std::to_string(bytes_max) + " bytes");
  machine.bytes_max = bytes_max;
  if (machine.is_up())
    machine.store()->set_bytes_max(bytes_max);
}

void simulation::corrupt(const std::string& name, disk_damage how) {
  world_->check_outside("corrupt");
  auto& machine = world_->machine(name);
  auto& random = world_->order;
  auto table = any_table(*machine.disk, random);
  auto chosen = random.below(count_rows(*machine.disk, table));
  auto last = how == disk_damage::page ? chosen + 15 : chosen;
  std::size_t number = 0;
  std::string first;
  damage(*machine.disk, table, [&](std::string_view key, std::string& value) {
    auto mine = number++;
    if (mine < chosen || mine > last || value.empty())
      return;
    if (mine == chosen)
      first = shown_key(key);
    if (how == disk_damage::truncate)
      value.resize(value.size() / 2);
    else if (how == disk_damage::bit)
      value[random.below(value.size())] ^= static_cast<char>(1 << random.below(8));
    else
      std::generate(value.begin(), value.end(), [&] { return static_cast<char>(random.next()); });
  });
  machine.is_damaged = true;
  auto rows = std::min<std::uint64_t>(last + 1, number) - chosen;
  auto where = " of " + std::string(table_name(table)) + ": " + first;
  world_->note(name, "fault",
               how == disk_damage::bit ? "a bit is turned in the row" + where
               : how == disk_damage::truncate
                   ? "the second half is lost of the row" + where
                   : std::to_string(rows) + " rows are overwritten from that one on" + where);
}

void simulation::lying_disk(const std::string& name, unsigned flushes) {
  world_->check_outside("lying_disk");
  auto& machine = world_->machine(name);
  world_->note(name, "fault",
               "the disk lies about its last " + std::to_string(flushes) + " flushes");
  machine.lies = flushes;
}

void simulation::mend_disk(const std::string& name) {
  world_->check_outside("mend_disk");
  auto& machine = world_->machine(name);
  world_->note(name, "fault", "the disk is mended");
  machine.flush_takes = {};
  machine.lies = 0;
  machine.dies_in_flush.reset();
  machine.bytes_max = 0;
  if (machine.is_up())
    machine.store()->set_bytes_max(0);
}

void simulation::skew_clock(const std::string& name, duration by) {
  world_->check_outside("skew_clock");
  auto& machine = world_->machine(name);
  world_->note(name, "fault", "the wall clock is set by " + format_duration(seconds(by)));
  machine.set_skew(machine.skew() + by.count());
}

// ---- time

void simulation::advance(duration by) {
  world_->check_outside("advance");
  for (auto limit = world_->now + by.count(); world_->step(limit);)
    world_->bury();
  world_->bury();
}

bool simulation::step(duration until) {
  world_->check_outside("step");
  bool has_happened = world_->step(until.count());
  world_->bury();
  return has_happened;
}

void simulation::after(duration wait, std::function<void()> act) {
  world_->agenda.emplace(world_->now + wait.count(), std::move(act));
}

bool simulation::settle(duration within) {
  for (duration gone{0}; gone < within; gone += look_every) {
    advance(look_every);
    if (is_settled(*world_))
      return true;
  }
  return false;
}

duration simulation::now() const {
  return duration(world_->now);
}

// ---- what the nodes do

std::unique_ptr<journal_reader> simulation::store_of(const std::string& name) {
  world_->check_outside("state");
  return world_->running(name).store()->read();
}

node& simulation::at(const std::string& name) {
  world_->check_outside("at");
  auto& machine = world_->running(name);
  if (machine.is_frozen())
    throw error(errc::bad_argument, "the node " + name + " stands still; thaw it first");
  return *machine.host();
}

bool simulation::is_running(const std::string& name) const {
  return world_->machine(name).is_up();
}

bool simulation::is_frozen(const std::string& name) const {
  return world_->machine(name).is_frozen();
}

std::vector<std::string> simulation::names() const {
  std::vector<std::string> all;
  for (auto& [name, machine] : world_->machines)
    all.push_back(name);
  return all;
}

void simulation::promise(const std::string& from, const call_id& call) {
  world_->promises[from].push_back({world_->machine(from).disk_number, call});
}

// ---- what came of it

std::vector<std::string> simulation::check() {
  world_->check_outside("check");
  return check_world(*world_);
}

const std::vector<simulation_event>& simulation::events() const {
  return world_->events;
}

simulation_numbers simulation::numbers() const {
  auto numbers = world_->numbers;
  numbers.segments = world_->network.segments();
  return numbers;
}

std::uint64_t simulation::fingerprint() const {
  return world_->fingerprint;
}

std::string simulation::replay() const {
  return "seed " + std::to_string(world_->options.seed);
}

}  // namespace holdfast
