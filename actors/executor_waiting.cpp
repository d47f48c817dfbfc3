#include <holdfast/actors/executor_state.hpp>
#include <holdfast/persistence/deadlines.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <algorithm>

namespace holdfast {
namespace {

/// Rows of the journal looked at in one transaction of a sweep.
constexpr std::size_t sweep_rows_max = 512;

/// How long to wait before what the journal refused is asked for again.
constexpr auto refused_wait = std::chrono::seconds(1);

}  // namespace

void executor::recover(const recover_calls& order) {
  auto done = order.done;
  commit<std::size_t>(
      growth::shrinks,
      [order](ledger& books, std::size_t& count) {
        count = inbox::recover(books, order.was_clean, order.is_suspicious);
        if (count == 0 && order.is_suspicious)
          forget_unclean(books);
      },
      [self = caf::actor(self_), env = &env_, done](std::size_t&, const error* problem) {
        done(problem);
        caf::anon_send(self, look_again{});
        if (env->store->read()->count(table_id::parked) > 0)
          for (auto& method : env->methods.all())
            caf::anon_send(self, method_served{method->name});
      });
}

bool executor::start_suspect(std::uint64_t id, mailbox& box) {
  auto* first = box.first_call();
  if (!first || !first->is_suspect || box.blocked_until > env_.time->now())
    return false;
  if (is_suspect_running_) {
    waiting_suspects_.push_back(id);
    return true;
  }
  is_suspect_running_ = true;
  auto items = box.take(1, env_.time->now(), true);
  ++box.running;
  commit<bool>(
      growth::shrinks,
      [entry = items[0].entry](ledger& books, bool&) { inbox::start_alone(books, entry); },
      [self = caf::actor(self_), id, item = items[0]](bool&, const error* problem) {
        caf::anon_send(self, suspect_noted{id, item, problem == nullptr});
      });
  return true;
}

void executor::suspect_may_start(const suspect_noted& news) {
  auto& box = *mailboxes_.at(news.mailbox);
  if (!news.is_noted) {
    --box.running;
    is_suspect_running_ = false;
    box.put_back({news.item});
    block(news.mailbox, box, refused_wait);
    return;
  }
  give(news.mailbox, box, {news.item}, false);
}

void executor::suspect_ended(const inbox_entry& entry) {
  if (!entry.is_suspect)
    return;
  is_suspect_running_ = false;
  if (--suspects_ == 0)
    commit<bool>(
        growth::shrinks, [](ledger& books, bool&) { forget_unclean(books); },
        [](bool&, const error*) {});
  for (auto id : std::exchange(waiting_suspects_, {}))
    if (auto i = mailboxes_.find(id); i != mailboxes_.end())
      ask_for_turn(id, *i->second);
}

void executor::drop(const drop_call& order) {
  inbox_entry entry;
  auto i = std::find_if(mailboxes_.begin(), mailboxes_.end(), [&](auto& box) {
    return box.second->remove(order.lane, order.sequence, entry);
  });
  bool is_here = i != mailboxes_.end();
  auto shared = std::make_shared<inbox_entry>(entry);
  commit<errc>(
      growth::shrinks,
      [order, is_here, shared](ledger& books, errc& result) {
        auto* admitted = is_here ? shared.get() : nullptr;
        if (inbox::drop_dead(books, order.lane, order.sequence))
          return;
        if (!is_here && inbox::is_admitted(books.rows(), order.lane, order.sequence))
          result = errc::wrong_context;
        else if (!inbox::ended(books, order.lane, order.sequence, admitted, errc::dropped,
                               "dropped by the operator"))
          result = errc::unknown_call;
      },
      [done = order.done](errc& result, const error* problem) {
        done(problem ? problem->code() : result);
      });
  if (is_here)
    forget_if_idle(entry.mailbox);
}

void executor::served(const method_served& news) {
  commit<std::size_t>(
      growth::shrinks,  // moves rows; refused, it is asked for again
      [method = news.method](ledger& books, std::size_t& count) {
        count = inbox::unpark(books, method, sweep_rows_max);
      },
      [self = caf::actor(self_), news](std::size_t& count, const error* problem) {
        if (problem)
          caf::delayed_anon_send(self, refused_wait, news);
        else if (count == sweep_rows_max)
          caf::anon_send(self, news);
        else
          caf::anon_send(self, look_again{});
      });
}

void executor::deadline_is(const deadline_set& news) {
  if (wake_at_ != 0 && wake_at_ <= news.at)
    return;
  wake_at_ = news.at;
  auto wait = std::max<std::int64_t>(0, news.at - env_.time->now());
  self_->delayed_send(self_, std::chrono::nanoseconds(wait), look_again{});
}

void executor::look(const look_again& order) {
  if (order.mailbox == 0) {
    sweep();
    refill();
    return;
  }
  if (auto i = mailboxes_.find(order.mailbox); i != mailboxes_.end())
    ask_for_turn(i->first, *i->second);
  start_tasks();
}

void executor::swept(const sweep_ended& news) {
  is_sweeping_ = false;
  for (auto& [lane, sequence] : news.expired_in_memory)
    expire(lane, sequence);
  if (news.is_refused)
    self_->delayed_send(self_, refused_wait, look_again{});  // at once it would be refused again
  else if (news.goes_on)
    sweep();
  else if (auto next = next_deadline(*env_.store->read()); next != 0)
    deadline_is({next});
  refill();
}

void executor::refilled(const refill_ended& news) {
  is_refilling_ = false;
  cursor_ = news.cursor;
  if (cursor_ != 0)
    refill();
}

void executor::end(const inbox_entry& entry, errc reason, const std::string& text) {
  commit<bool>(
      growth::shrinks,
      [entry, reason, text](ledger& books, bool& found) {
        found = inbox::ended(books, entry.lane, entry.sequence, &entry, reason, text);
      },
      [log = env_.log, text](bool&, const error* problem) {
        if (problem)
          log->error("a call could not be ended ({}): {}", text, problem->what());
      });
}

void executor::expire(std::uint32_t lane, sequence_number sequence) {
  inbox_entry entry;
  for (auto& [id, box] : mailboxes_)
    if (box->remove(lane, sequence, entry)) {
      end(entry, errc::expired, "its time ran out before it was started");
      suspect_ended(entry);
      forget_if_idle(entry.mailbox);
      return;
    }
  // It runs: it was started in time.
}

void executor::sweep() {
  wake_at_ = 0;
  if (std::exchange(is_sweeping_, true))
    return;
  commit<sweep_ended>(
      growth::shrinks,
      [](ledger& books, sweep_ended& found) {
        auto promoted = inbox::promote_due(books, sweep_rows_max);
        auto expired = holdfast::expire(books, sweep_rows_max);
        found.expired_in_memory = std::move(expired.in_memory);
        found.goes_on = promoted == sweep_rows_max || expired.looked_at == sweep_rows_max;
      },
      [self = caf::actor(self_), log = env_.log](sweep_ended& found, const error* problem) {
        if (problem) {
          log->error("what is due cannot be looked at, and is tried again: {}", problem->what());
          found = {false, true, {}};
        }
        caf::anon_send(self, std::move(found));
      });
}

void executor::refill() {
  if (is_refilling_ || is_stopping_ || env_.store->read()->count(table_id::ready) == 0)
    return;
  is_refilling_ = true;
  commit<std::uint64_t>(
      growth::shrinks,
      [from = cursor_](ledger& books, std::uint64_t& cursor) {
        cursor = from;
        inbox::admit(books, cursor, limits::admitted_calls_per_mailbox_max,
                     limits::admitted_calls_max);
      },
      [self = caf::actor(self_)](std::uint64_t& cursor, const error* problem) {
        caf::anon_send(self, refill_ended{problem ? 0 : cursor});
      });
}

void executor::stop(const stop_executing& order) {
  is_stopping_ = true;
  on_stopped_ = order.done;
  for (auto& [id, box] : mailboxes_)
    for (auto& item : box->take_messages())
      if (item.message->done)
        item.message->done(
            {errc::unreachable, env_.self.name + " is stopping; the call did not run", {}});
  stop_if_done();
}

void executor::stop_if_done() {
  if (!on_stopped_)
    return;
  for (auto& [id, box] : mailboxes_)
    if (box->running > 0 || box->committing > 0)
      return;
  for (auto& thread : threads_)
    self_->send_exit(thread, caf::exit_reason::user_shutdown);
  std::exchange(on_stopped_, nullptr)();
}

}  // namespace holdfast
