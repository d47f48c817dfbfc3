#pragma once

#include <holdfast/core/bytes.hpp>
#include <holdfast/core/function_ref.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/persistence/inbox.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/persistence/ledger_rows.hpp>
#include <holdfast/persistence/memory_journal.hpp>
#include <holdfast/persistence/outbox.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::test {

inline constexpr std::int64_t second_ns = 1'000'000'000;

/// Time that moves when a test says so.
class hand_clock final : public clock {
public:
  moment at{1'700'000'000 * second_ns, 500 * second_ns, 77};
  moment now() const override { return at; }
  void advance(std::int64_t ns) {
    at.wall_ns += ns;
    at.steady_ns += ns;
  }
};

class seeded_random final : public random_source {
public:
  explicit seeded_random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {  // splitmix64
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }

private:
  std::uint64_t state_;
};

using place_in_lane = std::pair<std::uint32_t, sequence_number>;

/// The durable half of a node without its actors: a memory journal, and what the persistence actor and the executor keep
/// in memory beside it. `commit` does what the persistence actor does with one operation.
class node_books {
public:
  node_books(std::string name, hand_clock& time, std::uint64_t seed = 1)
      : name_(std::move(name)), time_(time), random_(seed) {
    start();
  }

  void start() {
    memory_journal_options options;
    options.at_flush = [this] {
      if (cut_keeping_)
        store_->crash(*std::exchange(cut_keeping_, std::nullopt));
    };
    store_ = std::make_unique<memory_journal>(disk_, options);
    found = start_node(*store_, name_, time_, random_);
    clock_.emplace(time_, found.time);
    window_ = std::make_unique<admission_window>();
    if (fill_window)
      fill_window(*window_);
    admitted.clear();
    run([&](ledger& books) {
      inbox::recover(books, found.was_clean, found.unclean_in_a_row >= 2);
    });
  }

  void stop() {
    run([](ledger& books) { stop_node(books); });
    store_.reset();
  }

  /// The machine loses power between two commits.
  void crash() {
    store_->crash(false);
    store_.reset();
  }

  void restart() {
    stop();
    start();
  }
  void crash_and_start() {
    crash();
    start();
  }

  /// The next commit is cut off while it is flushed; it throws errc::journal_failed.
  void cut_next_commit(bool keep) { cut_keeping_ = keep; }
  void cut_nothing() { cut_keeping_.reset(); }

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
  journal& store() { return *store_; }
  const node_identity& self() const { return found.self; }
  node_time now() const { return clock_->now(); }
  const std::string& name() const { return name_; }
  const admission_window& window() const { return *window_; }
  std::uint64_t count(table_id table) const { return read()->count(table); }

  /// What a test does to the disk behind the node's back.
  void plant(table_id table, const std::string& key, std::optional<std::string> value) {
    store_->commit(growth::grows, [&](journal_writer& rows) {
      if (value)
        rows.put(table, key, *value);
      else
        rows.erase(table, key);
    });
  }
  void damage(table_id table, const std::string& key, std::size_t byte) {
    std::string record(read()->get(table, key).value());
    record.at(byte) ^= 4;
    plant(table, key, record);
  }

  /// The admitted calls in the order in which one mailbox after the other runs them.
  std::vector<inbox_entry> in_turn() const {
    std::map<std::tuple<std::uint64_t, int, std::uint64_t>, inbox_entry> sorted;
    for (auto& [place, entry] : admitted)
      sorted.emplace(std::tuple(entry.mailbox, -entry.priority, entry.arrival), entry);
    std::vector<inbox_entry> entries;
    for (auto& [place, entry] : sorted)
      entries.push_back(entry);
    return entries;
  }

  std::function<void(admission_window&)> fill_window;  ///< at each start: what takes room
  std::set<std::string> up;                            ///< peers whose link is up
  std::set<std::string> unserved;                      ///< methods
  std::map<place_in_lane, inbox_entry> admitted;
  std::set<place_in_lane> repeated;  ///< admitted while they were admitted: must stay empty
  node_start found;

private:
  void run(function_ref<void(ledger&)> body) {
    ledger_host host{
        found.self,
        clock_->now(),
        clock_->wall_ns(),
        *window_,
        [this](std::string_view peer) { return up.contains(std::string(peer)); },
        [this](std::string_view method) { return !unserved.contains(std::string(method)); }};
    std::vector<inbox_entry> came, left;
    store_->commit(growth::grows, [&](journal_writer& rows) {
      ledger books(rows, host);
      body(books);
      books.close();
      came = books.admitted();
      left = books.left();
    });
    for (auto& entry : came) {
      window_->add(entry.mailbox, entry.ticket);
      if (!admitted.emplace(place_in_lane(entry.lane, entry.sequence), entry).second)
        repeated.emplace(entry.lane, entry.sequence);
    }
    for (auto& entry : left) {
      window_->remove(entry.mailbox, entry.ticket);
      admitted.erase({entry.lane, entry.sequence});
    }
  }

  std::string name_;
  hand_clock& time_;
  seeded_random random_;
  std::shared_ptr<memory_disk> disk_ = make_memory_disk();
  std::unique_ptr<memory_journal> store_;
  std::optional<bool> cut_keeping_;
  std::optional<node_clock> clock_;
  std::unique_ptr<admission_window> window_;
};

inline queue_request call_to(std::string peer, std::string method = "work.run",
                             std::string payload = "payload") {
  queue_request request;
  request.peer = std::move(peer);
  request.header.method = std::move(method);
  request.header.trace = 1;
  request.payload = std::move(payload);
  return request;
}

inline queue_result queue_at(node_books& node, const queue_request& request) {
  return node.commit([&](ledger& books) { return outbox::queue(books, request); });
}

inline out_lane lane_at(const node_books& node, lane_number lane) {
  return find_out_lane(*node.read(), lane).value();
}

inline in_lane lane_from(const node_books& node, const node_books& source, lane_number lane) {
  return find_in_lane(*node.read(), source.self().id, lane).value_or(in_lane{});
}

/// The next batch as the link reads it.
inline transfer_batch batch_of(const node_books& node, lane_number lane, sequence_number first,
                               std::size_t calls_max = 100) {
  return outbox::read_batch(*node.read(), lane, first, 1u << 20, calls_max, 1u << 20, node.now());
}

inline accept_result accept_at(node_books& target, const node_books& source,
                               const transfer_batch& batch) {
  accept_request request{source.self().id, source.name(), batch.lane,
                         batch.nonce,      batch.first,   batch.records};
  return target.commit([&](ledger& books) { return inbox::accept(books, request); });
}

/// Everything that may travel, stored and answered; blocked records are entombed.
inline void transfer(node_books& source, node_books& target, lane_number lane) {
  source.commit([&](ledger& books) {
    outbox::raise_sent_through(books, lane, books.lane_out(lane).next - 1);
  });
  for (;;) {
    auto first = lane_at(source, lane).stored_through + 1;
    auto batch = batch_of(source, lane, first);
    if (!batch.records.empty()) {
      auto result = accept_at(target, source, batch);
      source.commit([&](ledger& books) { outbox::stored(books, lane, result.through); });
    }
    if (batch.blocked != errc::none)
      source.commit([&](ledger& books) {
        outbox::entomb(books, lane, first + batch.records.size(), batch.blocked,
                       "it cannot travel");
      });
    else if (batch.records.empty())
      return;
  }
}

inline std::vector<outcome_range> outcomes_at(const node_books& target, const node_books& source,
                                              lane_number lane) {
  return inbox::outcomes(*target.read(), lane_from(target, source, lane).index, 1000);
}

/// Outcomes told, settled, acknowledged and forgotten.
inline void report(node_books& target, node_books& source, lane_number lane) {
  auto ranges = outcomes_at(target, source, lane);
  source.commit([&](ledger& books) { outbox::settle(books, lane, ranges); });
  auto index = lane_from(target, source, lane).index;
  target.commit([&](ledger& books) { inbox::forget_outcomes(books, index, ranges); });
}

inline bool execute(node_books& node, const inbox_entry& entry, const handler_effects& effects = {},
                    const std::string& value = {}) {
  return node.commit([&](ledger& books) { return inbox::executed(books, entry, effects, value); });
}

inline bool end_admitted(node_books& node, const inbox_entry& entry, errc reason,
                         const std::string& text = "because") {
  return node.commit([&](ledger& books) {
    return inbox::ended(books, entry.lane, entry.sequence, &entry, reason, text);
  });
}

}  // namespace holdfast::test
