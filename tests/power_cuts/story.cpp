#include "tests/power_cuts/story.hpp"

#include <holdfast/persistence/audit.hpp>
#include <holdfast/persistence/bytes_io.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <vector>

namespace holdfast::power_cuts {

namespace {

[[noreturn]] void violated(const std::string& what) {
  throw std::runtime_error(what);
}

void must(bool holds, const std::string& what) {
  if (!holds)
    violated(what);
}

/// Small ones, some of half a page, and some that LMDB stores on pages of their own.
std::string payload_of(unsigned number) {
  constexpr std::size_t sizes[] = {9000, 12, 1500};
  auto payload = std::to_string(number) + ":";
  payload.resize(sizes[number % 3], static_cast<char>('a' + number % 26));
  return payload;
}

std::string answer_of(unsigned number) {
  return "answer " + std::to_string(number) + ":";
}

unsigned number_in(const std::string& payload) {
  const auto at = payload.find_first_of("0123456789");
  must(at != std::string::npos, "J3: a payload that nobody queued: " + payload.substr(0, 40));
  const auto number = static_cast<unsigned>(std::stoul(payload.substr(at)));
  must(payload == payload_of(number) || payload == answer_of(number),
       "J3: the payload of call " + std::to_string(number) + " is not what was queued");
  return number;
}

bool fails_once(unsigned number) {
  return number % 4 == 2;
}
bool dies(unsigned number) {
  return number % 5 == 0;
}
bool is_answered(unsigned number) {
  return number % 3 == 1 && !dies(number);
}

std::optional<lane_number> lane_between(const cut_node& source, const cut_node& target) {
  const auto peer = find_peer(*source.read(), target.name());
  return peer ? peer->lane : std::nullopt;
}

/// The numbers of the calls that ran at a node, in the order in which they did.
std::vector<unsigned> ran_at(const cut_node& node) {
  std::vector<unsigned> numbers;
  for (auto& [key, value] : scan_state(*node.read(), state_key("ran", ""), {}, 10'000))
    numbers.push_back(static_cast<unsigned>(std::stoul(value)));
  return numbers;
}

std::string payload_at(const cut_node& node, const inbox_entry& entry) {
  const auto rows = node.read();
  const auto record = rows->get(table_id::inbox, call_key(entry.lane, entry.sequence));
  must(record.has_value(), "C1: an admitted call is not in the inbox");
  return std::string(decode_call(*record).payload);
}

std::set<unsigned> without_repetition(const std::vector<unsigned>& numbers,
                                      const std::string& where) {
  std::set<unsigned> once;
  for (const auto number : numbers)
    must(once.insert(number).second,
         "C2: call " + std::to_string(number) + " ran twice at " + where);
  return once;
}

std::set<unsigned> numbers_in(const journal_reader& rows, table_id table) {
  std::set<unsigned> numbers;
  rows.scan(table, {}, {}, [&](row stored) {
    const auto record = table == table_id::dead ? decode_dead(stored.value).record : stored.value;
    if (!is_tombstone(record))
      numbers.insert(number_in(std::string(decode_call(record).payload)));
    return true;
  });
  return numbers;
}

}  // namespace

void story::start() {
  for (auto* node : {&alpha_, &beta_})
    if (!node->is_running())
      node->start();
}

void story::lose_link() {
  alpha_.links_are_down();
  beta_.links_are_down();
}

void story::play() {
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 2 && told_.attempted < calls_; ++i)
      queue_next();
    hand_over(alpha_, beta_);
    work(beta_);
    report(beta_, alpha_);
    hand_over(beta_, alpha_);
    work(alpha_);
    report(alpha_, beta_);
    if (told_.attempted == calls_ && is_done())
      return;
  }
  violated("C1: what was queued does not come to an end");
}

bool story::is_done() const {
  for (auto* node : {&alpha_, &beta_})
    for (auto table : {table_id::outbox, table_id::inbox, table_id::outcomes})
      if (node->count(table) != 0)
        return false;
  return true;
}

void story::queue_next() {
  const auto first = told_.attempted + 1;
  told_.attempted = std::min(calls_, told_.attempted + together_);
  alpha_.commit([&](ledger& books) {
    for (auto number = first; number <= told_.attempted; ++number)
      outbox::queue(books, test::call_to("beta", "work.run", payload_of(number)));
  });
  for (auto number = first; number <= told_.attempted; ++number)
    told_.held.insert(number);
}

void story::hand_over(cut_node& source, cut_node& target) {
  const auto lane = lane_between(source, target);
  if (!lane)
    return;
  const auto ours = [&] { return find_out_lane(*source.read(), *lane).value(); };
  const auto mark = find_in_lane(*target.read(), source.self().id, *lane).value_or(in_lane{});
  if (const auto diverged = outbox::check_mark(ours(), *lane, mark.mark, mark.mark_nonce))
    violated("J1: an answer was given before its commit was durable: " + *diverged);
  source.link_is_up(target.name());
  if (mark.mark > ours().stored_through)
    source.commit([&](ledger& books) { outbox::stored(books, *lane, mark.mark); });
  for (auto end = ours(); end.stored_through + 1 < end.next; end = ours()) {
    const auto first = end.stored_through + 1;
    if (end.sent_through < first)
      source.commit([&](ledger& books) { outbox::raise_sent_through(books, *lane, end.next - 1); });
    const auto batch =
        outbox::read_batch(*source.read(), *lane, first, 1u << 20, 100, 1u << 20, source.now());
    must(batch.blocked == errc::none && !batch.records.empty(),
         "J3: call " + std::to_string(first) + " of " + source.name() + " cannot travel");
    const accept_request request{source.self().id, source.name(), *lane,
                                 batch.nonce,      batch.first,   batch.records};
    const auto through =
        target.commit([&](ledger& books) { return inbox::accept(books, request); }).through;
    source.commit([&](ledger& books) { outbox::stored(books, *lane, through); });
  }
}

void story::execute(cut_node& node, const inbox_entry& entry) {
  const auto payload = payload_at(node, entry);
  const auto number = number_in(payload);
  const bool is_answer = payload == answer_of(number);
  if (!is_answer && fails_once(number) && entry.attempt == 1) {
    node.commit([&](ledger& books) { inbox::failed(books, entry, "it threw", node.now(), false); });
    return;
  }
  if (!is_answer && dies(number)) {
    node.commit([&](ledger& books) {
      inbox::ended(books, entry.lane, entry.sequence, &entry, errc::handler_failed, "it threw");
    });
    return;
  }
  handler_effects effects;
  std::string key;
  append_be64(key, node.count(table_id::state) + 1);
  effects.writes.push_back({state_key("ran", key), std::to_string(number)});
  if (!is_answer && is_answered(number))
    effects.calls.push_back(test::call_to("alpha", "work.answer", answer_of(number)));
  node.commit([&](ledger& books) { inbox::executed(books, entry, effects, {}); });
}

void story::work(cut_node& node) {
  for (int left = 2; left > 0 && !node.memory().admitted.empty(); --left)
    execute(node, node.in_turn().front());
  if (node.count(table_id::due) != 0)
    node.commit([](ledger& books) { inbox::promote_due(books, 100); });
  if (node.count(table_id::ready) != 0 && node.memory().admitted.empty())
    node.commit([](ledger& books) {
      std::uint64_t cursor = 0;
      inbox::admit(books, cursor, 2, 100);
    });
}

void story::report(cut_node& target, cut_node& source) {
  const auto lane = lane_between(source, target);
  if (!lane)
    return;
  const auto from = find_in_lane(*target.read(), source.self().id, *lane);
  if (!from)
    return;
  const auto ranges = inbox::outcomes(*target.read(), from->index, 100);
  if (ranges.empty())
    return;
  source.commit([&](ledger& books) { outbox::settle(books, *lane, ranges); });
  target.commit([&](ledger& books) { inbox::forget_outcomes(books, from->index, ranges); });
}

void story::check() const {
  const auto a = alpha_.read();
  const auto b = beta_.read();
  const std::array<const journal_reader*, 2> stores{a.get(), b.get()};
  for (auto& finding : audit(stores).findings)
    violated("C4: " + std::string(to_string(finding.check)) + ": " + finding.text);
  const auto ran = without_repetition(ran_at(beta_), "beta");
  const auto answered = without_repetition(ran_at(alpha_), "alpha");
  std::set<unsigned> known = ran;
  known.merge(numbers_in(*a, table_id::outbox));
  known.merge(numbers_in(*b, table_id::inbox));
  known.merge(numbers_in(*b, table_id::dead));
  for (const auto number : told_.held)
    must(known.contains(number), "C1: call " + std::to_string(number) + " is nowhere");
  for (const auto number : known)
    must(number <= told_.attempted, "J3: call " + std::to_string(number) + " was never queued");
  for (const auto number : answered)
    must(ran.contains(number),
         "C2: an answer to call " + std::to_string(number) + ", which did not run");
}

void story::check_end() const {
  check();
  const auto ran = ran_at(beta_);
  const std::set<unsigned> at_beta(ran.begin(), ran.end());
  const auto answers = ran_at(alpha_);
  const std::set<unsigned> at_alpha(answers.begin(), answers.end());
  const auto dead = numbers_in(*beta_.read(), table_id::dead);
  for (const auto number : told_.held)
    must(at_beta.contains(number) != dead.contains(number),
         "C1: call " + std::to_string(number) + " did not end, or twice");
  for (const auto number : at_beta)
    must(at_alpha.contains(number) == is_answered(number),
         "C1: the answer to call " + std::to_string(number) + " is lost");
  unsigned last = 0;
  for (const auto number : ran)
    if (!fails_once(number)) {  // those come back, behind others
      must(number > last, "C3: call " + std::to_string(number) + " was overtaken");
      last = number;
    }
  const auto number =
      lane_between(alpha_, beta_);  // none: the only call was cut off while it was queued
  const auto counted = number ? find_out_lane(*alpha_.read(), *number)->counters : lane_counters{};
  must(counted.open() == 0 && counted.issued == at_beta.size() + dead.size()
           && counted.executed == at_beta.size() && counted.dead == dead.size(),
       "C4: the counters of alpha do not say what happened");
}

std::size_t count_damaged(const journal_reader& rows) {
  std::size_t damaged = 0;
  for (auto table : {table_id::outbox, table_id::inbox})
    rows.scan(table, {}, {}, [&](row stored) {
      try {
        if (!tombstone_reason(stored.value))
          number_in(std::string(decode_call(stored.value).payload));
      } catch (const error&) {
        ++damaged;
      }
      return true;
    });
  return damaged;
}

}  // namespace holdfast::power_cuts
