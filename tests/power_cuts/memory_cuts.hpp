#pragma once

#include "tests/power_cuts/judging.hpp"

namespace holdfast::power_cuts {

/// The story over memory journals, its power cut at every flush of either node, the commit in flight kept and lost. With
/// `twice` there is a second cut at every flush that follows, recovery included. `images` counts runs.
cut_report try_memory_cuts(unsigned calls, bool twice);

}  // namespace holdfast::power_cuts
