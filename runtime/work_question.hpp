#pragma once

#include <holdfast/actors/work_protocol.hpp>
#include <holdfast/core/value.hpp>

namespace holdfast {

/// The submission that a question asks for:
///
///     {"argv": ["gzip", "a.txt"], "directory": "/data", "environment": {"LANG": "C"}, "input": "..."}
///     {"method": "pages.render", "args": ["a.pdf", 300]}
///
/// and beside either: labels, slots, priority, attempts, losses, after, on_lost (move, suspend), on_return (keep_first, adopt,
/// verify_both), run_after_failure, key, title, and in seconds: back_off, timeout, deadline, grace, stop_alone, keep.
///
/// Throws errc::bad_argument or bad_option with what is wrong; nothing is stored then.
submission submission_of(const dict& question);

}  // namespace holdfast
