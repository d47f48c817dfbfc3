#pragma once

#include <holdfast/runtime/shown_table.hpp>

namespace holdfast {

class node;

/// The methods of the `holdfast` program, enough to try it without writing one:
///
///     echo(value)                    returns what it was given
///     log.append(log, line)          adds a line to a named log in the node's state; one mailbox, in order
///     log.read(log, from, limit)     its lines from number `from` (the first is 1), `limit` at most (100 when left out)
void serve_builtin_methods(node& host);

void show_builtin_tables(shown_tables& tables);

}  // namespace holdfast
