#pragma once

#include <holdfast/core/error.hpp>

namespace holdfast {

/// What a handler throws when the caller asked for something that cannot be: the sentence is all there is to say. As any
/// failure, the run leaves nothing behind; of a message it is told to who waits for the answer, and is no warning in the
/// log of this node, where nothing is wrong.
class refused_call : public error {
public:
  explicit refused_call(const std::string& sentence) : error(errc::failed, sentence) {}
};

}  // namespace holdfast
