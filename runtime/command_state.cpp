#include <holdfast/core/error.hpp>
#include <holdfast/runtime/console.hpp>
#include <holdfast/runtime/json.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>

namespace holdfast {
namespace {

struct state_arguments {
  console_target target;
  std::string table, key, from, to;
  std::int64_t limit = 1000;
};

exit_code get_row(const state_arguments& given) {
  auto key = parse_argument(given.key);
  auto answer = ask_node_or_store(
      given.target, dict{{"command", "state.get"}, {"table", given.table}, {"key", key}});
  if (answer.is_null())
    throw error(errc::bad_argument, "the table " + given.table + " has no row " + to_json(key));
  show_answer(given.target, answer,
              [](const value& row) { std::cout << cell(row, "value") << "\n"; });
  return exit_code::done;
}

exit_code list_rows(const state_arguments& given) {
  dict question{{"command", "state.range"}, {"table", given.table}, {"limit", given.limit}};
  if (!given.from.empty())
    question.add("from", parse_argument(given.from));
  if (!given.to.empty())
    question.add("to", parse_argument(given.to));
  show_answer(given.target, ask_node_or_store(given.target, question), [](const value& rows) {
    for (auto& row : rows.as_array())
      std::cout << to_json(row.as_dict().at("key")) << "\t" << to_json(row.as_dict().at("value"))
                << "\n";
  });
  return exit_code::done;
}

exit_code list_tables(const state_arguments& given) {
  show_answer(given.target, ask_node_or_store(given.target, dict{{"command", "state.tables"}}),
              [](const value& names) {
                for (auto& name : names.as_array())
                  std::cout << name.as_string() << "\n";
              });
  return exit_code::done;
}

}  // namespace

void add_state_commands(CLI::App& app, console_action& chosen) {
  auto* state = app.add_subcommand("state", "the rows that handlers keep");
  state->require_subcommand(1);

  auto get = std::make_shared<state_arguments>();
  auto* command = state->add_subcommand("get", "one row's value, as JSON");
  add_target(*command, get->target);
  command->add_option("TABLE", get->table, "a table, as `state tables` lists them")->required();
  command->add_option("KEY", get->key, "the key, as JSON")->required();
  command->callback([=, &chosen] { chosen = [=] { return get_row(*get); }; });

  auto range = std::make_shared<state_arguments>();
  command = state->add_subcommand("range", "rows in the order of their keys");
  add_target(*command, range->target);
  command->add_option("TABLE", range->table, "a table, as `state tables` lists them")->required();
  command->add_option("FROM", range->from, "the first key, as JSON; without it from the begin");
  command->add_option("TO", range->to, "the key behind the last one; without it to the end");
  command->add_option("--limit", range->limit, "at most so many");
  command->callback([=, &chosen] { chosen = [=] { return list_rows(*range); }; });

  auto tables = std::make_shared<state_arguments>();
  command = state->add_subcommand("tables", "the tables that have rows");
  add_target(*command, tables->target);
  command->callback([=, &chosen] { chosen = [=] { return list_tables(*tables); }; });
}

}  // namespace holdfast
