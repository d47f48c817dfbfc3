#include <holdfast/runtime/command_work.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace holdfast {
namespace {

struct workers_arguments {
  work_target target;
  std::string name;
};

std::string joined(const value& worker, const char* member) {
  std::string text;
  for (auto& each : worker.as_dict().at(member).as_array())
    text += (text.empty() ? "" : ",") + each.as_string();
  return text;
}

void print_workers(const value& workers) {
  std::vector<std::vector<std::string>> lines{
      {"WORKER", "PHASE", "SLOTS", "DONE", "TYPE", "LABELS", "METHODS"}};
  for (auto& worker : workers.as_array())
    lines.push_back({cell(worker, "name"), cell(worker, "phase"),
                     cell(worker, "slots_used") + "/" + cell(worker, "slots"),
                     cell(worker, "items_done"), cell(worker, "type"), joined(worker, "labels"),
                     joined(worker, "methods")});
  print_table(lines);
}

exit_code ls(const workers_arguments& given) {
  show_answer(given.target.node, ask_node(given.target.node, given.target.question("workers.list")),
              print_workers);
  return exit_code::done;
}

exit_code change(const workers_arguments& given, const char* command) {
  auto question = given.target.question(command);
  question.add("name", given.name);
  show_answer(given.target.node, ask_node(given.target.node, question), [](const value& worker) {
    auto* phase = worker.as_dict().find("phase");
    std::cout << cell(worker, "name") << " "
              << (phase ? cell(worker, "phase") : cell(worker, "done")) << "\n";
  });
  return exit_code::done;
}

void add_change(CLI::App& workers, console_action& chosen, const char* name, const char* command,
                const char* what) {
  auto given = std::make_shared<workers_arguments>();
  auto* added = workers.add_subcommand(name, what);
  add_work_target(*added, given->target);
  added->add_option("NAME", given->name, "of the worker")->required();
  added->callback([=, &chosen] { chosen = [=] { return change(*given, command); }; });
}

}  // namespace

void add_workers_commands(CLI::App& app, console_action& chosen) {
  auto* workers =
      app.add_subcommand("workers", "workers of a controller: ls, drain, resume, forget");
  workers->require_subcommand(1);
  auto given = std::make_shared<workers_arguments>();
  auto* list = workers->add_subcommand("ls", "the workers that the controller knows");
  add_work_target(*list, given->target);
  list->callback([=, &chosen] { chosen = [=] { return ls(*given); }; });
  add_change(*workers, chosen, "drain", "workers.drain",
             "finish what runs there, give it nothing new; asked at the controller's own node");
  add_change(*workers, chosen, "resume", "workers.resume", "end a drain");
  add_change(*workers, chosen, "forget", "workers.forget",
             "a worker that will not come back: what it had moves at once");
}

}  // namespace holdfast
