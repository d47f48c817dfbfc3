#pragma once

#include <holdfast/runtime/exit_code.hpp>
#include <holdfast/runtime/operator_socket.hpp>

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <vector>

namespace holdfast {

/// What `queue --batch` does: one call a line, as JSON, pipelined to the node.
///
///     {"to": "beta", "method": "log.append", "args": ["n", "1"], "id": "x", "expires_in": "1h"}
///
/// `args` is an array, or an object of named arguments. A bad line is told by its number and the rest goes on.
struct batch_progress {
  std::uint64_t lines = 0;       ///< read
  std::uint64_t bytes = 0;       ///< read
  std::uint64_t on_disk = 0;     ///< newly stored
  std::uint64_t duplicates = 0;  ///< their user id was live: stored before
  std::uint64_t bad = 0;
};

struct batch_hooks {
  std::function<void(std::uint64_t line, const std::string& text)> bad_line;
  std::function<void(const batch_progress&)>
      progress;  ///< now and then, and at the end, whichever it is; must not throw
  std::function<void(std::uint64_t line, const value& stored)> stored;  ///< may be empty
};

/// Returns when every line was answered. Throws errc::stopping when the node ends in between: what was told as on disk is.
batch_progress queue_batch(operator_client& client, std::istream& lines, const batch_hooks& hooks);

/// The question for one line. Throws errc::bad_argument with what is wrong with it.
dict batch_question(const std::string& line);

}  // namespace holdfast
