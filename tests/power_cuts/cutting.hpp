#pragma once

#include "tests/persistence/temporary_directory.hpp"
#include "tests/power_cuts/judging.hpp"
#include "tests/power_cuts/story_cuts.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace holdfast::power_cuts {

/// Where the power of a node was cut, and what was promised until then.
struct cut_place {
  disk_model disk;
  std::vector<unsynced_unit> units;
  std::size_t node = 0;
  std::string what;                     ///< in words
  std::vector<std::uint64_t> promised;  ///< the states at which it may open
  std::set<std::uint64_t> earlier;      ///< those at which it was before
  moment now;
  std::string promises_key;  ///< with the same one, images of the same writes are the same
};

/// Turns cuts into images, and images into verdicts.
class cutter {
public:
  explicit cutter(const cut_options& options);

  void cut(cut_place place);
  bool has_enough() const { return report_.all_images() >= options_.images_max; }
  cut_report finish(std::size_t commits);

private:
  const cut_options options_;
  test::temporary_directory images_;
  cut_report report_;
  judging judges_;
  std::set<std::string> tried_;
};

}  // namespace holdfast::power_cuts
