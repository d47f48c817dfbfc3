#include <holdfast/actors/executor_state.hpp>
#include <holdfast/actors/outgoing.hpp>
#include <holdfast/actors/retry.hpp>

#include <algorithm>

namespace holdfast {
namespace {

/// How long calls wait that could not grow the store.
constexpr auto full_disk_wait = std::chrono::seconds(1);

/// It did run: the next run is not the first.
task_item again(const run_result& result) {
  auto item = result.item;
  item.runs += 1;
  item.entry.attempt += 1;
  return item;
}

/// How long a call waits of which not even its failure could be stored.
constexpr auto unstorable_wait = std::chrono::seconds(1);

}  // namespace

void executor::settled(const batch_settled& news) {
  auto& batch = *news.batch;
  auto& box = *mailboxes_.at(batch.mailbox());
  --box.committing;
  box.results_ahead -= batch.results().size();
  box.bytes_ahead -= batch.bytes();
  std::erase(box.below, batch.layer());
  if (box.last == news.batch)
    box.last.reset();
  auto& results = batch.results();
  for (std::size_t i = 0; i < batch.committed(); ++i)
    let_out(batch.mailbox(), results[i]);
  if (batch.committed() < results.size())
    refused(box, batch);
  if (box.below.size() < mailbox::layers_max)
    send_batch(batch.mailbox(), box, box.gathered.take());
  mend(batch.mailbox(), box);
  ask_for_turn(batch.mailbox(), box);
  forget_if_idle(batch.mailbox());
  refill();
  start_tasks();
  stop_if_done();
}

void executor::submit(std::uint64_t id, mailbox& box, std::vector<run_result> results,
                      bool is_alone) {
  for (auto& result : results)
    judge(id, box, result);
  box.results_ahead += results.size();
  box.bytes_ahead += commit_batch::bytes_of(results);
  if (box.options().concurrency == 1 && box.gathers() && !is_alone) {
    box.gathered.add(std::move(results));
    return;
  }
  send_batch(id, box, box.gathered.take());
  send_batch(id, box, std::move(results));
}

void executor::send_batch(std::uint64_t id, mailbox& box, std::vector<run_result> results) {
  if (results.empty())
    return;
  auto before = box.options().concurrency == 1 ? box.last : nullptr;
  auto batch = std::make_shared<commit_batch>(
      id, std::move(results), before,
      [self = caf::actor(self_)](std::shared_ptr<commit_batch> done) {
        caf::anon_send(self, batch_settled{std::move(done)});
      });
  ++box.committing;
  if (!batch->layer()->empty())
    box.below.insert(box.below.begin(), batch->layer());
  box.last = batch;
  if (batch->is_effectless() && box.committing == 1 && !box.is_broken) {
    batch->settle_without_commit();
    return;
  }
  self_->send(env_.persistence, commit_request{batch});
}

void executor::judge(std::uint64_t id, mailbox& box, run_result& result) {
  if (result.status != run_status::threw)
    return;
  ++status_.failures;
  log_failure(result);
  if (result.item.message)
    return;
  auto decision =
      decide_retry(box.options(), *result.header, result.item.entry.failures, env_.random->next());
  result.is_given_up = decision.is_given_up;
  result.due = env_.time->now() + decision.wait.count();
  result.keeps_place = box.options().ordered && !decision.is_given_up;
  if (result.keeps_place)
    block(id, box, decision.wait);  // at once: what stands behind it must not start meanwhile
}

void executor::log_failure(const run_result& result) {
  auto attempt = result.item.message ? result.item.runs + 1 : result.item.entry.attempt;
  bool is_told = result.is_refused && result.item.message && result.item.message->done;
  env_.log->log(is_told ? spdlog::level::debug : spdlog::level::warn,
                "{}: attempt {} failed: {} (trace {:x} from {})", result.header->method, attempt,
                result.text, result.header->trace, result.header->origin);
}

void executor::let_out(std::uint64_t id, run_result& result) {
  for (auto& message : result.sends)
    send(message);
  for (auto& call : result.calls)
    call_out(id, result, call);
  if (result.item.message) {
    answer(result);
    return;
  }
  status_.executed += result.status == run_status::done ? 1 : 0;
  suspect_ended(result.item.entry);
  if (result.keeps_place)
    retry_in_place(id, result);
}

void executor::send(outgoing_message& message) {
  if (message.wait <= duration::zero()) {
    send_to(env_, message.peer, std::move(message.header), std::move(message.payload));
    return;
  }
  auto header = std::make_shared<const call_header>(std::move(message.header));
  self_->delayed_send(
      self_, message.wait,
      method_message{
          message.peer, std::move(header), shared_bytes(std::move(message.payload)), {}, {}});
}

void executor::answer(run_result& result) {
  auto& done = result.item.message->done;
  if (!done)
    return;
  switch (result.status) {
  case run_status::done: done({errc::none, {}, shared_bytes(std::move(result.value))}); return;
  case run_status::threw: done({errc::failed, result.text, {}}); return;
  default: done({errc::unreachable, result.text + "; the call did not run", {}}); return;
  }
}

void executor::call_out(std::uint64_t id, const run_result& result, outgoing_call& call) {
  auto answer = [self = caf::actor(self_), id, header = result.header, caller = call.peer,
                 then = std::move(call.then)](const call_reply& reply) {
    auto message = std::make_shared<task_message>();
    message->caller = caller;
    message->header = header;
    message->then = then;
    message->reply = reply;
    caf::anon_send(self, call_answered{id, std::move(message)});
  };
  call_to(env_, call.peer, std::move(call.header), std::move(call.payload), call.within,
          std::move(answer));
}

void executor::retry_in_place(std::uint64_t id, const run_result& result) {
  auto entry = result.item.entry;
  ++entry.attempt;
  ++entry.failures;
  entry.has_attempts = true;
  mailboxes_.at(id)->add(entry);
}

void executor::refused(mailbox& box, commit_batch& batch) {
  auto& results = batch.results();
  box.is_broken = true;
  if (batch.refusal() == errc::disk_full) {
    ++status_.held_by_full_disk;
    box.full_until = env_.time->now() + duration(full_disk_wait).count();
    block(batch.mailbox(), box, full_disk_wait);
  } else if (batch.refusal() == errc::none) {
    ++status_.conflicts;
    box.careful = 16;  // smaller steps lose less when it happens again
  } else if (results.size() > 1) {
    box.careful = static_cast<unsigned>(results.size());
  } else if (results[0].status != run_status::threw) {
    env_.log->warn("{}: its effects cannot be stored: {}",
                   results[0].header ? results[0].header->method : "a call", batch.refusal_text());
    box.unstorable.emplace_back(again(results[0]), batch.refusal_text());
    return;
  } else {
    env_.log->error("{}: its failure cannot be stored: {}",
                    results[0].header ? results[0].header->method : "a call", batch.refusal_text());
    block(batch.mailbox(), box, unstorable_wait);
  }
  for (auto i = batch.committed(); i < results.size(); ++i)
    box.rerun.push_back(again(results[i]));
}

void executor::mend(std::uint64_t id, mailbox& box) {
  if (!box.is_broken || box.running > 0 || box.committing > 0)
    return;
  box.is_broken = false;
  box.put_back(std::exchange(box.rerun, {}));
  for (auto& [item, text] : std::exchange(box.unstorable, {}))
    fail(id, box, std::move(item), text);
}

void executor::fail(std::uint64_t id, mailbox& box, task_item item, const std::string& text) {
  run_result result;
  result.header = item.message ? item.message->header : header_of(item.entry);
  result.item = std::move(item);
  result.status = run_status::threw;
  result.text = text;
  std::vector<run_result> results;
  results.push_back(std::move(result));
  submit(id, box, std::move(results), true);
}

std::shared_ptr<const call_header> executor::header_of(const inbox_entry& entry) {
  auto record = env_.store->read()->get(table_id::inbox, call_key(entry.lane, entry.sequence));
  return std::make_shared<const call_header>(record ? decode_call_header(*record) : call_header{});
}

}  // namespace holdfast
