#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/deadlines.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace holdfast {

/// Ends the collection of a group. Posted behind what has arrived.
struct flush_group {
  bool is_delayed = false;  ///< it comes from the clock, for those that may wait
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::flush_group)

namespace holdfast {
namespace {

using operations = std::vector<std::shared_ptr<journal_operation>>;

/// How long an operation that nobody waits for may wait for others.
constexpr auto lazy_wait = std::chrono::milliseconds(20);

/// How often node time is stamped, at most.
constexpr std::int64_t stamp_interval_ns = 1'000'000'000;

/// What a committed transaction leaves for others to hear.
struct commit_notes {
  std::map<lane_number, sequence_number> grown;
  std::vector<std::uint32_t> outcomes;
  std::vector<inbox_entry> admitted;
  std::vector<inbox_entry> left;
  node_time next_deadline = 0;
};

/// One member of a group threw; which one does not matter, each is tried alone then.
struct member_failed {};

class group_committer {
public:
  group_committer(caf::event_based_actor* self, environment& env) : self_(self), env_(env) {}

  void add(std::shared_ptr<journal_operation> operation) {
    bytes_ += operation->bytes();
    bool is_lazy = operation->is_lazy();
    group_.push_back(std::move(operation));
    if (bytes_ >= limits::group_bytes_max || group_.size() >= limits::group_operations_max) {
      flush();
    } else if (!is_lazy && !is_flush_posted_) {
      is_flush_posted_ = true;
      self_->send(self_, flush_group{});
    } else if (is_lazy && !is_flush_posted_ && !is_flush_delayed_) {
      is_flush_delayed_ = true;
      self_->delayed_send(self_, lazy_wait, flush_group{true});
    }
  }

  /// A delayed word stays on its way while commits are made anyway: to arm the clock in each would cost a wake-up each.
  void flush(const flush_group& word) {
    if (word.is_delayed)
      is_flush_delayed_ = false;
    else
      is_flush_posted_ = false;
    flush();
  }

private:
  void flush() {
    bytes_ = 0;
    if (auto group = std::exchange(group_, {}); !group.empty())
      commit(group);
  }

  void commit(const operations& group) try {
    bool grows = std::any_of(group.begin(), group.end(),
                             [](auto& op) { return op->kind() == growth::grows; });
    commit_notes notes;
    auto body = [&](journal_writer& rows) { run(group, rows, notes); };
    if (env_.store->commit(grows ? growth::grows : growth::shrinks, body)
        == commit_result::committed)
      tell(group, notes);
    else
      commit_without_growth(group, grows);
  } catch (const member_failed&) {
    for (auto& operation : group)
      commit_alone(operation);
  } catch (const error& problem) {
    env_.on_fatal(problem.what());
    for (auto& operation : group)
      operation->done(&problem);
  }

  /// The disk is full: what grows the store is refused, first, so that what depends on it can see that; the rest goes on.
  void commit_without_growth(const operations& group, bool had_growth) {
    error full(errc::disk_full,
               "the disk is full: free some space or raise the quota; nothing was stored");
    operations rest;
    for (auto& operation : group)
      if (!had_growth || operation->kind() == growth::grows)
        operation->done(&full);
      else
        rest.push_back(operation);
    if (!rest.empty())
      commit(rest);
  }

  void commit_alone(const std::shared_ptr<journal_operation>& operation) try {
    commit_notes notes;
    std::optional<error> refusal;
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
        commit_without_growth({operation}, true);
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
  void run(const operations& group, journal_writer& rows, commit_notes& notes) {
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
    notes = {books.grown(), {}, books.admitted(), books.left(), next_deadline(rows)};
    for (auto& [lane, decided] : books.outcomes())
      notes.outcomes.push_back(lane);
  }

  void tell(const operations& group, commit_notes& notes) {
    for (auto& entry : notes.admitted)
      env_.admission.add(entry.mailbox, entry.ticket);
    for (auto& entry : notes.left)
      env_.admission.remove(entry.mailbox, entry.ticket);
    for (auto& operation : group)
      operation->done(nullptr);
    if (!notes.admitted.empty())
      self_->send(env_.executor, calls_admitted{std::move(notes.admitted)});
    for (auto& [lane, last] : notes.grown)
      self_->send(env_.switchboard, lane_grew{lane, last});
    for (auto lane : notes.outcomes)
      self_->send(env_.switchboard, outcomes_grew{lane});
    if (notes.next_deadline != 0 && notes.next_deadline != told_deadline_) {
      told_deadline_ = notes.next_deadline;
      self_->send(env_.executor, deadline_set{notes.next_deadline});
    }
  }

  caf::event_based_actor* self_;
  environment& env_;
  operations group_;
  std::size_t bytes_ = 0;
  bool is_flush_posted_ = false;
  bool is_flush_delayed_ = false;
  node_time stamped_ = 0;
  node_time told_deadline_ = 0;
  std::optional<error> last_failure_;
};

caf::behavior persistence_behavior(caf::event_based_actor* self, environment* env) {
  end_node_on_exception(self, *env, "persistence actor");
  auto committer = std::make_shared<group_committer>(self, *env);
  return {
      [committer](const commit_request& request) { committer->add(request.operation); },
      [committer](const flush_group& word) { committer->flush(word); },
  };
}

}  // namespace

caf::actor spawn_persistence_actor(caf::actor_system& system, environment& env) {
  return env.is_simulated ? system.spawn(persistence_behavior, &env)
                          : system.spawn<caf::detached>(persistence_behavior, &env);
}

}  // namespace holdfast
