#include <holdfast/actors/supervision.hpp>
#include <holdfast/actors/supervisor.hpp>
#include <holdfast/core/error.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <deque>
#include <map>
#include <optional>
#include <utility>

namespace holdfast {
namespace {

struct look_at_clock {};
struct start_has_failed {
  run_number run = 0;
  std::string text;
};
struct progress_is_due {
  run_number run = 0;
};

}  // namespace
}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::look_at_clock)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::start_has_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::progress_is_due)

namespace holdfast {
namespace {

child_rules rules_of(const child_spec& spec) {
  auto shutdown = spec.shutdown;
  if (!shutdown && spec.kind == child_kind::worker)
    shutdown = shutdown_default;
  return {spec.id, spec.restart, shutdown, spec.kind};
}

std::vector<child_rules> rules_of(const std::vector<child_spec>& specs) {
  std::vector<child_rules> rules;
  for (auto& spec : specs)
    rules.push_back(rules_of(spec));
  return rules;
}

/// What cannot work in a spec, or nothing.
std::string fault_of(const child_spec& spec) {
  if (!spec.start)
    return "the child " + spec.id + " has no start function";
  if (spec.progress && *spec.progress <= duration(0))
    return "the progress bound of the child " + spec.id + " must be longer than zero";
  return {};
}

supervision decision_of(const supervisor_options& options) {
  return {options.name,
          {options.strategy, options.intensity, options.kill_within},
          rules_of(options.children)};
}

/// Ahead of what waits in its mailbox, from any thread.
void kill_now(const caf::actor& child) {
  caf::anon_send<caf::message_priority::high>(
      child, caf::exit_msg{child.address(), caf::exit_reason::kill});
}

class supervisor {
public:
  supervisor(caf::event_based_actor* self, supervisor_options options)
      : self_(self), options_(std::move(options)), core_(decision_of(options_)) {
    for (auto& spec : options_.children)
      specs_.emplace(spec.id, spec);
    options_.children.clear();
  }

  void take(supervision_event_any event) {
    events_.push_back(std::move(event));
    if (events_.size() > 1)
      return;  // from an action: its turn comes below
    for (; !events_.empty(); events_.pop_front()) {
      auto actions = core_.step(events_.front(), now());
      for (auto& action : actions)
        std::visit([this](auto& each) { act(each); }, action);
    }
    if (core_.is_up())
      for (auto& promise : std::exchange(awaiting_, {}))
        promise.deliver(caf::unit);
    watch_clock();
  }

  void clock_looked_at() {
    looks_at_.reset();
    take(supervision_event::time_passed{});
  }

  void down(const caf::down_msg& news) {
    auto run = runs_.extract(news.source.id());
    if (run.empty())
      return;  // abandoned
    auto& child = alive_.at(run.mapped());
    former_[child.id] = news.source.id();
    alive_.erase(run.mapped());
    take(supervision_event::ended{run.mapped(), exit_kind_of(news.reason),
                                  reason_text(self_->system(), news.reason)});
  }

  /// An order to end. One from a child that linked itself to us says no more than its down message will.
  void exit(const caf::exit_msg& order) {
    if (runs_.contains(order.source.id()))
      return;
    for (auto& [id, actor] : former_)
      if (actor == order.source.id())
        return;
    if (!order.reason)
      return;
    if (!stop_reason_)
      stop_reason_ = order.reason;
    take(supervision_event::stop{});
  }

  caf::response_promise start(const start_child& order) {
    auto promise = self_->make_response_promise();
    if (auto fault = fault_of(order.spec); !fault.empty()) {
      promise.deliver(caf::make_error(caf::sec::invalid_argument, fault));
      return promise;
    }
    // A spec under an id that is taken must not replace that one's: the refusal comes from `take`.
    specs_.emplace(order.spec.id, order.spec);
    return ask(promise, order.spec.id, [&](request_number number) {
      return supervision_event::start_child{number, rules_of(order.spec)};
    });
  }

  template <class Event>
  caf::response_promise ask_for(const std::string& id) {
    auto promise = self_->make_response_promise();
    return ask(promise, id, [&](request_number number) { return Event{number, id}; });
  }

  caf::response_promise await() {
    auto promise = self_->make_response_promise();
    if (core_.is_up())
      promise.deliver(caf::unit);
    else
      awaiting_.push_back(promise);
    return promise;
  }

  caf::result<caf::actor> child(const std::string& id) {
    if (auto actor = running(id))
      return actor;
    return caf::make_error(caf::sec::invalid_argument,
                           options_.name + " has no child " + id + " that runs now");
  }

  void progress_due(run_number run) {
    auto i = alive_.find(run);
    if (i == alive_.end() || !core_.is_running(run))
      return;
    i->second.watch.asked(now());
    auto bound = *i->second.progress;
    self_->request<caf::message_priority::high>(i->second.actor, bound, ask_progress{})
        .then([this, run](const progress_answer& answer) { progress_answered(run, answer); },
              [this, run](const caf::error& problem) {
                if (problem == caf::sec::request_timeout)
                  progress_missed(run);
                else
                  progress_answered(run, {});  // it handled the question, if only by refusing it
              });
  }

  supervisor_status status() { return core_.status(now()); }

  /// The supervisor is no more: without it nobody would end them.
  void orphan() {
    for (auto& [run, child] : alive_)
      kill_now(child.actor);
    alive_.clear();
    for (auto& promise : std::exchange(awaiting_, {}))
      refuse(promise, options_.name + " has ended");
    for (auto& [number, waits] : std::exchange(asked_, {}))
      refuse(waits.promise, options_.name + " has ended");
  }

private:
  struct living {
    std::string id;
    caf::actor actor;
    std::optional<duration> progress;
    progress_watch watch;
  };
  struct waiting {
    std::string id;
    caf::response_promise promise;
    bool wants_actor = false;
  };

  duration now() const { return self_->clock().now().time_since_epoch(); }

  template <class Make>
  caf::response_promise ask(caf::response_promise promise, const std::string& id, Make make) {
    auto number = ++last_request_;
    auto event = make(number);
    using kind = decltype(event);
    constexpr bool wants_actor =
        std::is_same_v<kind,
                       supervision_event::
                           start_child> || std::is_same_v<kind, supervision_event::restart_child>;
    asked_.emplace(number, waiting{id, promise, wants_actor});
    take(std::move(event));
    return promise;
  }

  static void refuse(caf::response_promise& promise, const std::string& why) {
    promise.deliver(caf::make_error(caf::sec::invalid_argument, why));
  }

  caf::actor running(const std::string& id) const {
    for (auto& [run, child] : alive_)
      if (child.id == id && core_.is_running(run))
        return child.actor;
    return {};
  }

  // ---- actions

  void act(const supervision_report& report) {
    if (options_.log)
      options_.log->log(is_trouble(report) ? spdlog::level::warn : spdlog::level::info, "{}",
                        to_string(report));
    if (options_.on_report)
      options_.on_report(report);
  }

  void act(const supervision_action::start& order) try {
    auto& spec = specs_.at(order.id);
    auto actor = spec.start(self_->system());
    if (!actor)
      throw error(errc::failed, "its start function returned no actor");
    runs_.emplace(actor.id(), order.run);
    alive_.emplace(order.run, living{order.id, actor, spec.progress, {}});
    self_->monitor(actor);
    if (spec.kind == child_kind::worker)
      return up(order.run);
    auto run = order.run;
    self_->request(actor, caf::infinite, await_children{})
        .then([this, run] { up(run); },
              [this, run](const caf::error& problem) {
                if (problem == caf::sec::unexpected_message)
                  up(run);  // a supervisor of another make; otherwise its down message follows
              });
  } catch (const std::exception& problem) {
    // As a message: between two attempts others are heard.
    self_->send(self_, start_has_failed{order.run, problem.what()});
  } catch (...) {
    self_->send(self_, start_has_failed{order.run, "an unknown exception"});
  }

  void act(const supervision_action::stop& order) {
    if (auto i = alive_.find(order.run); i != alive_.end())
      self_->send_exit(i->second.actor, caf::exit_reason::user_shutdown);
  }

  void act(const supervision_action::kill& order) {
    if (auto i = alive_.find(order.run); i != alive_.end())
      kill_now(i->second.actor);
  }

  void act(const supervision_action::abandon& order) {
    auto i = alive_.find(order.run);
    if (i == alive_.end())
      return;
    self_->demonitor(i->second.actor.address());
    former_[order.id] = i->second.actor.id();
    runs_.erase(i->second.actor.id());
    alive_.erase(i);
  }

  void act(const supervision_action::forget& order) {
    specs_.erase(order.id);
    former_.erase(order.id);
  }

  void act(const supervision_action::answer& order) {
    auto asked = asked_.extract(order.request);
    if (asked.empty())
      return;
    auto& [id, promise, wants_actor] = asked.mapped();
    if (!order.refusal.empty())
      refuse(promise, order.refusal);
    else if (wants_actor)
      promise.deliver(running(id));
    else
      promise.deliver(caf::unit);
  }

  void act(const supervision_action::end& order) {
    self_->quit(order.is_failure ? caf::make_error(caf::sec::runtime_error, order.text)
                                 : stop_reason_.value_or(caf::exit_reason::user_shutdown));
  }

  // ---- progress

  void up(run_number run) {
    take(supervision_event::started{run});
    ask_later(run);
  }

  void ask_later(run_number run) {
    if (auto i = alive_.find(run); i != alive_.end() && i->second.progress)
      self_->delayed_send(self_, *i->second.progress, progress_is_due{run});
  }

  void progress_answered(run_number run, const progress_answer& answer) {
    auto i = alive_.find(run);
    if (i == alive_.end())
      return;
    if (i->second.watch.answered(answer) == progress_watch::verdict::hangs)
      take(
          supervision_event::hung{run, "it has work and has done nothing since it was asked last"});
    else
      ask_later(run);
  }

  void progress_missed(run_number run) {
    auto i = alive_.find(run);
    if (i == alive_.end())
      return;
    if (i->second.watch.silent(now(), *i->second.progress) == progress_watch::verdict::ask_again)
      progress_due(run);
    else
      take(supervision_event::hung{run, "it did not answer within its bound"});
  }

  /// One message on its way for the earliest deadline.
  void watch_clock() {
    auto next = core_.next_deadline();
    if (!next || (looks_at_ && *looks_at_ <= *next))
      return;
    looks_at_ = next;
    self_->delayed_send(self_, *next - now(), look_at_clock{});
  }

  caf::event_based_actor* self_;
  supervisor_options options_;
  supervision core_;
  std::map<std::string, child_spec> specs_;
  std::map<run_number, living> alive_;
  std::map<caf::actor_id, run_number> runs_;
  std::map<std::string, caf::actor_id> former_;  ///< the last run of each that is no more
  std::map<request_number, waiting> asked_;
  std::vector<caf::response_promise> awaiting_;
  std::deque<supervision_event_any> events_;
  std::optional<duration> looks_at_;
  std::optional<caf::error> stop_reason_;
  request_number last_request_ = 0;
};

caf::behavior supervisor_behavior(caf::event_based_actor* self,
                                  const std::shared_ptr<supervisor_options>& given) {
  end_with_exception_text(self);
  auto state = std::make_shared<supervisor>(self, *given);
  self->attach_functor([state](const caf::error&) { state->orphan(); });
  self->set_down_handler([state](const caf::down_msg& news) { state->down(news); });
  self->set_exit_handler([state](const caf::exit_msg& order) { state->exit(order); });
  // A child that answers a plain message with an error must not end its supervisor, which is what CAF does by default.
  self->set_error_handler([](const caf::error&) {});
  self->set_default_handler(caf::drop);
  state->take(supervision_event::begin{});
  return {
      [state](const look_at_clock&) { state->clock_looked_at(); },
      [state](const start_has_failed& news) {
        state->take(supervision_event::start_failed{news.run, news.text});
      },
      [state](const progress_is_due& due) { state->progress_due(due.run); },
      [state](const start_child& order) { return state->start(order); },
      [state](const stop_child& order) {
        return state->ask_for<supervision_event::stop_child>(order.id);
      },
      [state](const restart_child& order) {
        return state->ask_for<supervision_event::restart_child>(order.id);
      },
      [state](const delete_child& order) {
        return state->ask_for<supervision_event::delete_child>(order.id);
      },
      [state](const get_child& query) { return state->child(query.id); },
      [state](const get_supervisor_status&) { return state->status(); },
      [state](const await_children&) { return state->await(); },
      answer_progress(),
  };
}

}  // namespace

caf::actor spawn_supervisor(caf::actor_system& system, supervisor_options options) {
  for (auto& spec : options.children)
    if (auto fault = fault_of(spec); !fault.empty())
      throw error(errc::bad_option, fault);
  (void)decision_of(options);  // throws here rather than in the actor
  auto given = std::make_shared<supervisor_options>(std::move(options));
  return given->own_thread ? system.spawn<caf::detached>(supervisor_behavior, given)
                           : system.spawn(supervisor_behavior, given);
}

child_spec supervisor_child(supervisor_options options, restart_policy restart) {
  child_spec spec;
  spec.id = options.name;
  spec.restart = restart;
  spec.kind = child_kind::supervisor;
  spec.start = [options = std::move(options)](caf::actor_system& system) {
    return spawn_supervisor(system, options);
  };
  return spec;
}

exit_kind exit_kind_of(const caf::error& reason) {
  if (!reason)
    return exit_kind::normal;
  if (reason == caf::exit_reason::user_shutdown)
    return exit_kind::shutdown;
  return reason == caf::exit_reason::kill ? exit_kind::killed : exit_kind::error;
}

std::string reason_text(caf::actor_system& system, const caf::error& reason) {
  if (!reason)
    return "normal";
  auto& context = reason.context();
  if (context.match_elements<std::string>())
    return context.get_as<std::string>(0);
  if (reason.category() == caf::error(caf::exit_reason::kill).category())
    return to_string(static_cast<caf::exit_reason>(reason.code()));
  return system.render(reason);
}

}  // namespace holdfast
