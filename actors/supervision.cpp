#include <holdfast/actors/supervision.hpp>
#include <holdfast/core/error.hpp>

#include <algorithm>
#include <utility>

namespace holdfast {
namespace {

bool is_alive(child_phase phase) {
  return phase != child_phase::stopped && phase != child_phase::waiting;
}

bool is_failure(exit_kind kind) {
  return kind != exit_kind::normal && kind != exit_kind::shutdown;
}

bool is_restarted(restart_policy policy, exit_kind kind) {
  return policy == restart_policy::permanent
         || (policy == restart_policy::transient && is_failure(kind));
}

std::string last_words(exit_kind kind, const std::string& text) {
  return text.empty() ? std::string(to_string(kind)) : text;
}

}  // namespace

supervision::supervision(std::string name, supervision_rules rules,
                         const std::vector<child_rules>& children)
    : name_(std::move(name)), rules_(rules), intensity_(rules.intensity) {
  for (auto& given : children) {
    if (given.id.empty())
      throw error(errc::bad_name, "a child of the supervisor " + name_ + " has no id");
    if (find(given.id))
      throw error(errc::bad_name,
                  "two children of the supervisor " + name_ + " have the id " + given.id);
    add(given, false, 0);
  }
}

std::vector<supervision_action_any> supervision::step(const supervision_event_any& event,
                                                      duration now) {
  now_ = now;
  std::visit([this](auto& each) { take(each); }, event);
  return std::exchange(actions_, {});
}

std::optional<duration> supervision::next_deadline() const {
  std::optional<duration> next;
  for (auto& each : children_)
    if (each.deadline && (!next || *each.deadline < *next))
      next = each.deadline;
  return next;
}

bool supervision::is_up() const {
  return has_begun_ && !is_ending_
         && std::none_of(children_.begin(), children_.end(), [](const child& each) {
              return each.phase == child_phase::waiting || each.phase == child_phase::starting;
            });
}

bool supervision::is_running(run_number run) const {
  return std::any_of(children_.begin(), children_.end(), [run](const child& each) {
    return each.run == run && each.phase == child_phase::running;
  });
}

supervisor_status supervision::status(duration now) {
  supervisor_status status{
      name_, rules_.strategy, intensity_.count(now), rules_.intensity, is_ending_, {}};
  for (auto& each : children_)
    status.children.push_back(
        {each.rules.id, each.rules.kind, each.rules.restart, each.phase, each.starts});
  return status;
}

// ---- what children do

void supervision::take(const supervision_event::begin&) {
  has_begun_ = true;
  go_on();
}

void supervision::take(const supervision_event::started& event) {
  auto it = find(event.run);
  if (!it || it->phase != child_phase::starting)
    return;
  it->phase = child_phase::running;
  it->is_new = false;
  report(supervision_fact::started, it);
  answer(std::exchange(it->starter, 0));
  go_on();
}

void supervision::take(const supervision_event::start_failed& event) {
  auto it = find(event.run);
  if (!it || it->phase == child_phase::running)
    return;  // it may have been asked to end in the meantime
  report(supervision_fact::start_failed, it, exit_kind::error, event.text);
  if (it->must_stop)
    gone(*it, exit_kind::error, event.text);
  else
    failed(*it, exit_kind::error, event.text);
  go_on();
}

void supervision::take(const supervision_event::ended& event) {
  auto it = find(event.run);
  if (!it)
    return;
  auto kind = it->is_hung ? exit_kind::hung : event.kind;
  if (it->must_stop) {
    report(supervision_fact::stopped, it, kind, event.text);
    gone(*it, kind, event.text);
  } else {
    report(supervision_fact::exited, it, kind, it->is_hung ? std::string() : event.text);
    failed(*it, kind, it->is_hung ? "it hung" : event.text);
  }
  go_on();
}

void supervision::take(const supervision_event::hung& event) {
  auto it = find(event.run);
  if (!it || it->phase != child_phase::running)
    return;
  report(supervision_fact::hung, it, exit_kind::hung, event.text);
  it->is_hung = true;
  kill(*it);
}

void supervision::take(const supervision_event::time_passed&) {
  std::vector<run_number> late;
  for (auto& each : children_)
    if (each.deadline && *each.deadline <= now_)
      late.push_back(each.run);
  for (auto run : late) {
    auto it = find(run);
    if (!it)
      continue;
    if (it->phase == child_phase::stopping) {
      report(supervision_fact::killed, it);
      kill(*it);
      continue;
    }
    report(supervision_fact::abandoned, it);
    actions_.push_back(supervision_action::abandon{it->rules.id, run});
    take(supervision_event::ended{run, exit_kind::killed, "abandoned"});
  }
}

// ---- what others want

void supervision::take(const supervision_event::stop&) {
  if (is_ending_)
    return;
  end_all();
  go_on();
}

void supervision::take(const supervision_event::start_child& event) {
  auto& id = event.child.id;
  if (is_ending_)
    return answer(event.request, name_ + " is ending and starts nothing more");
  if (id.empty())
    return answer(event.request, "a child needs an id");
  if (auto it = find(id))
    return answer(event.request, name_ + " has a child " + id + " already; it is "
                                     + std::string(to_string(it->phase)));
  add(event.child, true, event.request);
  go_on();
}

void supervision::take(const supervision_event::stop_child& event) {
  auto it = find(event.id);
  if (!it)
    return answer(event.request, name_ + " has no child " + event.id);
  if (!is_alive(it->phase)) {
    rest(*it, "it was stopped before it had started");
    return answer(event.request);
  }
  it->must_stop = true;
  it->goes_on = false;
  it->stoppers.push_back(event.request);
  go_on();
}

void supervision::take(const supervision_event::restart_child& event) {
  auto it = find(event.id);
  if (!it)
    return answer(event.request, name_ + " has no child " + event.id);
  if (is_ending_)
    return answer(event.request, name_ + " is ending and starts nothing more");
  if (it->phase != child_phase::stopped)
    return answer(event.request, event.id + " is " + std::string(to_string(it->phase))
                                     + "; stop it before it is started again");
  it->phase = child_phase::waiting;
  it->starter = event.request;
  go_on();
}

void supervision::take(const supervision_event::delete_child& event) {
  auto it = find(event.id);
  if (!it)
    return answer(event.request, name_ + " has no child " + event.id);
  if (it->phase != child_phase::stopped)
    return answer(event.request, event.id + " is " + std::string(to_string(it->phase))
                                     + "; stop it before it is deleted");
  actions_.push_back(supervision_action::forget{event.id});
  children_.erase(children_.begin() + (it - children_.data()));
  answer(event.request);
}

// ---- decisions

supervision::child* supervision::find(run_number run) {
  for (auto& each : children_)
    if (each.run == run && is_alive(each.phase))
      return &each;
  return nullptr;
}

supervision::child* supervision::find(const std::string& id) {
  for (auto& each : children_)
    if (each.rules.id == id)
      return &each;
  return nullptr;
}

void supervision::add(const child_rules& rules, bool is_new, request_number starter) {
  child added;
  added.rules = rules;
  added.is_new = is_new;
  added.starter = starter;
  children_.push_back(std::move(added));
}

/// It was to be stopped and has ended.
void supervision::gone(child& of, exit_kind kind, const std::string& text) {
  if (!of.goes_on)
    return rest(of, "it was stopped before it was up: " + last_words(kind, text));
  of.phase = child_phase::waiting;
  of.must_stop = of.goes_on = of.is_hung = false;
  of.deadline.reset();
}

/// It has ended by itself.
void supervision::failed(child& of, exit_kind kind, const std::string& text) {
  // Whoever asked for the start hears of it, and decides: it is not tried again behind their back.
  if (of.starter != 0)
    return rest(of, last_words(kind, text));
  if (!is_restarted(of.rules.restart, kind))
    return rest(of, {});
  restart(of, last_words(kind, text));
}

void supervision::restart(child& of, const std::string& text) {
  of.deadline.reset();
  of.is_hung = false;
  if (intensity_.add(now_)) {
    of.phase = child_phase::waiting;
    report(supervision_fact::restarting, &of);
    restart_along(of);
    return;
  }
  of.phase = child_phase::stopped;
  report(supervision_fact::escalated, &of, exit_kind::error, text);
  failure_ = to_string(std::get<supervision_report>(actions_.back()));
  end_all();
}

/// What was stopped already stays so, and so does what had finished its work.
void supervision::restart_along(const child& with) {
  if (rules_.strategy == restart_strategy::one_for_one)
    return;
  bool is_behind = rules_.strategy == restart_strategy::one_for_all;
  for (auto& each : children_) {
    if (&each == &with) {
      is_behind = true;
    } else if (is_behind && is_alive(each.phase) && !each.must_stop) {
      each.must_stop = true;
      each.goes_on = each.rules.restart != restart_policy::temporary;
    }
  }
}

/// It stays ended; a temporary child, and one whose first start was asked for in vain, is forgotten.
void supervision::rest(child& of, const std::string& why) {
  of.phase = child_phase::stopped;
  of.must_stop = of.goes_on = of.is_hung = false;
  of.deadline.reset();
  if (auto starter = std::exchange(of.starter, 0))
    answer(starter, of.rules.id + " could not be started: " + why);
  for (auto stopper : std::exchange(of.stoppers, {}))
    answer(stopper);
  if (of.is_new || of.rules.restart == restart_policy::temporary) {
    actions_.push_back(supervision_action::forget{of.rules.id});
    children_.erase(children_.begin() + (&of - children_.data()));
  }
}

void supervision::end_all() {
  is_ending_ = true;
  std::vector<std::string> never;
  for (auto& each : children_) {
    if (is_alive(each.phase)) {
      each.must_stop = true;
      each.goes_on = false;
    } else if (each.phase == child_phase::waiting) {
      never.push_back(each.rules.id);
    }
  }
  for (auto& id : never)
    rest(*find(id), name_ + " is ending");
}

void supervision::kill(child& of) {
  of.phase = child_phase::killing;
  of.deadline = now_ + rules_.kill_within;
  actions_.push_back(supervision_action::kill{of.rules.id, of.run});
}

void supervision::go_on() {
  if (!has_begun_ || has_ended_ || stop_last())
    return;
  if (!is_ending_)
    return start_next();
  has_ended_ = true;
  report(supervision_fact::ended, nullptr, failure_ ? exit_kind::error : exit_kind::shutdown,
         failure_.value_or(""));
  actions_.push_back(supervision_action::end{failure_.has_value(), failure_.value_or("")});
}

/// Whether somebody is still to end before anything is started.
bool supervision::stop_last() {
  auto last = std::find_if(children_.rbegin(), children_.rend(),
                           [](const child& each) { return each.must_stop; });
  if (last == children_.rend())
    return false;
  if (last->phase == child_phase::stopping || last->phase == child_phase::killing)
    return true;
  auto bound = last->rules.shutdown;
  if (bound && *bound <= duration(0)) {
    kill(*last);
    return true;
  }
  last->phase = child_phase::stopping;
  if (bound)
    last->deadline = now_ + *bound;
  actions_.push_back(supervision_action::stop{last->rules.id, last->run});
  return true;
}

void supervision::start_next() {
  for (auto& each : children_) {
    if (each.phase == child_phase::starting)
      return;
    if (each.phase != child_phase::waiting)
      continue;
    each.phase = child_phase::starting;
    each.run = ++last_run_;
    ++each.starts;
    actions_.push_back(supervision_action::start{each.rules.id, each.run});
    return;
  }
}

void supervision::report(supervision_fact fact, const child* about, exit_kind exit,
                         std::string text) {
  supervision_report report;
  report.supervisor = name_;
  report.fact = fact;
  if (about) {
    report.child = about->rules.id;
    report.start = about->starts;
  }
  report.exit = exit;
  report.text = std::move(text);
  report.restarts = intensity_.count(now_);
  report.limit = rules_.intensity;
  actions_.push_back(std::move(report));
}

void supervision::answer(request_number request, std::string refusal) {
  if (request != 0)
    actions_.push_back(supervision_action::answer{request, std::move(refusal)});
}

}  // namespace holdfast
