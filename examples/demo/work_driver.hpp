#pragma once

#include "driver.hpp"

namespace demo {

/// Starts a controller and four workers, submits a command for each of `items_max` files, kills them all on the way, and
/// compares and reports. 0 when every item ended once, with what the same command gives without Holdfast.
int drive_work(const drive_settings& settings);

}  // namespace demo
