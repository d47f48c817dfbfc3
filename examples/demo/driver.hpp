#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace demo {

struct drive_settings {
  std::filesystem::path root = "/usr/include";
  std::size_t files_max = 5000;
  unsigned kills = 5;            ///< of each process on the way; once more when all is done
  std::size_t items_max = 2000;  ///< of the files, as work for the workers
  std::uint64_t seed = 1;
};

/// Starts both processes, kills them on the way, compares and reports. 0 when the tables are what a plain pass gives.
int drive(const drive_settings& settings);

}  // namespace demo
