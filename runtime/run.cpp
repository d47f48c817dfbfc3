#include <holdfast/core/error.hpp>
#include <holdfast/runtime/command_cluster.hpp>
#include <holdfast/runtime/command_sim.hpp>
#include <holdfast/runtime/command_work.hpp>
#include <holdfast/runtime/exec_guard.hpp>
#include <holdfast/runtime/run.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {
namespace {

constexpr const char* footer =
    "Durations are 300ms, 10s, 5m, 1h, 2d. Arguments of calls are JSON; "
    "a word that does not begin like JSON is a string.\n"
    "Exit status: 0 done, 1 refused, 2 wrong command line, 3 no node "
    "runs there, 4 some lines were bad;\n"
    "of call: 10 it did not run, 11 it failed, 12 it may have run; of work wait: 11 some failed;\n"
    "of sim: 20 a promise was broken, 21 what was accepted did not end, 22 it crashed.";

exit_code failed_with(exit_code code, const std::string& sentence) {
  std::cerr << sentence << "\n";
  return code;
}

/// CLI11 takes a word in brackets for a list of words. A blank in front keeps it whole, and JSON does not mind one.
void keep_arrays_whole(std::vector<std::string>& words) {
  for (auto& word : words)
    if (word.starts_with('['))
      word.insert(0, 1, ' ');
}

/// What stands behind `--` of `submit` is another program's: no parser touches it.
std::vector<std::string> take_command(std::vector<std::string>& words) {
  auto mark = std::find(words.begin(), words.end(), "--");
  if (words.size() < 2 || words[1] != "submit" || mark == words.end())
    return {};
  std::vector<std::string> command(mark + 1, words.end());
  words.erase(mark, words.end());
  return command;
}

/// The first word, if it names no command.
std::string unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  if (words.size() < 2 || words[1].starts_with('-'))
    return {};
  for (auto* command : app.get_subcommands({}))
    if (command->check_name(words[1]))
      return {};
  return words[1];
}

exit_code act(const console_action& action) try {
  return action();
} catch (const no_node_running& problem) {
  return failed_with(exit_code::no_node, problem.what());
} catch (const error& problem) {
  bool is_usage = problem.code() == errc::bad_config || problem.code() == errc::insecure_listen;
  return failed_with(is_usage ? exit_code::usage : exit_code::refused,
                     std::string(to_string(problem.code())) + ": " + problem.what());
} catch (const std::exception& problem) {
  return failed_with(exit_code::refused, problem.what());
}

}  // namespace

int run(int argc, char** argv, const std::function<void(node&)>& setup,
        const std::function<std::vector<std::string>(simulation&)>& check) {
  if (argc > 1 && std::string_view(argv[1]) == exec_guard_command)
    run_exec_guard();
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Durable calls between nodes.");
  app.footer(footer);
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("holdfast ") + HOLDFAST_VERSION);
  console_action chosen;
  std::vector<std::string> words(argv, argv + argc);
  auto command = take_command(words);
  keep_arrays_whole(words);
  add_node_command(app, chosen, setup);
  add_call_commands(app, chosen);
  add_listing_commands(app, chosen);
  add_state_commands(app, chosen);
  add_audit_command(app, chosen);
  add_sim_command(app, chosen, {.setup = setup, .check_at_end = check});
  add_work_node_commands(app, chosen, setup);
  add_submit_command(app, chosen, command);
  add_work_commands(app, chosen);
  add_workers_commands(app, chosen);
  add_cluster_commands(app, chosen);
  if (auto word = unknown_command(app, words); !word.empty())
    return static_cast<int>(failed_with(exit_code::usage, "there is no command '" + word
                                                              + "'; --help lists those there are"));
  std::vector<const char*> pointers;
  for (auto& word : words)
    pointers.push_back(word.c_str());
  try {
    app.parse(static_cast<int>(pointers.size()), pointers.data());
  } catch (const CLI::ParseError& problem) {
    return app.exit(problem) == 0 ? 0 : static_cast<int>(exit_code::usage);
  }
  return static_cast<int>(act(chosen));
}

}  // namespace holdfast
