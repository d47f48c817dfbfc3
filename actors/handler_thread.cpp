#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/handler_thread.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/refused_call.hpp>
#include <holdfast/actors/transaction.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

namespace holdfast {
namespace {

/// A task that has lasted so long gives its remaining work back, so that other mailboxes get their turn.
constexpr duration turn = std::chrono::milliseconds(5);

class task_runner {
public:
  task_runner(caf::event_based_actor* self, environment& env, std::shared_ptr<task> job)
      : self_(self), env_(env), job_(std::move(job)) {}

  void run() {
    auto begun = env_.time->now();
    task::progress end;
    std::size_t next = 0;
    for (bool goes_on = true; goes_on && next < job_->items.size(); ++next) {
      is_followed_ = next + 1 < job_->items.size();
      auto result = start(job_->items[next]);
      if (!result) {
        end.is_asked = true;
        goes_on = false;
        continue;
      }
      goes_on = !(job_->stops_at_failure && result->status == run_status::threw)
                && env_.time->now() - begun < turn.count();
      if (next + 1 < job_->items.size() && goes_on)
        report(std::move(*result));
      else
        end.results.push_back(std::move(*result));
    }
    for (; next < job_->items.size(); ++next)
      end.unrun.push_back(std::move(job_->items[next]));
    end.is_finished = true;
    if (job_->add(std::move(end)))
      self_->send(env_.executor, task_progress{job_});
  }

private:
  void report(run_result result) {
    task::progress progress;
    progress.results.push_back(std::move(result));
    if (job_->add(std::move(progress)))
      self_->send(env_.executor, task_progress{job_});
  }

  /// Empty if an actor was asked: it replies later.
  std::optional<run_result> start(task_item& item) {
    run_result result;
    result.item = item;
    if (item.message)
      return run_message(std::move(result));
    return run_call(std::move(result));
  }

  std::optional<run_result> run_call(run_result result) {
    auto& entry = result.item.entry;
    if (entry.expires_at != 0 && entry.expires_at <= env_.time->now())
      return finished(std::move(result), run_status::expired,
                      "its time ran out before it was started");
    std::string record;
    std::string caller;
    call_id id;
    if (!load(entry, record, caller, id))
      return finished(std::move(result), run_status::gone, {});
    call_view call;
    try {
      call = decode_call(record);
    } catch (const error& problem) {
      result.reason = errc::damaged;
      return finished(std::move(result), run_status::undecodable, problem.what());
    }
    result.header = std::make_shared<const call_header>(std::move(call.header));
    return run_method(std::move(result), caller, id, entry.attempt, call.payload);
  }

  bool load(const inbox_entry& entry, std::string& record, std::string& caller, call_id& id) {
    auto rows = env_.store->read();
    auto stored = rows->get(table_id::inbox, call_key(entry.lane, entry.sequence));
    if (!stored)
      return false;
    record = *stored;
    auto& source = lanes_.try_emplace(entry.lane).first->second;
    if (source.source.is_nil())
      source = find_in_lane(*rows, entry.lane).value_or(in_lane{});
    caller = source.source_name;
    id = {origin_of(source.source), source.lane, entry.sequence};
    return true;
  }

  std::optional<run_result> run_message(run_result result) {
    auto& message = *result.item.message;
    result.header = message.header;
    auto attempt = result.item.runs + 1;
    if (message.listener || message.then) {
      return in_transaction(std::move(result), message.caller, {}, attempt, [&](handler_run& run) {
        message.listener ? message.listener->run(run, message.event)
                         : message.then(run, message.reply);
        return std::string();
      });
    }
    return run_method(std::move(result), message.caller, {}, attempt, message.payload.view());
  }

  std::optional<run_result> run_method(run_result result, const std::string& caller, call_id id,
                                       std::uint32_t attempt, std::string_view payload) {
    auto method = env_.methods.find(result.header->method);
    if (result.header->is_foreign && !may_call(env_, method.get(), result.header->method))
      return refused(std::move(result), caller);
    if (!method) {
      auto text = env_.self.name + " serves no method '" + result.header->method + "'";
      return finished(std::move(result), run_status::unserved, std::move(text));
    }
    if (method->ask) {
      ask(*method, std::move(result), payload);
      return std::nullopt;
    }
    auto kind = result.header->payload;
    return in_transaction(std::move(result), caller, id, attempt,
                          [&](handler_run& run) { return method->run(run, kind, payload); });
  }

  /// A foreign node asked for it, here or through another node. A send is heard of in the log alone, once.
  run_result refused(run_result result, const std::string& caller) {
    auto& method = result.header->method;
    auto text = "'" + caller + "' asks on behalf of a foreign node for " + method
                + ", which foreign nodes may not call at " + env_.self.name
                + ": --foreign-allow, or its owner's word";
    if (env_.foreign.note_refused(caller, method) && env_.log)
      env_.log->warn("{}", text);
    result.reason = errc::not_allowed;
    return finished(std::move(result), run_status::undecodable, std::move(text));
  }

  /// The reply is a message to the executor: the task stays open until then.
  void ask(const served_method& method, run_result result, std::string_view payload) {
    auto shared = std::make_shared<run_result>(std::move(result));
    auto reply = [job = job_, shared,
                  executor = env_.executor](std::string value, std::optional<std::string> failure) {
      shared->status = failure ? run_status::threw : run_status::done;
      shared->value = std::move(value);
      shared->text = failure.value_or("");
      caf::anon_send(executor, actor_replied{job, shared});
    };
    try {
      method.ask(*shared->header, std::string(payload), reply);
    } catch (const error& problem) {
      bool never_fits = problem.code() == errc::undecodable || problem.code() == errc::bad_argument;
      shared->reason = errc::undecodable;
      shared->status = never_fits ? run_status::undecodable : run_status::threw;
      shared->text = problem.what();
      caf::anon_send(env_.executor, actor_replied{job_, shared});
    } catch (const std::exception& problem) {
      reply({}, problem.what());
    }
  }

  template <class Body>
  run_result in_transaction(run_result result, const std::string& caller, call_id id,
                            std::uint32_t attempt, Body body) {
    transaction::ground on{env_.self, *env_.store, *env_.time};
    transaction run(on, job_->below, written_, caller, *result.header, id, attempt, is_followed_);
    try {
      running_here inside(run);
      result.value = body(run);
      run.finish(result, written_);
      return result;
    } catch (const refused_call& problem) {
      result.is_refused = true;
      return finished(std::move(result), run_status::threw, problem.what());
    } catch (const error& problem) {
      result.reason = errc::undecodable;
      bool never_fits = problem.code() == errc::undecodable || problem.code() == errc::bad_argument;
      return finished(std::move(result), never_fits ? run_status::undecodable : run_status::threw,
                      problem.what());
    } catch (const std::exception& problem) {
      return finished(std::move(result), run_status::threw, problem.what());
    } catch (...) {
      return finished(std::move(result), run_status::threw,
                      "the handler threw something that is no std::exception");
    }
  }

  static run_result finished(run_result result, run_status status, std::string text) {
    result.status = status;
    result.text = std::move(text);
    return result;
  }

  caf::event_based_actor* self_;
  environment& env_;
  std::shared_ptr<task> job_;
  std::map<std::uint32_t, in_lane> lanes_;  ///< that calls of this task came over
  overlay written_;                         ///< by the runs of this task so far
  bool is_followed_ = false;                ///< what runs is not the last of the task
};

caf::behavior handler_thread_behavior(caf::event_based_actor* self, environment* env) {
  end_node_on_exception(self, *env, "handler thread");
  return {
      [self, env](const run_task& order) { task_runner(self, *env, order.job).run(); },
  };
}

}  // namespace

caf::actor spawn_handler_thread(caf::actor_system& system, environment& env) {
  return env.is_simulated ? system.spawn(handler_thread_behavior, &env)
                          : system.spawn<caf::detached>(handler_thread_behavior, &env);
}

}  // namespace holdfast
