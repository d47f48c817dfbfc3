// The tables of docs/work_states.md against the code: each cell is every state that the event can lead to, found by trying
// it in everything that can be reached (items: by two workers within two epochs).
#include "tests/actors/work_notation.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <string>

namespace holdfast {
namespace {

using namespace notation;

/// Row -> state before -> what it can lead to.
using table = std::map<std::string, std::map<std::string, std::set<std::string>>>;

std::string document() {
  std::ifstream in(HOLDFAST_SOURCE_DIR "/docs/work_states.md");
  EXPECT_TRUE(in.is_open());
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string trimmed(std::string text) {
  text.erase(0, text.find_first_not_of(" `"));
  text.erase(text.find_last_not_of(" `") + 1);
  return text;
}

std::vector<std::string> cells_of(const std::string& line, char separator) {
  std::vector<std::string> cells;
  std::size_t at = 0;
  for (auto end = line.find(separator); end != line.npos; end = line.find(separator, at)) {
    cells.push_back(trimmed(line.substr(at, end - at)));
    at = end + 1;
  }
  cells.push_back(trimmed(line.substr(at)));
  return cells;
}

/// The table whose heading's first column is `first`.
table read_table(const std::string& first) {
  table found;
  std::vector<std::string> states;
  auto text = document();
  for (auto& line : cells_of(text, '\n')) {
    auto cells = cells_of(line, '|');  // the first and the last are what stands outside
    if (cells.size() < 4)
      states.clear();
    else if (cells[1] == first)
      states = cells;
    else if (!states.empty() && cells[1].find("---") == cells[1].npos) {
      EXPECT_EQ(cells.size(), states.size()) << line;
      for (std::size_t at = 2; at + 1 < cells.size(); ++at)
        for (auto& state : cells_of(cells.at(at), ','))
          found[cells[1]][states.at(at)].insert(state);
    }
  }
  return found;
}

std::string text_of(const table& all) {
  std::string text;
  for (auto& [row, cells] : all) {
    text += "\n" + row + ":";
    for (auto& [state, outcomes] : cells) {
      text += " [" + state + ":";
      for (auto& outcome : outcomes)
        text += " " + outcome;
      text += "]";
    }
  }
  return text;
}

/// The row of an event: its name and what it says, without who and which epoch.
std::string item_row(const std::string& event) {
  auto words = words_of(event);
  if (words[0] == "parent" || words[0] == "ended")
    return words[0] + " " + words.back();
  if (words[0] == "back")
    return words[2] == "0" ? "back without it" : "back with it";
  return words[0];
}

constexpr std::uint64_t epoch_max =
    6;  ///< three epochs are drawn: enough for two owners and a third that returns

/// Tries all events in everything that can be reached under these rules.
void try_items(const item_rules& rules, table& found) {
  std::vector<std::pair<std::string, item_event_any>> events;
  for (auto& event : all_item_events())
    if (event.find("w3") == event.npos && event.find(" 6") == event.npos
        && event.find(" 7") == event.npos)
      events.emplace_back(item_row(event), item_event_of(event));
  std::set<std::string> seen;
  std::vector<work_item> open;
  auto reach = [&](work_item item) {
    for (auto* owners : {&item.owners, &item.displaced})
      for (auto& owner : *owners)
        owner.since = 0;
    if (item.epoch <= epoch_max && seen.insert(show(item)).second)
      open.push_back(std::move(item));
  };
  for (auto parents : {"", " p2"})
    reach(item_of("waiting e3" + std::string(parents)));
  while (!open.empty()) {
    auto item = std::move(open.back());
    open.pop_back();
    for (auto& [row, event] : events) {
      auto made = step(item, rules, event, 0, 512);
      bool is_evidence = made.is_refused && !made.actions.empty();
      auto outcome = is_evidence       ? "evidence"
                     : made.is_refused ? "-"
                                       : std::string(to_string(made.next.state));
      found[row][std::string(to_string(item.state))].insert(outcome);
      reach(made.next);
      made.next.not_before = 0;  // some time later
      reach(std::move(made.next));
    }
  }
}

const table& try_items() {
  static const table all = [] {
    table found;
    for (unsigned kind = 0; kind < 12; ++kind) {
      item_rules rules;
      rules.attempts = 2;
      rules.losses_max = 3;
      rules.on_lost = static_cast<lost_policy>(kind % 2);
      rules.on_return = static_cast<return_policy>(kind / 2 % 3);
      rules.runs_after_failure = kind / 6 != 0;
      try_items(rules, found);
    }
    return found;
  }();
  return all;
}

std::string worker_row(const std::string& event) {
  auto words = words_of(event);
  if (words[0] == "up")
    return "up";
  if (words[0] == "reported")
    return words.size() > 2 ? "reported leaving" : "reported";
  return event;
}

table try_workers() {
  table found;
  auto events = all_worker_events();
  for (std::uint64_t seed = 0; seed < 32; ++seed) {
    std::mt19937_64 random(seed);
    worker_state worker;
    for (int at = 0; at < 100; ++at) {
      for (auto& event : events) {
        auto made = step(worker, worker_event_of(event), at);
        auto outcome = made.is_refused ? "-" : std::string(to_string(made.next.phase));
        found[worker_row(event)][std::string(to_string(worker.phase))].insert(outcome);
      }
      worker = step(worker, worker_event_of(events[random() % events.size()]), at).next;
    }
  }
  return found;
}

TEST(work_states_doc, the_table_of_items_is_what_they_do) {
  EXPECT_EQ(text_of(read_table("item event")), text_of(try_items()));
}

TEST(work_states_doc, the_table_of_workers_is_what_they_do) {
  EXPECT_EQ(text_of(read_table("worker event")), text_of(try_workers()));
}

/// Both pictures name each state, and each arrow "from -> to: events" below them stands in the tables.
TEST(work_states_doc, the_arrows_of_the_pictures_stand_in_the_tables) {
  auto items = try_items();
  auto workers = try_workers();
  std::size_t arrows = 0;
  for (auto& line : cells_of(document(), '\n')) {
    auto arrow = line.find(" --> ");
    auto colon = line.find(": ", arrow == line.npos ? 0 : arrow);
    if (arrow == line.npos || colon == line.npos)
      continue;
    auto from = trimmed(line.substr(0, arrow));
    auto to = trimmed(line.substr(arrow + 5, colon - arrow - 5));
    for (auto& event : cells_of(line.substr(colon + 2), ',')) {
      auto& all = items.contains(event) ? items : workers;
      EXPECT_TRUE(all.at(event).at(from).contains(to)) << line << " (" << event << ")";
      ++arrows;
    }
  }
  EXPECT_GE(arrows, 40u);
}

}  // namespace
}  // namespace holdfast
