#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/runtime/node_options.hpp>

#include <string>

namespace holdfast {

/// The name of the node that listens at `address`, as it says in its first word; whoever links to it under that name has
/// it proved. Throws errc::unreachable when nobody answers in time, or what the node there refuses.
std::string learn_name(const std::string& address, const node_options& asking, duration within);

}  // namespace holdfast
