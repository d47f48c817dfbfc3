#pragma once

#include <holdfast/actors/restart_intensity.hpp>
#include <holdfast/actors/supervision_report.hpp>
#include <holdfast/core/clock.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a supervisor decides, without an actor: events in, actions out, in the order in which they are to be taken. No clock:
/// moments are handed in. The actor around it is in supervisor.hpp, which also says what the words mean for a user.
///
///    waiting -> starting -> running -> stopping -> killing -> (abandoned)
///       ^           |          |          |           |
///       +-----------+----------+----------+-----------+---- ended: again, or stopped, or forgotten
///
/// Children are started in order and one at a time: the next one when the one before is up. They are stopped in reverse order,
/// one at a time: the next one when the one behind it has ended. Stops come before starts, so that a restart of many begins when
/// all of them are gone. Whatever ends while it is to be stopped has been stopped, and counts as no failure.
namespace holdfast {

/// Of one start of one child. What is told about an earlier run, or about one that was abandoned, changes nothing.
using run_number = std::uint64_t;

/// Of somebody who waits for an answer. 0: nobody.
using request_number = std::uint64_t;

struct child_rules {
  std::string id;
  restart_policy restart = restart_policy::permanent;
  std::optional<duration>
      shutdown;  ///< how long it may take to end when asked to; empty: as long as it takes
  child_kind kind = child_kind::worker;
};

struct supervision_rules {
  restart_strategy strategy = restart_strategy::one_for_one;
  restart_limit intensity;
  duration kill_within = std::chrono::seconds(1);  ///< from a kill to giving the child up
};

namespace supervision_event {
struct begin {};  ///< start the children; the first event
struct started {  ///< it is up
  run_number run = 0;
};
struct start_failed {
  run_number run = 0;
  std::string text;
};
struct ended {
  run_number run = 0;
  exit_kind kind = exit_kind::normal;
  std::string text;
};
struct hung {
  run_number run = 0;
  std::string text;
};
struct time_passed {};  ///< a deadline has been reached
struct stop {};         ///< the supervisor itself is to end
struct start_child {    ///< a new one, behind all others
  request_number request = 0;
  child_rules child;
};
struct stop_child {
  request_number request = 0;
  std::string id;
};
struct restart_child {  ///< one that is stopped
  request_number request = 0;
  std::string id;
};
struct delete_child {  ///< one that is stopped
  request_number request = 0;
  std::string id;
};
}  // namespace supervision_event

using supervision_event_any =
    std::variant<supervision_event::begin, supervision_event::started,
                 supervision_event::start_failed, supervision_event::ended, supervision_event::hung,
                 supervision_event::time_passed, supervision_event::stop,
                 supervision_event::start_child, supervision_event::stop_child,
                 supervision_event::restart_child, supervision_event::delete_child>;

namespace supervision_action {
struct start {  ///< to be answered by started or start_failed
  std::string id;
  run_number run = 0;
};
struct stop {  ///< ask it to end
  std::string id;
  run_number run = 0;
};
struct kill {
  std::string id;
  run_number run = 0;
};
struct abandon {  ///< nothing more is to be heard of this run
  std::string id;
  run_number run = 0;
};
struct forget {  ///< the spec of this child
  std::string id;
};
struct answer {
  request_number request = 0;
  std::string refusal;  ///< empty: done
};
struct end {  ///< the last action
  bool is_failure = false;
  std::string text;
};
}  // namespace supervision_action

using supervision_action_any =
    std::variant<supervision_report, supervision_action::start, supervision_action::stop,
                 supervision_action::kill, supervision_action::abandon, supervision_action::forget,
                 supervision_action::answer, supervision_action::end>;

class supervision {
public:
  /// Throws errc::bad_name when two children have the same id, or one has none.
  supervision(std::string name, supervision_rules rules, const std::vector<child_rules>& children);

  std::vector<supervision_action_any> step(const supervision_event_any& event, duration now);

  /// When time_passed is to come next, if nothing else happens.
  std::optional<duration> next_deadline() const;

  /// Everybody who is to run does: what a supervisor above waits for. Not before `begin`, not while ending.
  bool is_up() const;

  bool is_running(run_number run) const;
  supervisor_status status(duration now);

private:
  struct child {
    child_rules rules;
    child_phase phase = child_phase::waiting;
    run_number run = 0;
    std::uint64_t starts = 0;
    bool must_stop = false;                ///< and what ends then has been stopped
    bool goes_on = false;                  ///< after that stop
    bool is_hung = false;                  ///< it is being killed for that
    bool is_new = false;                   ///< never started yet, by start_child
    request_number starter = 0;            ///< waits for it to be up
    std::vector<request_number> stoppers;  ///< wait for its end
    std::optional<duration> deadline;
  };

  void take(const supervision_event::begin& event);
  void take(const supervision_event::started& event);
  void take(const supervision_event::start_failed& event);
  void take(const supervision_event::ended& event);
  void take(const supervision_event::hung& event);
  void take(const supervision_event::time_passed& event);
  void take(const supervision_event::stop& event);
  void take(const supervision_event::start_child& event);
  void take(const supervision_event::stop_child& event);
  void take(const supervision_event::restart_child& event);
  void take(const supervision_event::delete_child& event);

  child* find(run_number run);
  child* find(const std::string& id);
  void add(const child_rules& rules, bool is_new, request_number starter);
  void gone(child& of, exit_kind kind, const std::string& text);
  void failed(child& of, exit_kind kind, const std::string& text);
  void restart(child& of, const std::string& text);
  void restart_along(const child& with);
  void rest(child& of, const std::string& why);
  void end_all();
  void kill(child& of);
  void go_on();
  bool stop_last();
  void start_next();
  void report(supervision_fact fact, const child* about, exit_kind exit = exit_kind::normal,
              std::string text = {});
  void answer(request_number request, std::string refusal = {});

  std::string name_;
  supervision_rules rules_;
  restart_intensity intensity_;
  std::vector<child> children_;
  std::vector<supervision_action_any> actions_;
  duration now_{0};
  run_number last_run_ = 0;
  bool has_begun_ = false;
  bool is_ending_ = false;
  bool has_ended_ = false;
  std::optional<std::string> failure_;  ///< why it gives up
};

}  // namespace holdfast
