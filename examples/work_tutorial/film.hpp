// Shows what the programs of the work tutorial share: the method that renderers run, and those of the studio.
#pragma once

#include <holdfast/runtime/run.hpp>

#include <string>

// What a renderer is given: hours of work.
constexpr holdfast::method<std::string(std::string, int)> render{"film.render(scene, frames)"};

// A message to a renderer: the night is over.
constexpr holdfast::method<void()> morning{"film.morning"};

// What the studio can be asked to do. `rendered` is a completion: it hears how a scene ended.
constexpr holdfast::method<void(std::string, int)> shoot{"studio.shoot(scene, frames)"};
constexpr holdfast::method<void(holdfast::outcome<std::string>, std::string)> rendered{
    "studio.rendered(result, scene)"};
