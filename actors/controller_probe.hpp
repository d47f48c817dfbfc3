#pragma once

#include <holdfast/actors/controller_books.hpp>

#include <string>

/// Proof that a worker's process is dead: nobody listens where it listened. It is looked for while its link is down and it holds
/// items, so that they need not wait out their grace. An address counts as a witness only if the worker was found there
/// while its link was up: one behind another network's translation proves nothing.
namespace holdfast::controlling {

// Of a controller to itself.
inline constexpr method<void(std::string)> probe_method{"holdfast.work.probe(worker)"};
inline constexpr method<void(std::string, std::string, bool)> probed_method{
    "holdfast.work.probed(worker, address, is_there)"};

/// Behind the commit, if there is anything to find out.
void send_probe(books& all, const std::string& worker);

void probe(books& all, const std::string& worker);
void probed(books& all, const std::string& worker, const std::string& address, bool is_there);

}  // namespace holdfast::controlling
