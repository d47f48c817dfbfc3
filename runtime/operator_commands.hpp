#pragma once

#include <holdfast/runtime/operator_socket.hpp>

namespace holdfast {

class node;

/// What a running node answers its operator: the commands of the command line, one for one, without their formatting.
/// docs/operating.md lists them. The node outlives it.
operator_handler make_operator_handler(node& host);

}  // namespace holdfast
