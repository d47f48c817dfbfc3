#include <holdfast/actors/child_spec.hpp>
#include <holdfast/actors/executor.hpp>
#include <holdfast/actors/executor_state.hpp>
#include <holdfast/persistence/inbox.hpp>

#include <algorithm>
#include <utility>

namespace holdfast {
namespace {

/// Work given to a handler thread at one time.
constexpr std::size_t task_items_max = 64;

}  // namespace

void executor::admitted(const calls_admitted& news) {
  for (auto& entry : news.entries) {
    suspects_ += entry.is_suspect ? 1 : 0;
    if (entry.kills >= limits::kills_max) {
      end(entry, errc::killed_process,
          "the process ended " + std::to_string(entry.kills)
              + " times while this call alone was running");
      suspect_ended(entry);
      continue;
    }
    auto& box = mailbox_for(entry);
    box.add(entry);
    ask_for_turn(entry.mailbox, box);
  }
  start_tasks();
}

void executor::message(method_message news) {
  auto message = std::make_shared<task_message>();
  message->caller = std::move(news.peer);
  message->header = std::move(news.header);
  message->payload = std::move(news.payload);
  message->done = std::move(news.done);
  message->taken = std::move(news.taken);
  auto& header = *message->header;
  auto service = service_of(header.method);
  add_message(mailbox_of(service, header.key), service, std::move(message));
}

void executor::peer_event_came(const peer_changed& news) {
  auto header = std::make_shared<call_header>();
  header->trace = env_.random->next() | 1;
  header->origin = env_.self.name;
  for (auto& listener : env_.methods.listeners()) {
    auto message = std::make_shared<task_message>();
    message->caller = std::visit([](auto& event) { return event.node; }, news.event);
    message->header = header;
    message->listener = listener;
    message->event = news.event;
    add_message(mailbox_of(listener->service, {}), listener->service, std::move(message));
  }
}

void executor::answered(const call_answered& news) {
  add_message(news.mailbox, service_of(news.message->header->method), news.message);
}

void executor::progressed(const task_progress& news, caf::actor thread) {
  auto progress = news.job->take();
  auto& box = *mailboxes_.at(news.job->mailbox);
  box.put_back(std::move(progress.unrun));
  submit(news.job->mailbox, box, std::move(progress.results), news.job->is_alone);
  if (progress.is_finished) {
    idle_.push_back(std::move(thread));
    if (progress.is_asked)
      asked_.insert(news.job->id);
    else
      task_ended(*news.job, box);
  }
  ask_for_turn(news.job->mailbox, box);
  if (auto early = early_replies_.extract(news.job->id))
    actor_answered({news.job, early.mapped()});
  start_tasks();
  forget_if_idle(news.job->mailbox);
  stop_if_done();
}

void executor::actor_answered(const actor_replied& news) {
  if (!tasks_.contains(news.job->id))
    return;  // a second reply, or one of an overtaken attempt
  if (asked_.erase(news.job->id) == 0) {
    early_replies_.emplace(news.job->id, news.result);
    return;
  }
  auto& box = *mailboxes_.at(news.job->mailbox);
  std::vector<run_result> results;
  results.push_back(std::move(*news.result));
  submit(news.job->mailbox, box, std::move(results), news.job->is_alone);
  task_ended(*news.job, box);
  ask_for_turn(news.job->mailbox, box);
  start_tasks();
  forget_if_idle(news.job->mailbox);
  stop_if_done();
}

executor_status executor::status() const {
  auto status = status_;
  status.mailboxes = mailboxes_.size();
  status.running = tasks_.size();
  status.handler_threads = threads_.size();
  status.suspects = suspects_;
  return status;
}

mailbox& executor::mailbox_for(const inbox_entry& entry) {
  if (auto i = mailboxes_.find(entry.mailbox); i != mailboxes_.end())
    return *i->second;
  std::string service;
  auto rows = env_.store->read();
  if (auto record = rows->get(table_id::inbox, call_key(entry.lane, entry.sequence)))
    service = service_of(decode_call_header(*record).method);
  return open(entry.mailbox, service);
}

mailbox& executor::open(std::uint64_t id, std::string_view service) {
  auto& box = mailboxes_[id];
  if (!box)
    box = std::make_unique<mailbox>(env_.methods.options_of(service));
  return *box;
}

void executor::add_message(std::uint64_t id, std::string_view service,
                           std::shared_ptr<const task_message> message) {
  if (is_stopping_) {
    if (message->done)
      message->done({errc::unreachable, env_.self.name + " is stopping; the call did not run", {}});
    return;
  }
  auto& box = open(id, service);
  box.add(std::move(message));
  ask_for_turn(id, box);
  start_tasks();
}

void executor::ask_for_turn(std::uint64_t id, mailbox& box) {
  if (box.is_queued || !box.may_start(env_.time->now()))
    return;
  box.is_queued = true;
  turns_.push_back(id);
}

void executor::forget_if_idle(std::uint64_t id) {
  if (auto i = mailboxes_.find(id);
      i != mailboxes_.end() && i->second->is_idle() && !i->second->is_queued)
    mailboxes_.erase(i);
}

void executor::block(std::uint64_t id, mailbox& box, duration wait) {
  box.blocked_until = env_.time->now() + wait.count();
  self_->delayed_send(self_, wait, look_again{id});
}

void executor::start_tasks() {
  while (!turns_.empty() && !is_stopping_) {
    if (idle_.empty() && threads_.size() >= env_.settings.handler_threads_max)
      return;
    auto id = turns_.front();
    turns_.pop_front();
    auto& box = *mailboxes_.at(id);
    box.is_queued = false;
    if (!box.may_start(env_.time->now()) || start_suspect(id, box))
      continue;
    bool is_alone = box.careful > 0;
    auto items = box.take(is_alone ? 1 : task_items_max, env_.time->now(), false);
    if (items.empty())
      continue;
    box.careful -= is_alone ? 1 : 0;
    ++box.running;
    give(id, box, std::move(items), is_alone);
    ask_for_turn(id, box);  // with a concurrency above 1 there may be more
  }
}

void executor::give(std::uint64_t id, mailbox& box, std::vector<task_item> items, bool is_alone) {
  auto job = std::make_shared<task>();
  job->id = ++last_task_;
  job->mailbox = id;
  job->items = std::move(items);
  job->is_alone = is_alone;
  job->stops_at_failure = box.options().ordered;
  if (box.options().concurrency == 1)
    job->below = box.layers();
  for (auto& item : job->items)
    if (item.message && item.message->taken && !std::exchange(item.is_taken, true))
      item.message->taken();
  tasks_.insert(job->id);
  self_->send(thread(), run_task{std::move(job)});
}

void executor::task_ended(const task& job, mailbox& box) {
  tasks_.erase(job.id);
  --box.running;
  mend(job.mailbox, box);
}

caf::actor executor::thread() {
  if (idle_.empty()) {
    threads_.push_back(spawn_handler_thread(self_->system(), env_));
    return threads_.back();
  }
  auto thread = std::move(idle_.back());
  idle_.pop_back();
  return thread;
}

namespace {

caf::behavior executor_behavior(caf::event_based_actor* self, environment* env) {
  end_node_on_exception(self, *env, "executor");
  auto state = std::make_shared<executor>(self, *env);
  // Tried in this order for each message: the frequent ones come first.
  return {
      [state](method_message& news) { state->message(std::move(news)); },
      [state, self](const task_progress& news) {
        state->progressed(news, caf::actor_cast<caf::actor>(self->current_sender()));
      },
      [state](const batch_settled& news) { state->settled(news); },
      [state](const call_answered& news) { state->answered(news); },
      [state](const calls_admitted& news) { state->admitted(news); },
      [state](const recover_calls& order) { state->recover(order); },
      [state](const peer_changed& news) { state->peer_event_came(news); },
      [state](const actor_replied& news) { state->actor_answered(news); },
      [state](const suspect_noted& news) { state->suspect_may_start(news); },
      [state](const drop_call& order) { state->drop(order); },
      [state](const method_served& news) { state->served(news); },
      [state](const deadline_set& news) { state->deadline_is(news); },
      [state](const look_again& order) { state->look(order); },
      [state](const sweep_ended& news) { state->swept(news); },
      [state](const refill_ended& news) { state->refilled(news); },
      [state](const get_executor_status& query) { query.reply(state->status()); },
      [state](const stop_executing& order) { state->stop(order); },
      answer_progress(),
  };
}

}  // namespace

caf::actor spawn_executor(caf::actor_system& system, environment& env) {
  return system.spawn(executor_behavior, &env);
}

}  // namespace holdfast
