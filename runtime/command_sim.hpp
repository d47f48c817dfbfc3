#pragma once

#include <holdfast/runtime/console.hpp>
#include <holdfast/runtime/simulation_story.hpp>

namespace holdfast {

/// `sim`: nodes of this program in a simulation, with its own set-up and its own check.
void add_sim_command(CLI::App& app, console_action& chosen, const story_options& program);

}  // namespace holdfast
