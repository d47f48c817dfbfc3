#pragma once

#include <holdfast/runtime/console.hpp>

#include <functional>

namespace holdfast {

/// `sim`: nodes of this program in a simulation.
void add_sim_command(CLI::App& app, console_action& chosen,
                     const std::function<void(node&)>& setup);

}  // namespace holdfast
