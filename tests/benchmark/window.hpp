#pragma once

#include <holdfast/runtime/node.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace bench {

/// Calls a second with `window` of them outstanding all the time, until the last one has ended. `queue` starts one; `open`
/// says how many have not ended of those that are on disk, which are so many, the ended ones included.
double windowed_rate(double seconds, std::size_t window,
                     const std::function<holdfast::queue_ticket()>& queue,
                     const std::function<std::uint64_t(std::uint64_t on_disk)>& open);

}  // namespace bench
