#include <holdfast/runtime/story_nodes.hpp>
#include <holdfast/runtime/story_promises.hpp>

namespace holdfast {

story_promises::outcome story_promises::look(const rows_of_node& rows_of, bool is_all_owed) const {
  outcome found;
  for (auto& accepted : calls_)
    if (auto rows = rows_of(accepted.to))
      look_at(accepted, *rows, is_all_owed, found);
  for (auto& [number, accepted] : items_)
    if (auto rows = rows_of(accepted.hub))
      look_at(accepted, *rows, is_all_owed, found);
  return found;
}

void story_promises::look_at(const call& accepted, const journal_reader& rows, bool is_owed,
                             outcome& to) const {
  auto times = story_nodes::times_counted(rows, accepted.number);
  to.executed += times > 0 && !accepted.is_relayed ? 1 : 0;
  auto what = " " + accepted.to + ": the call " + std::to_string(accepted.number) + " from "
              + accepted.from + (accepted.is_relayed ? ", queued by a handler there," : "");
  if (times == 0 && is_owed)
    to.broken.push_back("C1" + what + " was never executed");
  if (times > 1)
    to.broken.push_back("C2" + what + " took effect " + std::to_string(times) + " times");
}

/// A worker that gets an item again while it still runs it goes on: its result may be of an older epoch of its own.
void story_promises::look_at(const item& accepted, const journal_reader& rows, bool is_owed,
                             outcome& to) const {
  auto facts = story_nodes::facts_of_item(rows, accepted.id);
  to.done += facts.state == "done" ? 1 : 0;
  if (!is_owed)
    return;
  auto what = " " + accepted.hub + ": the item " + accepted.id;
  auto by = runs_.find({accepted.id, facts.ran_under.value_or(0)});
  if (facts.state != "done")
    to.broken.push_back("W2" + what + " is " + facts.state);
  else if (by != runs_.end() && by->second != facts.given_to)
    to.broken.push_back("W1" + what + " has the result of " + by->second + ", and was given on to "
                        + facts.given_to);
}

}  // namespace holdfast
