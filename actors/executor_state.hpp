#pragma once

#include <holdfast/actors/commit_batch.hpp>
#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/executor.hpp>
#include <holdfast/actors/handler_thread.hpp>
#include <holdfast/actors/mailbox.hpp>
#include <holdfast/actors/messages.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

// The inside of the executor, for its sources alone: executor.cpp (what arrives and is started), executor_results.cpp (what
// was run), executor_waiting.cpp (what waits on disk).
namespace holdfast {

/// A batch of results is on disk, or was refused.
struct batch_settled {
  std::shared_ptr<commit_batch> batch;
};

/// A call that a handler made was answered: its continuation runs in the same mailbox.
struct call_answered {
  std::uint64_t mailbox = 0;
  std::shared_ptr<const task_message> message;
};

/// The durable note that a suspect starts alone is on disk, or was refused.
struct suspect_noted {
  std::uint64_t mailbox = 0;
  task_item item;
  bool is_noted = false;
};

/// Looks at what has fallen due; mailbox 0 is the journal's deadlines.
struct look_again {
  std::uint64_t mailbox = 0;
};

/// What a sweep of the journal found.
struct sweep_ended {
  bool goes_on = false;     ///< there is more to look at now
  bool is_refused = false;  ///< nothing was looked at
  std::vector<std::pair<std::uint32_t, sequence_number>> expired_in_memory;
};

/// An admission of waiting calls has ended.
struct refill_ended {
  std::uint64_t cursor = 0;
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::batch_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::call_answered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::suspect_noted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::look_again)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::sweep_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::refill_ended)

namespace holdfast {

class executor {
public:
  executor(caf::event_based_actor* self, environment& env) : self_(self), env_(env) {}

  void recover(const recover_calls& order);
  void admitted(const calls_admitted& news);
  void message(method_message news);
  void peer_event_came(const peer_changed& news);
  void answered(const call_answered& news);
  void progressed(const task_progress& news, caf::actor thread);
  void actor_answered(const actor_replied& news);
  void settled(const batch_settled& news);
  void suspect_may_start(const suspect_noted& news);
  void drop(const drop_call& order);
  void served(const method_served& news);
  void deadline_is(const deadline_set& news);
  void look(const look_again& order);
  void swept(const sweep_ended& news);
  void refilled(const refill_ended& news);
  void stop(const stop_executing& order);
  executor_status status() const;

private:
  // Mailboxes.
  mailbox& mailbox_for(const inbox_entry& entry);
  mailbox& open(std::uint64_t id, std::string_view service);
  void add_message(std::uint64_t id, std::string_view service,
                   std::shared_ptr<const task_message> message);
  void ask_for_turn(std::uint64_t id, mailbox& box);
  void forget_if_idle(std::uint64_t id);
  void block(std::uint64_t id, mailbox& box, duration wait);

  // Starting.
  void start_tasks();
  /// True if the head of the mailbox is a suspect: it starts alone of all suspects, after a durable note.
  bool start_suspect(std::uint64_t id, mailbox& box);
  void give(std::uint64_t id, mailbox& box, std::vector<task_item> items, bool is_alone);
  caf::actor thread();

  // Results, on their way to disk and back.
  void submit(std::uint64_t id, mailbox& box, std::vector<run_result> results, bool is_alone);
  void send_batch(std::uint64_t id, mailbox& box, std::vector<run_result> results);
  /// Decides what a failure means before it is committed.
  void judge(std::uint64_t id, mailbox& box, run_result& result);
  void log_failure(const run_result& result);
  /// What a committed run emitted leaves the node now, not before (J1).
  void let_out(std::uint64_t id, run_result& result);
  void send(outgoing_message& message);
  void answer(run_result& result);
  void call_out(std::uint64_t id, const run_result& result, outgoing_call& call);
  /// Ordered mailbox: the call is tried again before anything behind it.
  void retry_in_place(std::uint64_t id, const run_result& result);
  /// A batch was refused from some result on: those run again, when all that the mailbox has under way is back.
  void refused(mailbox& box, commit_batch& batch);
  /// Everything is back: what was refused takes its place again, and the mailbox goes on.
  void mend(std::uint64_t id, mailbox& box);
  /// The one call whose effects cannot be stored has failed like one that threw.
  void fail(std::uint64_t id, mailbox& box, task_item item, const std::string& text);
  std::shared_ptr<const call_header> header_of(const inbox_entry& entry);

  // What waits on disk.
  void end(const inbox_entry& entry, errc reason, const std::string& text);
  void expire(std::uint32_t lane, sequence_number sequence);
  void sweep();
  void refill();
  void suspect_ended(const inbox_entry& entry);
  void stop_if_done();

  /// Sends an operation to the persistence actor: `apply(ledger&, Result&)` in the transaction, `done(Result&, problem)` after.
  template <class Result, class Apply, class Done>
  void commit(growth kind, Apply apply, Done done) {
    self_->send(env_.persistence, commit_request{make_operation<Result>(
                                      kind, 0, false, std::move(apply), std::move(done))});
  }

  void task_ended(const task& job, mailbox& box);

  caf::event_based_actor* self_;
  environment& env_;
  std::map<std::uint64_t, std::unique_ptr<mailbox>> mailboxes_;
  std::deque<std::uint64_t>
      turns_;  ///< mailboxes that may start something, in the order in which they asked
  std::vector<caf::actor> threads_;
  std::vector<caf::actor> idle_;
  std::uint64_t last_task_ = 0;
  std::set<std::uint64_t> tasks_;  ///< on threads, or waiting for an actor's reply
  std::map<std::uint64_t, std::shared_ptr<run_result>>
      early_replies_;              ///< they overtook the task's own last word
  std::set<std::uint64_t> asked_;  ///< of the tasks, those that wait for a reply
  std::size_t suspects_ = 0;
  bool is_suspect_running_ = false;
  std::vector<std::uint64_t> waiting_suspects_;
  bool is_sweeping_ = false;
  bool is_refilling_ = false;
  std::uint64_t cursor_ = 0;  ///< where the next admission begins
  node_time wake_at_ = 0;
  executor_status status_;
  bool is_stopping_ = false;
  std::function<void()> on_stopped_;
};

}  // namespace holdfast
