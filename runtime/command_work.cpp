#include <holdfast/core/error.hpp>
#include <holdfast/runtime/command_work.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>

namespace holdfast {
namespace {

constexpr std::size_t title_columns = 60;

/// As many as a node tells at once.
constexpr std::size_t page_items = 1000;

struct work_arguments {
  work_target target;
  std::vector<std::string> ids, states;
  std::string id, worker, label;
  std::int64_t limit = 0;
};

/// How often it was given to a worker, and how many of those runs failed: "3 (2 failed)".
std::string runs_of(const value& item) {
  auto failures = cell(item, "failures");
  return cell(item, "runs") + (failures == "0" ? "" : " (" + failures + " failed)");
}

std::string progress_of(const value& item) {
  if (cell(item, "state") == "done")
    return {};
  auto part = item.as_dict().at("progress").as_double();
  auto text = cell(item, "progress_text");
  return (part > 0 ? std::to_string(static_cast<int>(part * 100)) + " %" : "")
         + (part > 0 && !text.empty() ? " " : "") + text;
}

std::string since(const value& item) {
  for (auto* member : {"ended", "started", "submitted"})
    if (!cell(item, member).empty())
      return short_time(seconds_since(item, member));
  return {};
}

void print_items(const array& items) {
  std::vector<std::vector<std::string>> lines{
      {"ID", "STATE", "RUNS", "WORKER", "SINCE", "PROGRESS", "TITLE"}};
  for (auto& item : items)
    lines.push_back({cell(item, "id"), cell(item, "state"), runs_of(item), cell(item, "worker"),
                     since(item), one_line(progress_of(item), 20),
                     one_line(title_of(item), title_columns)});
  print_table(lines);
}

/// All pages, up to the limit.
array list_items(const work_arguments& given) {
  auto client = connect_to_node(given.target.node);
  auto question = given.target.question("work.list");
  question.add("states", array(given.states.begin(), given.states.end()));
  add_text(question, "worker", given.worker);
  add_text(question, "label", given.label);
  auto wanted = given.limit > 0 ? static_cast<std::size_t>(given.limit) : SIZE_MAX;
  array all;
  for (;;) {
    auto count = std::min(page_items, wanted - all.size());
    question.set("limit", count);
    auto page = client.ask(question);
    all.insert(all.end(), page.as_array().begin(), page.as_array().end());
    if (page.as_array().size() < count || all.size() >= wanted)
      return all;
    question.set("after", cell(page.as_array().back(), "id"));
  }
}

exit_code ls(const work_arguments& given) {
  auto items = list_items(given);
  if (given.target.node.json)
    std::cout << to_json(value(items)) << "\n";
  else
    print_items(items);
  return exit_code::done;
}

void print_member(const char* name, const std::string& text) {
  if (!text.empty() && text != "[]" && text != "0")
    std::printf("%-12s %s\n", name, text.c_str());
}

void print_result(const value& item) {
  auto* result = item.as_dict().find("result");
  if (!result)
    return;
  auto* members = result->get_if<dict>();
  if (!members || !members->find("exit_status")) {
    print_member("result", to_json(*result));
    return;
  }
  print_member("ran for", format_duration(members->at("seconds").as_double()));
  std::printf("%-12s %s\n", "exit status", cell(*result, "exit_status").c_str());
  print_member("all output", cell(*result, "output_file"));
  std::printf("output       %s bytes\n%s", cell(*result, "output_bytes").c_str(),
              cell(*result, "output").c_str());
}

void print_item(const value& item) {
  for (auto* name : {"id", "state", "title", "method", "key", "labels", "worker", "runs",
                     "failures", "losses", "submitted", "started", "ended", "text"})
    print_member(name, cell(item, name));
  print_member("waits for", cell(item, "waits_for"));
  print_member("progress", progress_of(item));
  print_result(item);
}

exit_code show(const work_arguments& given) {
  auto question = given.target.question("work.show");
  question.add("id", given.id);
  show_answer(given.target.node, ask_node(given.target.node, question), print_item);
  return exit_code::done;
}

void print_why(const value& item) {
  std::cout << cell(item, "id") << " is " << cell(item, "state");
  if (auto worker = cell(item, "worker"); !worker.empty())
    std::cout << (cell(item, "ended").empty() ? " at " : ", last at ") << worker;
  std::cout << "\n";
  auto text = cell(item, "text");
  bool is_told = text.empty();
  if (auto* history = item.as_dict().find("history"))
    for (auto& note : history->as_array()) {
      std::cout << cell(note, "at") << "  " << cell(note, "text") << "\n";
      is_told |= cell(note, "text").find(text) != std::string::npos;
    }
  if (auto waits_for = cell(item, "waits_for"); !waits_for.empty())
    std::cout << waits_for << "\n";
  if (!is_told)
    std::cout << text << "\n";
}

exit_code why(const work_arguments& given) {
  auto question = given.target.question("work.why");
  question.add("id", given.id);
  show_answer(given.target.node, ask_node(given.target.node, question), print_why);
  return exit_code::done;
}

/// Tries all of them; each that is refused has its sentence.
exit_code change(const work_arguments& given, const char* command) {
  auto client = connect_to_node(given.target.node);
  array changed;
  auto result = exit_code::done;
  for (auto& id : given.ids) {
    auto question = given.target.question(command);
    question.add("id", id);
    try {
      changed.push_back(client.ask(question));
    } catch (const error& problem) {
      if (problem.code() == errc::stopping)
        throw;
      std::cerr << id << ": " << problem.what() << "\n";
      result = exit_code::refused;
    }
  }
  if (given.target.node.json)
    std::cout << to_json(value(changed)) << "\n";
  else
    for (auto& item : changed)
      std::cout << cell(item, "id") << " " << cell(item, "state") << "\n";
  return result;
}

void add_change(CLI::App& work, console_action& chosen, const char* name, const char* command,
                const char* what) {
  auto given = std::make_shared<work_arguments>();
  auto* added = work.add_subcommand(name, what);
  add_work_target(*added, given->target);
  added->add_option("ID", given->ids, "of the items")->required();
  added->callback([=, &chosen] { chosen = [=] { return change(*given, command); }; });
}

template <class Action>
void add_about_one(CLI::App& work, console_action& chosen, const char* name, const char* what,
                   Action action) {
  auto given = std::make_shared<work_arguments>();
  auto* added = work.add_subcommand(name, what);
  add_work_target(*added, given->target);
  added->add_option("ID", given->id, "of the item")->required();
  added->callback([=, &chosen] { chosen = [=] { return action(*given); }; });
}

}  // namespace

dict work_target::question(std::string_view command) const {
  dict question{{"command", command}};
  add_text(question, "controller", controller);
  return question;
}

void add_work_target(CLI::App& command, work_target& target) {
  add_target(command, target.node);
  command.add_option("--controller", target.controller,
                     "the controller's name, where the node is none and has several peers");
}

std::string short_time(double seconds) {
  auto whole = static_cast<std::int64_t>(seconds);
  auto two = [](std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); };
  if (whole < 60)
    return std::to_string(whole) + "s";
  if (whole < 3600)
    return std::to_string(whole / 60) + "m" + two(whole % 60) + "s";
  if (whole < 86400)
    return std::to_string(whole / 3600) + "h" + two(whole / 60 % 60) + "m";
  return std::to_string(whole / 86400) + "d" + two(whole / 3600 % 24) + "h";
}

double seconds_since(const value& item, std::string_view member) {
  auto text = cell(item, member);
  if (text.empty())
    return 0;
  auto passed = std::chrono::system_clock::now() - parse_date_time(text);
  return std::max(0.0, std::chrono::duration<double>(passed).count());
}

std::string title_of(const value& item) {
  auto title = cell(item, "title");
  return title.empty() ? cell(item, "method") : title;
}

std::string one_line(const std::string& text, std::size_t columns) {
  std::string line;
  std::size_t used = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto letter = static_cast<unsigned char>(text[i]);
    bool begins = (letter & 0xC0) != 0x80;  // of a letter in UTF-8
    if (begins && ++used > columns) {
      line += "~";
      return line;
    }
    line += letter < 0x20 || letter == 0x7F ? ' ' : text[i];
  }
  return line;
}

void add_work_commands(CLI::App& app, console_action& chosen) {
  auto* work = app.add_subcommand("work", "items of work: ls, show, why, cancel, retry, wait, top");
  work->require_subcommand(1);
  auto given = std::make_shared<work_arguments>();
  auto* list = work->add_subcommand("ls", "the items that the controller knows");
  add_work_target(*list, given->target);
  list->add_option(
          "--state", given->states,
          "waiting, assigned, running, suspended, done, failed, cancelled, expired; several "
          "with commas between them, or again")
      ->delimiter(',')
      ->take_all();
  list->add_option("--worker", given->worker, "that runs it, or ran it last");
  list->add_option("--label", given->label, "that it demands");
  list->add_option("--limit", given->limit, "most items to list (all)");
  list->callback([=, &chosen] { chosen = [=] { return ls(*given); }; });
  add_about_one(*work, chosen, "show", "one item, with its result", show);
  add_about_one(*work, chosen, "why", "what happened to an item, and what it waits for", why);
  add_change(*work, chosen, "cancel", "work.cancel", "end items; what runs is told to stop");
  add_change(*work, chosen, "retry", "work.retry",
             "take up items again that failed, were cancelled, expired or are suspended");
  add_wait_command(*work, chosen);
  add_top_command(*work, chosen);
}

}  // namespace holdfast
