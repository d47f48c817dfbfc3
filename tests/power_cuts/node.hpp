#pragma once

#include "tests/persistence/books.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace holdfast::power_cuts {

/// What a node holds in memory beside its journal.
struct node_memory {
  test::hand_clock time;
  node_start found;
  std::map<test::place_in_lane, inbox_entry> admitted;
  std::set<std::string> up;  ///< peers whose link is up
};

/// The durable half of a node without its actors, over any journal. As test::node_books, but its memory can be copied: so
/// the node whose power stays on goes on from where it was, in another process and on a copy of its files.
class cut_node {
public:
  using opener = std::function<std::unique_ptr<journal>()>;

  cut_node(std::string name, std::uint64_t seed, opener open);

  void start();  ///< a process begins: opens the journal, commits an incarnation, recovers
  void go_on(const node_memory& memory);  ///< as if the process had never ended
  void stop();                            ///< in good order
  void die() { store_.reset(); }
  bool is_running() const { return store_ != nullptr; }
  bool has_recovered() const {
    return is_running() && has_recovered_;
  }  ///< its memory is that of a node

  template <class Body>
  auto commit(Body body) {
    using result = decltype(body(std::declval<ledger&>()));
    if constexpr (std::is_void_v<result>) {
      run([&](ledger& books) { body(books); });
    } else {
      result made{};
      run([&](ledger& books) { made = body(books); });
      return made;
    }
  }

  std::unique_ptr<journal_reader> read() const { return store_->read(); }
  const node_identity& self() const { return memory_.found.self; }
  const std::string& name() const { return name_; }
  node_time now() const { return clock_->now(); }
  std::uint64_t count(table_id table) const { return read()->count(table); }
  const node_memory& memory() const { return memory_; }
  std::vector<inbox_entry> in_turn() const;  ///< admitted calls as their mailboxes run them
  void link_is_up(const std::string& peer) { memory_.up.insert(peer); }
  void links_are_down() { memory_.up.clear(); }

  /// A restart after the power was off: another boot, a while later.
  void reboot();

  std::function<void()>
      at_boundary;  ///< before and after each commit, the journal's making included

private:
  void run(function_ref<void(ledger&)> body);
  void boundary() const;
  void remember(const std::vector<inbox_entry>& came, const std::vector<inbox_entry>& left);

  std::string name_;
  test::seeded_random random_;
  opener open_;
  node_memory memory_;
  std::unique_ptr<journal> store_;
  std::optional<node_clock> clock_;
  std::unique_ptr<admission_window> window_;
  bool has_recovered_ = false;
};

}  // namespace holdfast::power_cuts
