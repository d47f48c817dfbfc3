#pragma once

#include <holdfast/runtime/run.hpp>

#include <string>

namespace farm {

// What painters run, and what mixers run: each returns which of its parts its last run did.
inline constexpr holdfast::method<std::string(std::string, int)> paint{"farm.paint(scene, parts)"};
inline constexpr holdfast::method<std::string(std::string, int)> mix{"farm.mix(reel, parts)"};

// A message to a worker: the second half of all work can be done from now on.
inline constexpr holdfast::method<void()> go_on{"farm.go_on"};

/// Sets up a node as the worker that its name says: "painter1", "mixer1".
void serve_worker(holdfast::node& node);

}  // namespace farm
