#pragma once

#include <spdlog/logger.h>

#include <memory>
#include <string>

namespace holdfast {

/// A logger of one node: lines on standard error with time (UTC), level and the node's name. Any thread.
std::shared_ptr<spdlog::logger> make_log(const std::string& node_name, const std::string& level);

}  // namespace holdfast
