#pragma once

#include <holdfast/actors/restart_intensity.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a supervisor says about itself, as plain structs: a report for everything that happens, a status when asked.
namespace holdfast {

/// When a child that ended by itself is started again.
enum class restart_policy : std::uint8_t {
  permanent,  ///< always
  transient,  ///< when it failed: not after a normal or ordered end
  temporary,  ///< never, and then its spec is forgotten
};

/// Who is restarted with a child that failed.
enum class restart_strategy : std::uint8_t {
  one_for_one,   ///< nobody
  one_for_all,   ///< all that run
  rest_for_one,  ///< those that were started after it
};

enum class child_kind : std::uint8_t { worker, supervisor };

/// How a child came to its end.
enum class exit_kind : std::uint8_t {
  normal,    ///< it was done
  shutdown,  ///< somebody asked it to end
  error,     ///< an exception, or another reason that it gave
  killed,    ///< without a chance to clean up
  hung,      ///< it lived and made no progress; its supervisor killed it
};

enum class child_phase : std::uint8_t {
  stopped,   ///< does not run and is not about to
  waiting,   ///< for its turn to be started
  starting,  ///< a supervisor whose children are being started
  running,
  stopping,  ///< was asked to end
  killing,   ///< was killed, its end is not known yet
};

enum class supervision_fact : std::uint8_t {
  started,
  start_failed,  ///< its start function threw
  exited,        ///< it ended by itself, or after it hung
  stopped,       ///< it ended because it was told to
  hung,          ///< no sign of progress within its bound; it is killed next
  killed,        ///< it did not end within its deadline
  abandoned,     ///< it did not even end when killed, and is left alone
  restarting,    ///< with everybody whom the strategy restarts along
  escalated,     ///< too many restarts: the supervisor stops its children and fails
  ended,         ///< the supervisor itself, all children gone
};

std::string_view to_string(restart_policy policy);
std::string_view to_string(restart_strategy strategy);
std::string_view to_string(child_kind kind);
std::string_view to_string(exit_kind kind);
std::string_view to_string(child_phase phase);
std::string_view to_string(supervision_fact fact);

/// One thing that happened, at the moment it happened.
struct supervision_report {
  std::string supervisor;
  supervision_fact fact = supervision_fact::started;
  std::string child;         ///< empty where it is about the supervisor itself
  std::uint64_t start = 0;   ///< which start of this child; 1 is the first
  exit_kind exit{};          ///< of exited and stopped
  std::string text;          ///< the reason in words, if there is one
  std::size_t restarts = 0;  ///< within the period, this one included
  restart_limit limit{};     ///< what is allowed
};

/// One sentence for people and logs.
std::string to_string(const supervision_report& report);

/// Whether somebody may have to do something about it.
bool is_trouble(const supervision_report& report);

struct child_status {
  std::string id;
  child_kind kind = child_kind::worker;
  restart_policy restart = restart_policy::permanent;
  child_phase phase = child_phase::stopped;
  std::uint64_t starts = 0;
};

struct supervisor_status {
  std::string name;
  restart_strategy strategy = restart_strategy::one_for_one;
  std::size_t restarts = 0;  ///< within the period
  restart_limit limit;
  bool is_ending = false;
  std::vector<child_status> children;  ///< in the order of their starts
};

}  // namespace holdfast
