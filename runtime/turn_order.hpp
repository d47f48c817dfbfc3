#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast {

class simulated_machine;

/// Which machines of a simulation can take a turn, and when the timers of the others are due: known without asking each of a
/// thousand machines before every turn. Whatever may make a difference (a job that comes or goes, a timer that is set, a
/// machine that starts, dies, freezes or thaws) says so by `changed`, which is cheap; the machine is asked by the next
/// `look`. The order is that of the names, never that of addresses.
class turn_order {
public:
  /// What this class remembers of a machine, kept there.
  struct place {
    bool has_changed = false;
    bool is_ready = false;
    std::optional<std::int64_t> timer;
  };

  void changed(simulated_machine& which);
  void look();

  // ---- behind a `look`, until the next `changed`

  const std::vector<simulated_machine*>& ready() const { return ready_; }  ///< by name
  std::optional<std::int64_t> next_timer() const;
  std::vector<simulated_machine*> due(std::int64_t now) const;  ///< whose timers have come

private:
  void set_ready(simulated_machine& which, bool is_ready);
  void set_timer(simulated_machine& which, std::optional<std::int64_t> timer);

  std::vector<simulated_machine*> changed_;
  std::vector<simulated_machine*> ready_;
  std::map<std::pair<std::int64_t, std::string_view>, simulated_machine*> timers_;
};

}  // namespace holdfast
