#include <holdfast/actors/supervision_report.hpp>

#include <cstdio>

namespace holdfast {
namespace {

std::string seconds(duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%g s", std::chrono::duration<double>(time).count());
  return text;
}

std::string times(std::size_t count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

std::string with_reason(std::string sentence, const std::string& reason) {
  return reason.empty() ? sentence : sentence + ": " + reason;
}

std::string how(exit_kind exit) {
  switch (exit) {
  case exit_kind::normal: return "ended normally";
  case exit_kind::shutdown: return "shut down";
  case exit_kind::error: return "failed";
  case exit_kind::killed: return "was killed";
  case exit_kind::hung: return "hung and was killed";
  }
  return "ended";
}

}  // namespace

std::string_view to_string(restart_policy policy) {
  switch (policy) {
  case restart_policy::permanent: return "permanent";
  case restart_policy::transient: return "transient";
  case restart_policy::temporary: return "temporary";
  }
  return "unknown";
}

std::string_view to_string(restart_strategy strategy) {
  switch (strategy) {
  case restart_strategy::one_for_one: return "one_for_one";
  case restart_strategy::one_for_all: return "one_for_all";
  case restart_strategy::rest_for_one: return "rest_for_one";
  }
  return "unknown";
}

std::string_view to_string(child_kind kind) {
  return kind == child_kind::worker ? "worker" : "supervisor";
}

std::string_view to_string(exit_kind kind) {
  switch (kind) {
  case exit_kind::normal: return "normal";
  case exit_kind::shutdown: return "shutdown";
  case exit_kind::error: return "error";
  case exit_kind::killed: return "killed";
  case exit_kind::hung: return "hung";
  }
  return "unknown";
}

std::string_view to_string(child_phase phase) {
  switch (phase) {
  case child_phase::stopped: return "stopped";
  case child_phase::waiting: return "waiting";
  case child_phase::starting: return "starting";
  case child_phase::running: return "running";
  case child_phase::stopping: return "stopping";
  case child_phase::killing: return "killing";
  }
  return "unknown";
}

std::string_view to_string(supervision_fact fact) {
  switch (fact) {
  case supervision_fact::started: return "started";
  case supervision_fact::start_failed: return "start_failed";
  case supervision_fact::exited: return "exited";
  case supervision_fact::stopped: return "stopped";
  case supervision_fact::hung: return "hung";
  case supervision_fact::killed: return "killed";
  case supervision_fact::abandoned: return "abandoned";
  case supervision_fact::restarting: return "restarting";
  case supervision_fact::escalated: return "escalated";
  case supervision_fact::ended: return "ended";
  }
  return "unknown";
}

std::string to_string(const supervision_report& report) {
  auto subject = report.supervisor + (report.child.empty() ? "" : "/" + report.child);
  switch (report.fact) {
  case supervision_fact::started:
    return subject + " started"
           + (report.start > 1 ? " for the " + std::to_string(report.start) + ". time" : "");
  case supervision_fact::start_failed:
    return with_reason(subject + " could not be started", report.text);
  case supervision_fact::exited: return with_reason(subject + " " + how(report.exit), report.text);
  case supervision_fact::stopped:
    return with_reason(subject + " was stopped",
                       report.exit == exit_kind::error ? report.text : std::string());
  case supervision_fact::hung: return subject + " makes no progress and is killed: " + report.text;
  case supervision_fact::killed: return subject + " did not end in time and is killed";
  case supervision_fact::abandoned:
    return subject + " does not end, not even when killed; it is left alone";
  case supervision_fact::restarting:
    return subject + " is started again, restart " + std::to_string(report.restarts)
           + " of at most " + std::to_string(report.limit.restarts_max) + " within "
           + seconds(report.limit.period);
  case supervision_fact::escalated:
    return with_reason(subject
                           + (report.limit.restarts_max == 0
                                  ? std::string(" ended and is not restarted")
                                  : " ended more than " + times(report.limit.restarts_max)
                                        + " within " + seconds(report.limit.period)
                                        + ", the last time"),
                       report.text);
  case supervision_fact::ended: return with_reason(subject + " ended", report.text);
  }
  return subject;
}

bool is_trouble(const supervision_report& report) {
  switch (report.fact) {
  case supervision_fact::started:
  case supervision_fact::stopped:
  case supervision_fact::ended: return false;
  case supervision_fact::exited:
    return report.exit != exit_kind::normal && report.exit != exit_kind::shutdown;
  default: return true;
  }
}

}  // namespace holdfast
