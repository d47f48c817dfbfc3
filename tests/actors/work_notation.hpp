#pragma once

#include <holdfast/actors/work_item.hpp>
#include <holdfast/actors/worker_state.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Items, workers, their events and steps as short texts, so that a test can say "in this state, on this event, exactly
/// that follows" for all of them on one screen.
///
///   item    running e6 f1 l1 p0 t0 w2@6+ w1@5! | w3@4?      numbers that are 0 and empty parts are left out
///           state, epoch, failures, losses, open parents, not before; owners | displaced;
///           + is running, ? is lost, ! has reported, #100 since
///   event   parent done, assigned w1, started w1 5, ended w1 5 done, lost w1, dead w1, back w1 5 running, fit, ...
///   worker  ready 7 d l          phase, incarnation; d drain wanted, l leaving, #100 since
///   step    the next state; behind ';' the actions. "refused" in front of a step that is
namespace holdfast::notation {

work_item item_of(std::string_view text);
std::string show(const work_item& item);
item_event_any item_event_of(std::string_view text);
std::string show(const item_step& step);

worker_state worker_of(std::string_view text);
std::string show(const worker_state& worker);
worker_event_any worker_event_of(std::string_view text);
std::string show(const worker_step& step);

std::vector<std::string> words_of(std::string_view text);

/// All item events of workers w1 to w3 under epochs 4 to 7, and all events of a worker of incarnations 6 to 8.
std::vector<std::string> all_item_events();
std::vector<std::string> all_worker_events();

/// A state, and what follows from the events that mean something in it. All others must be refused.
struct story {
  std::string rules, before;
  std::map<std::string, std::string> follows;
};

/// Lines "[rules]", "state", and indented "event -> step"; of an event's last word several may stand: a|b.
std::vector<story> stories_of(std::string_view text);

}  // namespace holdfast::notation
