#pragma once

#include <holdfast/core/value.hpp>
#include <holdfast/runtime/exit_code.hpp>
#include <holdfast/runtime/operator_socket.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}

namespace holdfast {

class node;

/// What the command line decided to do; run after all of it was understood.
using console_action = std::function<exit_code()>;

// One function per group of commands: adds them and sets `chosen` when one was given.
void add_node_command(CLI::App& app, console_action& chosen,
                      const std::function<void(node&)>& setup);
void add_call_commands(CLI::App& app, console_action& chosen);
void add_listing_commands(CLI::App& app, console_action& chosen);
void add_state_commands(CLI::App& app, console_action& chosen);
void add_audit_command(CLI::App& app, console_action& chosen);

/// What every command that asks a node has.
struct console_target {
  std::filesystem::path data;
  bool json = false;
};
void add_target(CLI::App& command, console_target& target);

/// No node runs where one must.
struct no_node_running : std::runtime_error {
  using runtime_error::runtime_error;
};

operator_client connect_to_node(const console_target& target);  ///< throws no_node_running
value ask_node(const console_target& target, const dict& question);

/// Asks the node, or where none runs the store itself, and says so on standard error.
value ask_node_or_store(const console_target& target, const dict& question);

/// `--json`: the value as it is; otherwise what `print` makes of it.
void show_answer(const console_target& target, const value& answer,
                 const std::function<void(const value&)>& print);

/// Columns as wide as they need. The first line is the heading.
void print_table(const std::vector<std::vector<std::string>>& lines);

/// A member as text: strings as they are, numbers, null as "".
std::string cell(const value& row, std::string_view name);

/// An argument on the command line: JSON, or a word that does not begin like JSON, which is a string.
value parse_argument(const std::string& text);

/// Copies `name` into the question when it was given.
void add_text(dict& question, const char* name, const std::string& text);
void add_seconds(dict& question, const char* name, const std::string& duration_text);

}  // namespace holdfast
