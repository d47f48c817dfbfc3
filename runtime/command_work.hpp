#pragma once

#include <holdfast/runtime/console.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

// The commands about work, in their files: command_worker.cpp, command_submit.cpp, command_work.cpp, command_work_wait.cpp, command_work_top.cpp,
// command_workers.cpp.

/// `controller` and `worker`: nodes with a part in work. `setup` as for `node`.
void add_work_node_commands(CLI::App& app, console_action& chosen,
                            const std::function<void(node&)>& setup);

/// `command` is what stood behind `--`, which no parser may touch.
void add_submit_command(CLI::App& app, console_action& chosen,
                        const std::vector<std::string>& command);
void add_work_commands(CLI::App& app, console_action& chosen);  ///< with wait and top
void add_wait_command(CLI::App& work, console_action& chosen);
void add_top_command(CLI::App& work, console_action& chosen);
void add_workers_commands(CLI::App& app, console_action& chosen);

/// What every one of them has.
struct work_target {
  console_target node;
  std::string controller;

  dict question(std::string_view command) const;
};
void add_work_target(CLI::App& command, work_target& target);

/// Ids that one `work.look` asks for.
inline constexpr std::size_t look_items_max = 500;

/// "3m12s", "1h04m": for a column of a table or a bar.
std::string short_time(double seconds);

/// Seconds from a moment as the node writes it until now; 0 for null.
double seconds_since(const value& item, std::string_view member);

/// What it is called; an item without a title by its method.
std::string title_of(const value& item);

/// One line of at most that many columns, without control characters.
std::string one_line(const std::string& text, std::size_t columns);

}  // namespace holdfast
