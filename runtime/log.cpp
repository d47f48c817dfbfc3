#include <holdfast/runtime/log.hpp>

#include <spdlog/sinks/stdout_sinks.h>

namespace holdfast {

std::shared_ptr<spdlog::logger> make_log(const std::string& node_name, const std::string& level) {
  auto log = std::make_shared<spdlog::logger>(node_name,
                                              std::make_shared<spdlog::sinks::stderr_sink_mt>());
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l [%n] %v", spdlog::pattern_time_type::utc);
  log->set_level(spdlog::level::from_str(level));
  log->flush_on(spdlog::level::info);
  return log;
}

}  // namespace holdfast
