#pragma once

#include <holdfast/actors/sockets.hpp>
#include <holdfast/actors/wire.hpp>

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <memory>
#include <string>

// What the socket wire's threads tell its broker, and the broker itself, for wire.cpp alone.
namespace holdfast {

// From the threads that wait for the system.
struct socket_accepted {
  std::shared_ptr<sockets::descriptor> socket;
  std::string from;
};
struct socket_dialed {
  std::uint64_t dial = 0;
  std::shared_ptr<sockets::descriptor> socket;
  std::string failure;
  bool is_refused = false;
};

// From the broker to itself, later.
struct dial_late {
  std::uint64_t dial = 0;
};
struct linger_over {
  connection_number connection = 0;
};
struct loop_turned {
  connection_number connection = 0;
};
struct write_out {
  connection_number connection = 0;
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::socket_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::socket_dialed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::dial_late)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::linger_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::loop_turned)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::write_out)
