#pragma once

#include <holdfast/runtime/console.hpp>

namespace holdfast {

/// `cluster up FILE`, and the commands for one that runs: status, kill, stop, restart, freeze, thaw, cut, heal, do.
void add_cluster_commands(CLI::App& app, console_action& chosen);

}  // namespace holdfast
