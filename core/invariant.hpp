#pragma once

#include <cstdint>
#include <string_view>

/// What must hold, checked where it could break, in every build.
///
/// `INVARIANT(condition, C2, "text")` ends the process when the condition is false, after one line on standard error that
/// names the invariant. The numbers are those of docs/architecture.md and are the same in checkers, documents and reports.
/// It guards against bugs in Holdfast alone: bad input and broken hardware are errors (error.hpp), never invariants.
namespace holdfast {

enum class invariant_id : std::uint8_t {
  C1,  ///< a queued call is executed, expired, dead, dropped or still in a journal
  C2,  ///< a call's committed effects happen at most once
  C3,  ///< first in, first out per source and mailbox
  C4,  ///< every issued call is counted exactly once
  L1,  ///< at most one live session per pair of nodes
  L2,  ///< one `peer_down` per lost session, after all of its messages
  L3,  ///< a healed link makes progress within a bounded time
  W1,  ///< one owner per epoch of a work item
  W2,  ///< a submitted item reaches one terminal state
  W3,  ///< no idle eligible worker while an eligible item waits
  W4,  ///< a failed transition changes nothing
  J1,  ///< nothing is answered before its commit is durable
  J2,  ///< a store opens at a committed state after any power cut
  J3,  ///< a damaged record is detected, never executed
};

std::string_view to_string(invariant_id id);

[[noreturn]] void invariant_failed(invariant_id id, std::string_view condition,
                                   std::string_view text, const char* file, int line);

}  // namespace holdfast

#define INVARIANT(condition, id, text)                                                             \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::holdfast::invariant_failed(::holdfast::invariant_id::id, #condition, text, __FILE__,       \
                                   __LINE__);                                                      \
  } while (false)
