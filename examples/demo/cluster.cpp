#include "cluster.hpp"

#include <algorithm>
#include <deque>
#include <fstream>
#include <iostream>
#include <poll.h>
#include <stdexcept>

namespace demo {
namespace {

constexpr unsigned away_max_ms = 800;

}  // namespace

cluster::cluster(std::filesystem::path folder, std::uint64_t seed)
    : folder_(std::move(folder)), random_(seed) {
  members_.push_back({.name = "hub", .address = free_address(), .runs = {}});
  for (std::size_t i = 1; i <= workers; ++i)
    members_.push_back({.name = "w" + std::to_string(i), .address = free_address(), .runs = {}});
}

void cluster::start() {
  for (auto& each : members_)
    start(each);
}

void cluster::start(member& who) {
  bool is_hub = &who == &members_.front();
  std::vector<std::string> words{"holdfast",      is_hub ? "controller" : "worker",
                                 "--name",        who.name,
                                 "--listen",      who.address,
                                 "--data",        (folder_ / who.name).string(),
                                 "--secret-file", (folder_ / "secret").string(),
                                 "--log-level",   "warn"};
  if (!is_hub)
    words.insert(words.end(), {"--controller", "hub=" + hub_address(), "--slots",
                               std::to_string(slots), "--allow-exec"});
  who.since = clock::now();
  who.runs = std::make_unique<process>(std::move(words), folder_ / (who.name + ".log"));
}

void cluster::tend(std::chrono::milliseconds within) {
  std::vector<pollfd> outputs;
  for (auto& each : members_)
    if (each.runs)
      outputs.push_back({each.runs->output(), POLLIN, 0});
  poll(outputs.data(), outputs.size(), static_cast<int>(within.count()));
  std::deque<std::string> lines;  // "ready hub 127.0.0.1:7101": nobody waits for it
  for (auto& each : members_) {
    if (each.runs && !each.runs->read(lines))
      throw std::runtime_error(each.name + " " + each.runs->ending()
                               + ", and nobody had killed it");
    if (!each.runs && clock::now() >= each.back_at)
      start(each);
  }
}

void cluster::kill(member& who) {
  who.runs->kill_now();
  who.runs.reset();
  who.is_frozen = false;
  who.back_at = clock::now() + std::chrono::milliseconds(random_() % away_max_ms);
}

bool cluster::is_complete() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](auto& each) { return each.runs != nullptr; });
}

bool cluster::kill_hub() {
  auto& hub = members_.front();
  if (!hub.runs)
    return false;
  kill(hub);
  return true;
}

std::vector<cluster::member*> cluster::workers_up() {
  std::vector<member*> up;
  for (auto& each : members_)
    if (&each != &members_.front() && each.runs && !each.is_frozen)
      up.push_back(&each);
  return up;
}

cluster::member& cluster::any_of(const std::vector<member*>& some) {
  return *some[random_() % some.size()];
}

bool cluster::kill_any_worker() {
  auto up = workers_up();
  if (up.empty())
    return false;
  kill(any_of(up));
  return true;
}

bool cluster::freeze_a_worker() {
  auto up = workers_up();
  if (up.empty())
    return false;
  auto& chosen = **std::min_element(up.begin(), up.end(),
                                    [](auto* a, auto* b) { return a->since < b->since; });
  chosen.runs->freeze();
  chosen.is_frozen = true;
  return true;
}

void cluster::thaw() {
  for (auto& each : members_)
    if (each.is_frozen && each.runs)
      each.runs->thaw();
  for (auto& each : members_)
    each.is_frozen = false;
}

void cluster::kill_everybody() {
  for (auto& each : members_) {
    if (each.runs)
      kill(each);
    each.back_at = {};
  }
}

bool cluster::stop() {
  bool is_good = true;
  for (auto each = members_.rbegin(); each != members_.rend(); ++each)
    is_good = (!each->runs || each->runs->stop() == 0) && is_good;
  return is_good;
}

void cluster::print_logs() const {
  for (auto& each : members_) {
    std::ifstream log(folder_ / (each.name + ".log"));
    for (std::string text; std::getline(log, text);)
      std::cerr << each.name << ": " << text << "\n";
  }
}

bool is_command(const std::string& word) {
  return word == "controller" || word == "worker" || word == "exec-guard";
}

}  // namespace demo
