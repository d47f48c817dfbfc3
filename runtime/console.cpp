#include <holdfast/core/error.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>
#include <holdfast/runtime/builtin_methods.hpp>
#include <holdfast/runtime/console.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/json.hpp>
#include <holdfast/runtime/questions.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>

namespace holdfast {

void add_target(CLI::App& command, console_target& target) {
  command.add_option("--data", target.data, "data directory of the node")->required();
  command.add_flag("--json", target.json, "print JSON");
}

namespace {

std::optional<operator_client> try_to_connect(const console_target& target) {
  if (target.data.empty())
    throw error(errc::bad_config, "name the node's data directory with --data");
  return operator_client::connect(target.data);
}

}  // namespace

operator_client connect_to_node(const console_target& target) {
  if (auto client = try_to_connect(target))
    return std::move(*client);
  throw no_node_running("no node runs on " + target.data.string()
                        + "; start it with: node, controller or worker, and --data "
                        + target.data.string());
}

value ask_node(const console_target& target, const dict& question) {
  return connect_to_node(target).ask(question);
}

value ask_node_or_store(const console_target& target, const dict& question) {
  if (auto client = try_to_connect(target))
    return client->ask(question);
  lmdb_journal store(target.data, {.read_only = true});
  std::cerr << "no node runs on " << target.data.string() << "; this is what its store says\n";
  shown_tables tables;
  show_builtin_tables(tables);
  auto answer = answer_from_store(question, *store.read(), tables, 0);
  if (!answer)
    throw no_node_running("no node runs on " + target.data.string()
                          + ", and its store alone does not tell that");
  return *answer;
}

void show_answer(const console_target& target, const value& answer,
                 const std::function<void(const value&)>& print) {
  if (target.json)
    std::cout << to_json(answer) << "\n";
  else
    print(answer);
}

void print_table(const std::vector<std::vector<std::string>>& lines) {
  std::vector<std::size_t> widths;
  for (auto& line : lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], line[i].size());
  }
  for (auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
      text +=
          line[i] + (i + 1 < line.size() ? std::string(widths[i] - line[i].size() + 2, ' ') : "");
    text.erase(text.find_last_not_of(' ') + 1);
    std::cout << text << "\n";
  }
}

std::string cell(const value& row, std::string_view name) {
  auto* content = row.as_dict().find(name);
  if (!content || content->is_null())
    return {};
  if (auto* text = content->get_if<std::string>())
    return *text;
  return to_json(*content);
}

value parse_argument(const std::string& text) {
  bool is_json = std::string_view("{[\"-0123456789").find(text[0]) != std::string_view::npos
                 || text.starts_with(" [")  // an array, as run() hands it on
                 || text == "true" || text == "false" || text == "null";
  if (!is_json)
    return value(text);
  try {
    return parse_json(text);
  } catch (const error& problem) {
    throw error(errc::bad_argument, "the argument" + (text[0] == ' ' ? text : ' ' + text)
                                        + " is no JSON (" + problem.what()
                                        + "); put a string into quotes of its own: '\"...\"'");
  }
}

void add_text(dict& question, const char* name, const std::string& text) {
  if (!text.empty())
    question.add(name, text);
}

void add_seconds(dict& question, const char* name, const std::string& duration_text) {
  if (!duration_text.empty())
    question.add(name, std::chrono::duration<double>(parse_duration(duration_text)).count());
}

}  // namespace holdfast
