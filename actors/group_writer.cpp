#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/group_writer.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/persistence/deadlines.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace holdfast {
namespace {

/// How often node time is stamped, at most.
constexpr std::int64_t stamp_interval_ns = 1'000'000'000;

/// One member of a group threw; which one does not matter, each is tried alone then.
struct member_failed {};

}  // namespace

/// What a committed transaction leaves for others to hear.
struct commit_notes {
  std::map<lane_number, std::pair<std::string, sequence_number>>
      grown;  ///< the peer, the last call
  std::vector<std::uint32_t> outcomes;
  std::vector<inbox_entry> admitted;
  std::vector<inbox_entry> left;
  node_time next_deadline = 0;
};

void group_writer::commit(const operations& group) {
  std::lock_guard guard(mutex_);
  write(group);
}

bool group_writer::commit_if_idle(const std::shared_ptr<journal_operation>& operation) {
  std::unique_lock guard(mutex_, std::try_to_lock);
  if (!guard || is_closed_ || is_group_expected_)
    return false;
  write({operation});
  return true;
}

void group_writer::close() {
  std::lock_guard guard(mutex_);
  is_closed_ = true;
}

void group_writer::write(const operations& group) try {
  bool grows =
      std::any_of(group.begin(), group.end(), [](auto& op) { return op->kind() == growth::grows; });
  commit_notes notes;
  auto body = [&](journal_writer& rows) { run(group, rows, notes); };
  if (env_.store->commit(grows ? growth::grows : growth::shrinks, body) == commit_result::committed)
    tell(group, notes);
  else
    write_without_growth(group, grows);
} catch (const member_failed&) {
  for (auto& operation : group)
    write_alone(operation);
} catch (const error& problem) {
  env_.on_fatal(problem.what());
  for (auto& operation : group)
    operation->done(&problem);
}

/// The disk is full: what grows the store is refused, first, so that what depends on it can see that; the rest goes on.
void group_writer::write_without_growth(const operations& group, bool had_growth) {
  error full(errc::disk_full,
             "the disk is full: free some space or raise the quota; nothing was stored");
  operations rest;
  for (auto& operation : group)
    if (!had_growth || operation->kind() == growth::grows)
      operation->done(&full);
    else
      rest.push_back(operation);
  if (!rest.empty())
    write(rest);
}

void group_writer::write_alone(const std::shared_ptr<journal_operation>& operation) try {
  commit_notes notes;
  auto body = [&](journal_writer& rows) {
    try {
      run({operation}, rows, notes);
    } catch (const member_failed&) {
      throw error(last_failure_.value());
    }
  };
  try {
    if (env_.store->commit(operation->kind(), body) == commit_result::committed)
      tell({operation}, notes);
    else
      write_without_growth({operation}, true);
  } catch (const error& problem) {
    if (problem.code() == errc::journal_failed)
      throw;
    operation->done(&problem);
  }
} catch (const error& problem) {
  env_.on_fatal(problem.what());
  operation->done(&problem);
}

/// The body of a commit. May run more than once.
void group_writer::run(const operations& group, journal_writer& rows, commit_notes& notes) {
  ledger_host host{
      env_.self,
      env_.time->now(),
      env_.time->wall_ns(),
      env_.admission,
      [this](std::string_view peer) {
        auto entry = env_.peers.find(peer);
        return entry && entry->is_up;
      },
      [this](std::string_view method) { return env_.methods.find(method) != nullptr; }};
  ledger books(rows, host);
  for (auto& operation : group) {
    try {
      operation->apply(books);
    } catch (const error& problem) {
      last_failure_ = problem;
      throw member_failed{};
    } catch (const std::exception& problem) {
      last_failure_ = error(errc::failed, problem.what());
      throw member_failed{};
    }
  }
  books.close();
  if (host.now - stamped_ >= stamp_interval_ns) {
    stamp_time(books, env_.time->machine().now());
    stamped_ = host.now;
  }
  notes = {{}, {}, books.admitted(), books.left(), next_deadline(rows)};
  for (auto& [lane, last] : books.grown())
    notes.grown.emplace(lane, std::pair(books.lane_out(lane).peer, last));
  for (auto& [lane, decided] : books.outcomes())
    notes.outcomes.push_back(lane);
}

/// A link that is down reads what waits when its next session begins; it is up before it reads.
bool group_writer::hears(const std::string& peer) const {
  auto entry = env_.peers.find(peer);
  return !entry || entry->is_up;
}

void group_writer::tell(const operations& group, commit_notes& notes) {
  for (auto& entry : notes.admitted)
    env_.admission.add(entry.mailbox, entry.ticket);
  for (auto& entry : notes.left)
    env_.admission.remove(entry.mailbox, entry.ticket);
  for (auto& operation : group)
    operation->done(nullptr);
  if (!notes.admitted.empty())
    caf::anon_send(env_.executor, calls_admitted{std::move(notes.admitted)});
  for (auto& [lane, news] : notes.grown)
    if (hears(news.first))
      caf::anon_send(env_.switchboard, lane_grew{lane, news.second});
  for (auto lane : notes.outcomes)
    caf::anon_send(env_.switchboard, outcomes_grew{lane});
  if (notes.next_deadline != 0 && notes.next_deadline != told_deadline_) {
    told_deadline_ = notes.next_deadline;
    caf::anon_send(env_.executor, deadline_set{notes.next_deadline});
  }
}

}  // namespace holdfast
