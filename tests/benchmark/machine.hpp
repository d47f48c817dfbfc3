#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>

namespace bench {

/// Where it was measured: processor, cores, kernel, the file system below `data`, versions, load.
nlohmann::json describe_machine(const std::filesystem::path& data);

}  // namespace bench
