#pragma once

#include <holdfast/core/clock.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast {

/// What a child says when it is asked how it gets on.
struct progress_answer {
  std::uint64_t done = 0;  ///< grows with the work; any unit
  bool has_work = false;   ///< without work it need not grow
};

/// Judges by a child's answers whether it makes progress within its bound. Pure: moments are handed in.
///
/// The child is asked once per bound. It hangs when it has not answered within the bound, or when it had work at two questions
/// in a row and has done nothing in between. A silence that lasted much longer than the bound when it is noticed was one of
/// the whole process, which stood still: then the child is asked again instead.
class progress_watch {
public:
  enum class verdict : std::uint8_t { fine, hangs, ask_again };

  void asked(duration now) { asked_ = now; }

  verdict answered(const progress_answer& answer) {
    bool stands_still = last_ && last_->has_work && answer.has_work && last_->done == answer.done;
    last_ = answer;
    return stands_still ? verdict::hangs : verdict::fine;
  }

  verdict silent(duration now, duration bound) const {
    return now - asked_ > bound + bound / 2 ? verdict::ask_again : verdict::hangs;
  }

private:
  duration asked_{0};
  std::optional<progress_answer> last_;
};

}  // namespace holdfast
