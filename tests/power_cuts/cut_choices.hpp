#pragma once

#include "tests/power_cuts/disk_model.hpp"

#include <holdfast/core/function_ref.hpp>

#include <cstdint>
#include <vector>

namespace holdfast::power_cuts {

enum class choice_kind : std::uint8_t {
  exhaustive,  ///< one of all subsets of the unsynced units, each whole
  bounded,     ///< there are too many subsets: none, all, each alone, each missing
  torn,        ///< one page comes in part, with none or all of the others
  sampled,     ///< drawn from the seed: subsets of sectors
};

/// Which sectors of a torn page came.
enum class tear_patterns : std::uint8_t {
  none,  ///< pages come whole, but for samples
  few,   ///< heads, tails and every second sector
  all,   ///< every subset
};

struct choice_limits {
  std::size_t subsets_max = 4096;  ///< up to here all subsets: a dozen units
  std::size_t samples = 32;        ///< of each cut that has units
  tear_patterns tears = tear_patterns::few;
  std::uint64_t seed = 1;
};

/// Every way that the units may have reached the disk, within the limits.
void for_each_choice(const std::vector<unsynced_unit>& units, const choice_limits& limits,
                     function_ref<void(choice_kind, const cut_choice&)> use);

}  // namespace holdfast::power_cuts
