#pragma once

#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/bytes_io.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <tests/persistence/books.hpp>
#include <vector>

namespace holdfast::test {

/// A source, a target and a link between them that loses what it likes, all driven from one seed. Each call carries a number;
/// executing it appends the number to a table of the target's, in the call's own transaction.
class hand_off_model {
public:
  explicit hand_off_model(std::uint64_t seed) : random(seed) {
    for (auto* node : {&alpha, &beta})
      node->fill_window = [](admission_window& window) {  // little room, so that calls wait on disk
        for (auto key : {"a", "b", "c"})
          for (std::size_t i = 3; i < limits::admitted_calls_per_mailbox_max; ++i)
            window.add(mailbox_of("work", key), 1'000'000'000);
      };
    alpha.crash_and_start();
    beta.crash_and_start();
  }

  queue_request numbered_call(bool is_promised = true) {
    auto number = std::to_string(++last_number_);
    if (is_promised)
      promised_.insert(number);
    auto request = call_to("beta", "work.run", number);
    request.header.key = "a";
    return request;
  }

  std::uint64_t queued() const { return promised_.size(); }
  std::uint64_t open() { return lane_of_alpha().counters.open(); }

  std::uint64_t executed_all() {
    std::uint64_t executed = 0;
    for (auto& number : ran())
      executed += promised_.contains(number) ? 1 : 0;
    return executed;
  }

  void execute_first() { run(beta.in_turn().front()); }

  /// One random thing happens. Says what.
  std::string step() {
    struct action {
      const char* name;
      void (hand_off_model::*act)();
      unsigned weight;
    };
    static constexpr std::array actions{
        action{"queue", &hand_off_model::queue_some, 8},
        action{"connect", &hand_off_model::connect, 4},
        action{"send", &hand_off_model::send, 8},
        action{"receive", &hand_off_model::receive, 8},
        action{"answer", &hand_off_model::answer, 6},
        action{"disconnect", &hand_off_model::disconnect, 2},
        action{"execute", &hand_off_model::execute_some, 12},
        action{"fail", &hand_off_model::fail_some, 3},
        action{"die", &hand_off_model::die_some, 2},
        action{"retry", &hand_off_model::retry_some, 1},
        action{"report", &hand_off_model::report_some, 6},
        action{"time", &hand_off_model::pass_time, 4},
        action{"drop", &hand_off_model::drop_some, 2},
        action{"admit", &hand_off_model::admit_some, 5},
        action{"serve", &hand_off_model::serve_or_not, 2},
        action{"stop source", &hand_off_model::stop_alpha, 1},
        action{"stop target", &hand_off_model::stop_beta, 1},
        action{"crash source", &hand_off_model::crash_alpha, 1},
        action{"crash target", &hand_off_model::crash_beta, 1},
    };
    unsigned all = 0;
    for (auto& each : actions)
      all += each.weight;
    auto chosen = random.below(all);
    auto at = actions.begin();
    for (; chosen >= at->weight; ++at)
      chosen -= at->weight;
    auto what = std::string(at->name);
    auto* victim = random.below(12) == 0 ? (random.below(2) == 0 ? &alpha : &beta) : nullptr;
    if (victim) {
      bool keep = random.below(2) == 0;
      victim->cut_next_commit(keep);
      what += ", power cut at " + victim->name() + (keep ? ", kept" : ", lost");
    }
    try {
      (this->*at->act)();
    } catch (const error& problem) {
      EXPECT_EQ(problem.code(), errc::journal_failed) << problem.what();
      EXPECT_NE(victim, nullptr);
      if (victim)
        victim->start();
      lose_session();
      note_returned();
    }
    alpha.cut_nothing();
    beta.cut_nothing();
    return what;
  }

  /// No more faults: all that can end does.
  void settle_down() {
    beta.unserved.clear();
    for (int round = 0; round < 500; ++round) {
      disconnect();
      connect();
      while (transmitted_ + 1 < lane_of_alpha().next || !wire_.empty()) {
        send();
        receive();
        answer();
      }
      pass_time();
      bring_back(
          [&] { beta.commit([](ledger& books) { inbox::unpark(books, "work.run", 1000); }); });
      admit_some();
      while (!beta.admitted.empty())
        execute_first();
      report(beta, alpha, 1);
      if (open() == 0 && beta.count(table_id::inbox) == 0)
        return;
    }
    ADD_FAILURE() << "it did not come to an end";
  }

  void check() {
    if (!find_out_lane(*alpha.read(), 1))
      return;
    check_ran();
    auto a = alpha.read();
    auto b = beta.read();
    const std::array<const journal_reader*, 2> stores{a.get(), b.get()};
    auto report = audit(stores);  // C4, and that no call is lost between the two (C1)
    for (auto& finding : report.findings)
      ADD_FAILURE() << to_string(finding.check) << ": " << finding.text;
    check_promised(*a, *b);
    EXPECT_TRUE(alpha.repeated.empty());
    EXPECT_TRUE(beta.repeated.empty());
  }

  hand_clock time;
  seeded_random random;
  node_books alpha{"alpha", time, 11};
  node_books beta{"beta", time, 12};

private:
  out_lane lane_of_alpha() { return find_out_lane(*alpha.read(), 1).value_or(out_lane{}); }
  std::uint32_t index() { return lane_from(beta, alpha, 1).index; }

  // --- the source

  void queue_some() {
    for (auto left = 1 + random.below(4); left > 0; --left) {
      auto request = numbered_call(false);
      request.header.key = std::string(1, static_cast<char>('a' + random.below(3)));
      request.header.priority = random.below(5) == 0 ? 1 : 0;
      if (random.below(6) == 0)
        request.header.expires_at = static_cast<node_time>(1 + random.below(6)) * second_ns;
      if (random.below(8) == 0)
        request.header.not_before = static_cast<node_time>(1 + random.below(3)) * second_ns;
      queue_at(alpha, request);
      promised_.insert(request.payload);  // `queue` returned
    }
  }

  // --- the link

  void connect() {
    if (is_connected_ || !find_out_lane(*alpha.read(), 1))
      return;
    auto lane = lane_of_alpha();
    auto end = lane_from(beta, alpha, 1);
    EXPECT_EQ(outbox::check_mark(lane, 1, end.mark, end.mark_nonce), std::nullopt);
    alpha.commit([&](ledger& books) { outbox::stored(books, 1, end.mark); });
    transmitted_ = end.mark;
    is_connected_ = true;
    alpha.up.insert("beta");
  }

  void lose_session() {
    is_connected_ = false;
    alpha.up.clear();
    wire_.clear();
    answers_.clear();
  }

  void disconnect() {
    if (!is_connected_)
      return;
    auto transmitted = transmitted_;
    // What is on its way may still arrive, but only before the next handshake.
    while (!wire_.empty() && random.below(2) == 0)
      receive();
    lose_session();
    alpha.commit([&](ledger& books) { outbox::lower_sent_through(books, 1, transmitted); });
  }

  void send() {
    if (!is_connected_)
      return;
    auto first = transmitted_ + 1;
    if (lane_of_alpha().sent_through < first)
      alpha.commit(
          [&](ledger& books) { outbox::raise_sent_through(books, 1, first + random.below(4)); });
    auto batch = batch_of(alpha, 1, first, 1 + random.below(5));
    EXPECT_EQ(batch.blocked, errc::none);
    if (batch.records.empty())
      return;
    transmitted_ += batch.records.size();
    wire_.push_back(std::move(batch));
  }

  void receive() {
    if (wire_.empty())
      return;
    auto batch = std::move(wire_.front());
    wire_.pop_front();
    auto result = accept_at(beta, alpha, batch);
    EXPECT_FALSE(result.is_gap);
    answers_.push_back(result.through);
  }

  void answer() {
    if (answers_.empty())
      return;
    auto through = answers_.front();
    answers_.pop_front();
    alpha.commit([&](ledger& books) { outbox::stored(books, 1, through); });
  }

  void report_some() {
    auto ranges = outcomes_at(beta, alpha, 1);
    if (!is_connected_ || ranges.empty())
      return;
    ranges.resize(1 + random.below(ranges.size()));
    alpha.commit([&](ledger& books) { outbox::settle(books, 1, ranges); });
    if (random.below(3) != 0)  // the acknowledgement arrives
      beta.commit([&](ledger& books) { inbox::forget_outcomes(books, index(), ranges); });
  }

  // --- the target

  /// The next of a mailbox chosen by chance.
  const inbox_entry* next_of_some() {
    auto all = beta.in_turn();
    if (all.empty())
      return nullptr;
    auto& chosen = all[random.below(all.size())];
    auto first = std::find_if(all.begin(), all.end(),
                              [&](auto& each) { return each.mailbox == chosen.mailbox; });
    return &beta.admitted.at({first->lane, first->sequence});
  }

  std::string number_of(const inbox_entry& entry) {
    auto record =
        std::string(*beta.read()->get(table_id::inbox, call_key(entry.lane, entry.sequence)));
    return std::string(decode_call(record).payload);
  }

  /// The handler runs now, whatever becomes of its commit.
  std::string begin(const inbox_entry& entry) {
    auto number = number_of(entry);
    EXPECT_TRUE(entry.attempt > 1 || !started_.contains(number))
        << "call " << number << " had run before its attempt 1";
    started_.insert(number);
    check_order(entry);
    return number;
  }

  /// C3: nothing of the same source, mailbox and priority that is due and came before is still here.
  void check_order(const inbox_entry& entry) {
    auto rows = beta.read();
    rows->scan(table_id::inbox, lane_key(entry.lane), call_key(entry.lane, entry.sequence),
               [&](row stored) {
                 auto header = decode_call_header(stored.value);
                 auto [lane, sequence] = read_call_key(stored.key);
                 bool is_alike = mailbox_of("work", header.key) == entry.mailbox
                                 && header.priority == entry.priority && !header.is_revised;
                 if (is_alike && !waits_for_something(*rows, lane, sequence)
                     && !ahead_of_[sequence].contains(entry.sequence))
                   ADD_FAILURE() << "call " << entry.sequence << " overtook " << sequence;
                 return true;
               });
  }

  static std::set<place_in_lane> found_in(const journal_reader& rows,
                                          std::initializer_list<table_id> tables) {
    std::set<place_in_lane> found;
    for (auto table : tables)
      rows.scan(table, {}, {}, [&](row stored) {
        found.insert(decode_index(stored.value));
        return true;
      });
    return found;
  }

  static bool waits_for_something(const journal_reader& rows, std::uint32_t lane,
                                  sequence_number sequence) {
    return found_in(rows, {table_id::due, table_id::parked}).contains({lane, sequence});
  }

  /// Runs what may make waiting calls ready. Those that were admitted before may run before them.
  template <class Action>
  void bring_back(Action action) {
    waited_ = found_in(*beta.read(), {table_id::due, table_id::parked});
    action();
    note_returned();
  }

  void note_returned() {
    for (auto& [lane, sequence] : found_in(*beta.read(), {table_id::ready}))
      if (waited_.contains({lane, sequence}))
        for (auto& [place, entry] : beta.admitted)
          ahead_of_[sequence].insert(entry.sequence);
    waited_.clear();
  }

  void run(inbox_entry entry) {
    if (entry.expires_at != 0 && entry.expires_at <= beta.now()) {
      EXPECT_TRUE(end_admitted(beta, entry, errc::expired));
      return;
    }
    auto number = begin(entry);
    handler_effects effects;
    std::string key;
    append_be64(key, beta.count(table_id::state) + 1);
    effects.writes.push_back({state_key("ran", key), number});
    EXPECT_TRUE(execute(beta, entry, effects));
  }

  void execute_some() {
    if (auto* entry = next_of_some())
      run(*entry);
  }

  void fail_some() {
    auto* entry = next_of_some();
    if (!entry)
      return;
    auto failing = *entry;
    begin(failing);
    auto due = beta.now() + static_cast<node_time>(random.below(3)) * second_ns;
    beta.commit([&](ledger& books) { inbox::failed(books, failing, "it threw", due, false); });
  }

  void die_some() {
    auto* entry = next_of_some();
    if (!entry)
      return;
    auto dying = *entry;
    begin(dying);
    EXPECT_TRUE(end_admitted(beta, dying, errc::handler_failed));
  }

  void retry_some() {
    auto letter = beta.read()->first(table_id::dead);
    if (!letter)
      return;
    auto [lane, sequence] = read_call_key(letter->key);
    EXPECT_TRUE(
        beta.commit([&](ledger& books) { return inbox::retry_dead(books, lane, sequence); }));
  }

  void admit_some() {
    std::uint64_t cursor = 0;
    do
      beta.commit([&](ledger& books) { inbox::admit(books, cursor, 2, 100); });
    while (cursor != 0);
  }

  void serve_or_not() {
    if (beta.unserved.empty()) {
      beta.unserved.insert("work.run");
      if (auto* entry = next_of_some()) {
        auto parked = *entry;
        beta.commit([&](ledger& books) { inbox::park(books, parked); });
      }
      return;
    }
    beta.unserved.clear();
    bring_back([&] {
      auto some = [](ledger& books) { return inbox::unpark(books, "work.run", 2); };
      while (beta.commit(some) == 2) {}
    });
  }

  // --- both

  void pass_time() {
    time.advance(static_cast<std::int64_t>(random.below(2 * second_ns)));
    alpha.commit([](ledger& books) { expire(books, 1000); });
    auto late = beta.commit([](ledger& books) { return expire(books, 1000); });
    bring_back([&] { beta.commit([](ledger& books) { inbox::promote_due(books, 1000); }); });
    for (auto& place : late.in_memory)
      if (auto i = beta.admitted.find(place); i != beta.admitted.end()) {
        auto entry = i->second;
        EXPECT_TRUE(end_admitted(beta, entry, errc::expired));
      }
  }

  void drop_some() {
    auto lane = lane_of_alpha();
    if (lane.next == 1)
      return;
    auto sequence = 1 + random.below(lane.next - 1);
    if (alpha.commit([&](ledger& books) {
          return outbox::give_up(books, 1, sequence, errc::dropped, "by the operator");
        }))
      return;
    auto i = beta.admitted.find({index(), sequence});
    auto entry = i == beta.admitted.end() ? std::nullopt : std::optional(i->second);
    beta.commit([&](ledger& books) {
      inbox::ended(books, index(), sequence, entry ? &*entry : nullptr, errc::dropped, "likewise");
    });
  }

  void stop_alpha() {
    disconnect();
    alpha.restart();
  }
  void stop_beta() {
    disconnect();
    beta.restart();
  }
  void crash_alpha() {
    alpha.crash_and_start();
    lose_session();
  }
  void crash_beta() {
    beta.crash_and_start();
    lose_session();
  }

  // --- what must hold

  std::vector<std::string> ran() {
    std::vector<std::string> numbers;
    for (auto& [key, value] : scan_state(*beta.read(), state_key("ran", ""), {}, 100'000))
      numbers.push_back(value);
    return numbers;
  }

  /// C2: no number twice.
  void check_ran() {
    auto numbers = ran();
    std::set<std::string> once(numbers.begin(), numbers.end());
    EXPECT_EQ(once.size(), numbers.size());
  }

  /// C1: a call whose `queue` returned is executed, has ended, or stands in a journal.
  void check_promised(const journal_reader& a, const journal_reader& b) {
    std::set<std::string> found;
    for (auto& number : ran())
      found.insert(number);
    auto collect = [&](const journal_reader& rows, table_id table) {
      rows.scan(table, {}, {}, [&](row stored) {
        auto record = table == table_id::dead ? decode_dead(stored.value).record : stored.value;
        if (!is_tombstone(record))
          found.emplace(decode_call(record).payload);
        return true;
      });
    };
    collect(a, table_id::outbox);
    collect(b, table_id::inbox);
    collect(b, table_id::dead);
    std::set<sequence_number> ended;
    for (auto* rows : {&a, &b})
      rows->scan(table_id::ended, {}, {}, [&](row stored) {
        ended.insert(read_call_key(stored.key.substr(1)).second);
        return true;
      });
    auto missing = static_cast<std::size_t>(std::count_if(
        promised_.begin(), promised_.end(), [&](auto& each) { return !found.contains(each); }));
    EXPECT_LE(missing, ended.size()) << "calls vanished";
  }

  std::deque<transfer_batch> wire_;
  std::deque<sequence_number> answers_;
  sequence_number transmitted_ = 0;
  bool is_connected_ = false;
  std::uint64_t last_number_ = 0;
  std::set<std::string> promised_;
  std::set<std::string> started_;
  std::set<place_in_lane> waited_;
  std::map<sequence_number, std::set<sequence_number>> ahead_of_;
};

}  // namespace holdfast::test
