#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_host.hpp>
#include <holdfast/runtime/command_cluster.hpp>
#include <holdfast/runtime/durations.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace holdfast {
namespace {

constexpr const char* default_file = "cluster.toml";

/// Beside the file, where it is looked for: cluster.toml has cluster.data.
std::filesystem::path folder_of(std::filesystem::path file) {
  return file.replace_extension(".data");
}

struct up_arguments {
  std::string file = default_file;
  std::filesystem::path data;
  std::string log_level;
};

exit_code up(const up_arguments& given) {
  cluster_host::options how;
  how.cluster = read_cluster(given.file);
  how.file = given.file;
  how.data = given.data.empty() ? folder_of(given.file) : given.data;
  how.log_level = given.log_level;
  how.tell = [](const std::string& line) { std::cout << line << std::endl; };
  auto folder = how.data.string();
  try {
    return cluster_host(std::move(how)).run();
  } catch (const error& problem) {
    if (problem.code() != errc::journal_locked)
      throw;
    throw error(errc::journal_locked, "a cluster runs in " + folder
                                          + " already; end it, or name another folder with --data");
  }
}

// ---- commands for one that runs

struct cluster_arguments {
  console_target target{folder_of(default_file), false};
  std::vector<std::string> words;
  bool is_one_way = false;
};

value ask_cluster(const console_target& target, const dict& question) {
  auto running = std::filesystem::is_directory(target.data) ? operator_client::connect(target.data)
                                                            : std::nullopt;
  if (!running)
    throw no_node_running("no cluster runs in " + target.data.string()
                          + "; start one with: cluster up FILE, or name its folder with --data");
  try {
    return running->ask(question);
  } catch (const error& problem) {
    if (problem.code() == errc::stopping)
      throw error(errc::stopping, "the cluster has ended, or is about to");
    throw;
  }
}

std::string time_cell(const value& row, const char* name) {
  auto seconds = row.as_dict().at(name).as_double();
  return seconds == 0 ? "" : format_duration(seconds);
}

void print_status(const value& status) {
  auto& of = status.as_dict();
  std::vector<std::vector<std::string>> nodes{
      {"NODE", "ROLE", "STATE", "PROCESS", "ADDRESS", "STARTS", "ENDED"}};
  for (auto& node : of.at("nodes").as_array())
    nodes.push_back({cell(node, "name"), cell(node, "role"), cell(node, "state"),
                     cell(node, "process"), cell(node, "address"), cell(node, "starts"),
                     cell(node, "ended")});
  print_table(nodes);
  std::vector<std::vector<std::string>> links{{"DIALER", "TARGET", "STATE", "DELAY", "LOSS"}};
  for (auto& link : of.at("links").as_array())
    links.push_back({cell(link, "dialer"), cell(link, "target"), cell(link, "state"),
                     time_cell(link, "delay"),
                     link.as_dict().at("loss").as_double() == 0 ? "" : cell(link, "loss")});
  if (links.size() > 1)
    print_table(links);
  std::vector<std::vector<std::string>> faults{{"FAULT AT", "STATE", "DO"}};
  for (auto& fault : of.at("faults").as_array())
    faults.push_back({format_duration(fault.as_dict().at("at").as_double()), cell(fault, "state"),
                      cell(fault, "do")});
  if (faults.size() > 1)
    print_table(faults);
}

void print_changed(const value& changed) {
  auto& of = changed.as_dict();
  for (auto& node : of.at("nodes").as_array())
    std::cout << cell(node, "name") << " " << cell(node, "state") << "\n";
  for (auto& link : of.at("links").as_array())
    std::cout << cell(link, "dialer") << " " << cell(link, "target") << " " << cell(link, "state")
              << "\n";
}

std::string line_of(const char* verb, const cluster_arguments& given) {
  std::string line = verb;
  for (auto& word : given.words)
    line += (line.empty() ? "" : " ") + word;
  return line + (given.is_one_way ? " oneway" : "");
}

void add_cluster_target(CLI::App& command, console_target& target) {
  command.add_option("--data", target.data, "the cluster's folder (cluster.data)");
  command.add_flag("--json", target.json, "print JSON");
}

/// A command that does `verb` to the nodes that it is given.
CLI::App* add_verb(CLI::App& cluster, console_action& chosen, const char* name, const char* verb,
                   const char* help, const char* words, int count_min, int count_max,
                   const std::shared_ptr<cluster_arguments>& given) {
  auto* command = cluster.add_subcommand(name, help);
  add_cluster_target(*command, given->target);
  command->add_option(words, given->words)->expected(count_min, count_max)->required(count_min > 0);
  command->callback([=, &chosen] {
    chosen = [=] {
      auto answer = ask_cluster(given->target,
                                dict{{"command", "cluster.do"}, {"verb", line_of(verb, *given)}});
      show_answer(given->target, answer, print_changed);
      return exit_code::done;
    };
  });
  return command;
}

void add_up(CLI::App& cluster, console_action& chosen) {
  auto given = std::make_shared<up_arguments>();
  auto* command = cluster.add_subcommand("up", "run every node of a file here, until SIGTERM");
  command->add_option("FILE", given->file, "that describes the cluster (cluster.toml)");
  command->add_option("--data", given->data,
                      "the folder for the nodes; default: the file's name with .data");
  command->add_option("--log-level", given->log_level, "of the nodes");
  command->callback([=, &chosen] { chosen = [=] { return up(*given); }; });
}

void add_status(CLI::App& cluster, console_action& chosen) {
  auto given = std::make_shared<cluster_arguments>();
  auto* command = cluster.add_subcommand("status", "nodes, links and faults of one that runs");
  add_cluster_target(*command, given->target);
  command->callback([=, &chosen] {
    chosen = [=] {
      auto answer = ask_cluster(given->target, dict{{"command", "cluster.status"}});
      show_answer(given->target, answer, print_status);
      return exit_code::done;
    };
  });
}

}  // namespace

void add_cluster_commands(CLI::App& app, console_action& chosen) {
  auto* cluster =
      app.add_subcommand("cluster", "a cluster of a file on this machine: up, status, and faults");
  cluster->require_subcommand(1);
  add_up(*cluster, chosen);
  add_status(*cluster, chosen);
  auto fresh = [] { return std::make_shared<cluster_arguments>(); };
  auto add = [&](const char* name, const char* verb, const char* help) {
    add_verb(*cluster, chosen, name, verb, help, "NODE", 1, 1, fresh());
  };
  add("kill", "crash", "kill -9 a node");
  add("stop", "stop", "stop a node in good order");
  add("restart", "restart", "start a node again; one that runs is stopped first");
  add("freeze", "freeze", "halt a node: its links stay, and it does not answer");
  add("thaw", "thaw", "let a frozen node go on");
  auto cut = fresh();
  add_verb(*cluster, chosen, "cut", "partition", "let nothing through between two nodes", "NODES",
           2, 2, cut)
      ->add_flag("--oneway", cut->is_one_way, "only nothing from the first to the second");
  add_verb(*cluster, chosen, "heal", "heal", "end a cut; of all links when no nodes are given",
           "NODES", 0, 2, fresh());
  add_verb(*cluster, chosen, "do", "", "any verb of a cluster file: do delay hub w1 20ms", "VERB",
           1, 8, fresh());
}

}  // namespace holdfast
