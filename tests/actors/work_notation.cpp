#include "tests/actors/work_notation.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <stdexcept>

namespace holdfast::notation {
namespace {

template <class E>
E enum_of(std::string_view name, unsigned count) {
  for (unsigned value = 0; value < count; ++value)
    if (to_string(static_cast<E>(value)) == name)
      return static_cast<E>(value);
  throw std::invalid_argument("no such name: " + std::string(name));
}

item_owner owner_of(const std::string& word) {
  item_owner owner;
  auto at = word.find('@');
  owner.worker = word.substr(0, at);
  std::size_t used = 0;
  owner.epoch = std::stoull(word.substr(at + 1), &used);
  auto flags = word.substr(at + 1 + used);
  owner.is_running = flags.find('+') != flags.npos;
  owner.is_lost = flags.find('?') != flags.npos;
  owner.has_reported = flags.find('!') != flags.npos;
  if (auto since = flags.find('#'); since != flags.npos)
    owner.since = std::stoll(flags.substr(since + 1));
  return owner;
}

std::string owner_text(const item_owner& owner) {
  auto text = " " + owner.worker + "@" + std::to_string(owner.epoch);
  text += owner.is_running ? "+" : "";
  text += owner.is_lost ? "?" : "";
  text += owner.has_reported ? "!" : "";
  return owner.since == 0 ? text : text + "#" + std::to_string(owner.since);
}

std::string_view name_of(item_action action) {
  return std::vector{"take", "evidence", "settle"}.at(static_cast<std::size_t>(action));
}

std::string_view name_of(worker_action action) {
  return std::vector{"items_lost", "items_dead", "reconcile", "has_come", "erase"}.at(
      static_cast<std::size_t>(action));
}

template <class Step>
std::string show_step(const Step& step) {
  std::string text = step.is_refused ? "refused " : "";
  text += notation::show(step.next);
  for (auto action : step.actions)
    text += (action == step.actions.front() ? " ; " : " ") + std::string(name_of(action));
  return text;
}

constexpr std::string_view run_ends[] = {"done",      "failed",    "refused",   "handed_back",
                                         "cancelled", "timed_out", "never_fits"};

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

work_item item_of(std::string_view text) {
  auto words = words_of(text);
  work_item item;
  item.state = enum_of<item_state>(words.at(0), 8);
  auto* owners = &item.owners;
  for (std::size_t at = 1; at < words.size(); ++at) {
    auto& word = words[at];
    auto number = [&] { return std::stoll(word.substr(1)); };
    if (word == "|")
      owners = &item.displaced;
    else if (word[0] == 'w')
      owners->push_back(owner_of(word));
    else if (word[0] == 'e')
      item.epoch = static_cast<std::uint64_t>(number());
    else if (word[0] == 'f')
      item.failures = static_cast<std::uint32_t>(number());
    else if (word[0] == 'l')
      item.losses = static_cast<std::uint32_t>(number());
    else if (word[0] == 'p')
      item.open_parents = static_cast<std::uint32_t>(number());
    else if (word[0] == 't')
      item.not_before = number();
    else
      throw std::invalid_argument("what is " + word);
  }
  return item;
}

std::string show(const work_item& item) {
  std::string text{to_string(item.state)};
  auto add = [&](const char* name, auto number) {
    if (number != 0)
      text += name + std::to_string(number);
  };
  add(" e", item.epoch);
  add(" f", item.failures);
  add(" l", item.losses);
  add(" p", item.open_parents);
  add(" t", item.not_before);
  for (auto& owner : item.owners)
    text += owner_text(owner);
  text += item.displaced.empty() ? "" : " |";
  for (auto& owner : item.displaced)
    text += owner_text(owner);
  return text;
}

item_event_any item_event_of(std::string_view text) {
  namespace event = item_event;
  auto words = words_of(text);
  auto& name = words.at(0);
  auto epoch = [&] { return std::stoull(words.at(2)); };
  if (name == "parent")
    return event::parent_ended{words.at(1) == "done"};
  if (name == "assigned")
    return event::assigned{words.at(1)};
  if (name == "started")
    return event::started{words.at(1), epoch()};
  if (name == "ended")
    return event::ended{words.at(1), epoch(), enum_of<run_end>(words.at(3), 7)};
  if (name == "lost")
    return event::worker_lost{words.at(1)};
  if (name == "dead")
    return event::worker_dead{words.at(1)};
  if (name == "back")
    return event::worker_back{words.at(1), epoch(), words.size() > 3};
  if (name == "fit")
    return event::fit_worker_came{};
  if (name == "cancel")
    return event::cancel{};
  if (name == "expire")
    return event::expire{};
  if (name == "retry")
    return event::retry{};
  throw std::invalid_argument("what is " + std::string(text));
}

std::string show(const item_step& step) {
  return show_step(step);
}

worker_state worker_of(std::string_view text) {
  worker_state worker;
  auto words = words_of(text);
  worker.phase = enum_of<worker_phase>(words.at(0), 6);
  for (std::size_t at = 1; at < words.size(); ++at)
    if (words[at] == "d")
      worker.is_drain_wanted = true;
    else if (words[at] == "l")
      worker.is_leaving = true;
    else if (words[at][0] == '#')
      worker.since = std::stoll(words[at].substr(1));
    else
      worker.incarnation = std::stoull(words[at]);
  return worker;
}

std::string show(const worker_state& worker) {
  std::string text{to_string(worker.phase)};
  text += worker.incarnation == 0 ? "" : " " + std::to_string(worker.incarnation);
  text += worker.is_drain_wanted ? " d" : "";
  text += worker.is_leaving ? " l" : "";
  return worker.since == 0 ? text : text + " #" + std::to_string(worker.since);
}

worker_event_any worker_event_of(std::string_view text) {
  namespace event = worker_event;
  auto words = words_of(text);
  auto& name = words.at(0);
  if (name == "up")
    return event::link_up{std::stoull(words.at(1))};
  if (name == "suspect")
    return event::link_suspect{};
  if (name == "down")
    return event::link_down{words.size() > 1};
  if (name == "reported")
    return event::reported{std::stoull(words.at(1)), words.size() > 2};
  if (name == "proven_dead")
    return event::proven_dead{};
  if (name == "controller_started")
    return event::controller_started{};
  if (name == "drain")
    return event::drain{};
  if (name == "resume")
    return event::resume{};
  if (name == "forget")
    return event::forget{};
  throw std::invalid_argument("what is " + std::string(text));
}

std::string show(const worker_step& step) {
  return show_step(step);
}

std::vector<std::string> all_item_events() {
  std::vector<std::string> all{"parent done", "parent failed", "fit", "cancel", "expire", "retry"};
  for (std::string worker : {"w1", "w2", "w3"}) {
    for (std::string name : {"assigned ", "lost ", "dead "})
      all.push_back(name + worker);
    all.push_back("back " + worker + " 0");
    for (std::string epoch : {" 4", " 5", " 6", " 7"}) {
      all.push_back("started " + worker + epoch);
      all.push_back("back " + worker + epoch);
      all.push_back("back " + worker + epoch + " running");
      for (auto how : run_ends)
        all.push_back("ended " + worker + epoch + " " + std::string(how));
    }
  }
  return all;
}

std::vector<std::string> all_worker_events() {
  std::vector<std::string> all{
      "suspect", "down",   "down goodbye", "proven_dead", "controller_started",
      "drain",   "resume", "forget"};
  for (std::string incarnation : {"6", "7", "8"}) {
    all.push_back("up " + incarnation);
    all.push_back("reported " + incarnation);
    all.push_back("reported " + incarnation + " leaving");
  }
  return all;
}

std::vector<story> stories_of(std::string_view text) {
  std::vector<story> stories;
  std::string rules;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty())
      continue;
    if (line[0] == '[') {
      rules = line.substr(1, line.find(']') - 1);
    } else if (line[0] != ' ') {
      stories.push_back({rules, line, {}});
    } else {
      auto arrow = line.find(" -> ");
      auto words = words_of(line.substr(0, arrow));
      std::istringstream last{words.back()};
      words.pop_back();
      std::string front;
      for (auto& word : words)
        front += word + " ";
      for (std::string one; std::getline(last, one, '|');)
        if (!stories.back().follows.emplace(front + one, line.substr(arrow + 4)).second)
          ADD_FAILURE() << "twice: " << line;
    }
  }
  return stories;
}

}  // namespace holdfast::notation
