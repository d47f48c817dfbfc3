#pragma once

#include <holdfast/core/ids.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/persistence/outbox.hpp>

#include <cstdint>
#include <string>

/// What the journal keeps of foreign nodes (docs/wire.md). They have no journal of their own: a name is all there is, so
/// the lane of its calls has an identity made of the name, and that a call which is sent again is stored once is the
/// work of a table of ids.
///
///    meta   "foreign/NAME" 0 "i" ID          number, checksum of method and arguments
///           "foreign/NAME" 0 "n" NUMBER      ID; the lowest goes when there are limits::foreign_ids_max
///           "foreign/NAME/work" ...          the same for the ends of its runs
namespace holdfast::foreign {

/// The lane of its calls.
inline constexpr lane_number lane = 1;

/// In place of a journal's identity: half of it a mark that no journal draws, half a hash of the name.
uuid source_of(const std::string& name);
bool is_source(const uuid& id);

/// How many processes of the name have introduced themselves, this one included: `start` is the number that a process draws when
/// it starts, and with the same number it is the same process; 0 is never the same. Makes the name a foreign one. Throws
/// errc::wrong_name when it is a native node's, errc::over_credit when limits::foreign_names_max names are known.
std::uint64_t introduce(ledger& books, const std::string& name, std::uint64_t start = 0);

struct request {
  std::string name;    ///< the foreign node's
  std::string id;      ///< its own for the call, as it is answered; empty: it is not remembered
  queue_request call;  ///< to this node or another; deadlines are what is left
  bool is_of_work =
      false;  ///< the id is a run's (name/work), and leaves those of the name's own calls alone
};

enum class stored : std::uint8_t { now, before };

/// Stores a call, unless it was stored under that id before. Throws errc::id_conflict when that was another call.
stored accept(ledger& books, const request& given);

}  // namespace holdfast::foreign
