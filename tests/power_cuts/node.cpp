#include "tests/power_cuts/node.hpp"

#include <stdexcept>
#include <tuple>
#include <utility>

namespace holdfast::power_cuts {

cut_node::cut_node(std::string name, std::uint64_t seed, opener open)
    : name_(std::move(name)), random_(seed), open_(std::move(open)) {}

void cut_node::boundary() const {
  if (at_boundary)
    at_boundary();
}

void cut_node::start() {
  boundary();
  has_recovered_ = false;
  store_ = open_();
  boundary();
  memory_.admitted.clear();
  memory_.up.clear();
  memory_.found = start_node(*store_, name_, memory_.time, random_);
  clock_.emplace(memory_.time, memory_.found.time);
  window_ = std::make_unique<admission_window>();
  run([&](ledger& books) {
    inbox::recover(books, memory_.found.was_clean, memory_.found.unclean_in_a_row >= 2);
  });
  has_recovered_ = true;
  boundary();
}

void cut_node::go_on(const node_memory& memory) {
  store_ = open_();
  memory_ = memory;
  clock_.emplace(memory_.time, memory_.found.time);
  window_ = std::make_unique<admission_window>();
  for (auto& [place, entry] : memory_.admitted)
    window_->add(entry.mailbox, entry.ticket);
  has_recovered_ = true;
}

void cut_node::stop() {
  run([](ledger& books) { stop_node(books); });
  store_.reset();
}

void cut_node::reboot() {
  memory_.time.advance(60 * test::second_ns);
  memory_.time.at.steady_ns = test::second_ns;
  ++memory_.time.at.boot;
}

std::vector<inbox_entry> cut_node::in_turn() const {
  std::map<std::tuple<std::uint64_t, int, std::uint64_t>, inbox_entry> sorted;
  for (auto& [place, entry] : memory_.admitted)
    sorted.emplace(std::tuple(entry.mailbox, -entry.priority, entry.arrival), entry);
  std::vector<inbox_entry> entries;
  for (auto& [place, entry] : sorted)
    entries.push_back(entry);
  return entries;
}

void cut_node::remember(const std::vector<inbox_entry>& came,
                        const std::vector<inbox_entry>& left) {
  for (auto& entry : came) {
    window_->add(entry.mailbox, entry.ticket);
    if (!memory_.admitted.emplace(test::place_in_lane(entry.lane, entry.sequence), entry).second)
      throw std::runtime_error("C2: a call was admitted while it was admitted");
  }
  for (auto& entry : left) {
    window_->remove(entry.mailbox, entry.ticket);
    memory_.admitted.erase({entry.lane, entry.sequence});
  }
}

void cut_node::run(function_ref<void(ledger&)> body) {
  boundary();
  ledger_host host{memory_.found.self,
                   clock_->now(),
                   clock_->wall_ns(),
                   *window_,
                   [this](std::string_view peer) { return memory_.up.contains(std::string(peer)); },
                   [](std::string_view) { return true; }};
  std::vector<inbox_entry> came, left;
  const auto result = store_->commit(growth::grows, [&](journal_writer& rows) {
    ledger books(rows, host);
    body(books);
    books.close();
    came = books.admitted();
    left = books.left();
  });
  if (result != commit_result::committed)
    throw std::runtime_error("the disk of " + name_ + " is full");
  remember(came, left);
  boundary();
}

}  // namespace holdfast::power_cuts
