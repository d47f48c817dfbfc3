#pragma once

#include <holdfast/actors/link_port.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/call_record.hpp>
#include <holdfast/runtime/foreign_call.hpp>

#include <string>
#include <string_view>

namespace holdfast {

/// What the pieces of a foreign link (foreign_requests, foreign_calls, foreign_lane) see of the actor around them: a
/// link_port, and words in the node's own format instead of frames.
class foreign_port : public link_port {
public:
  /// Sends a call to the foreign node: in its format, or in `body`. Throws errc::bad_argument for what the format cannot carry
  /// and errc::too_large; nothing was sent then.
  virtual void say(std::string method, array params) = 0;
  virtual void say(foreign_body body, std::string method, array params) = 0;

  /// So many bytes that came in are dealt with.
  virtual void taken(std::size_t bytes) = 0;
};

/// What a native caller gave, as a foreign node can read it: dynamic arguments as they are, typed ones through the signature
/// of this program (dynamic_signature.hpp). Throws errc::undecodable, with the remedy, for a signature it does not have.
struct foreign_arguments {
  array params;
  dict named;
};
foreign_arguments arguments_for_foreign(const call_header& header, std::string_view payload);

/// The way back: a foreign node's result as `header`'s caller decodes it. Throws errc::bad_argument.
std::string result_from_foreign(const call_header& header, const value& result);

}  // namespace holdfast
