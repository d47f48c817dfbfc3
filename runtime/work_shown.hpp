#pragma once

#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/core/value.hpp>

#include <string>
#include <string_view>

/// Items and workers as operators see them: the members of `--json`. Moments are ISO 8601 text in UTC, durations seconds;
/// what there is not yet is null.
namespace holdfast {

value show_item(const item_report& item);  ///< with `result` and `history` where it has them
value show_worker(const worker_status& worker);
value show_counts(const work_counts& counts);

/// Throws errc::bad_argument, naming those that there are.
item_state parse_item_state(std::string_view name);

/// What is no UTF-8 becomes U+FFFD: for output of commands, which may be anything.
std::string readable(std::string_view bytes);

}  // namespace holdfast
