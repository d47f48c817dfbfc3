#pragma once

#include <holdfast/persistence/journal.hpp>

#include <string>
#include <vector>

namespace holdfast::controlling {

/// Whether the tables of a controller agree: every index row follows from an item or a worker and no other is there, slots
/// and counts are those of the items (W4: a transition that failed halfway would leave them apart), and no worker has room
/// for an item that is ready (W3). Every commit of a controller leaves them so, whatever came before it.
///
/// Returns what is not so, in sentences that begin with the invariant's number. Of a node that is no controller nothing is
/// said. Reads only; throws errc::damaged for a row that is. As many rows as there are items: for tests and simulations.
std::vector<std::string> audit_controller(const journal_reader& rows);

}  // namespace holdfast::controlling
