#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast {

/// Turns the machine's clocks into node time: within one life of the process it runs with the steady clock alone.
/// Over a restart within one boot it goes on by the steady clock; over a reboot by the wall clock, unless that stands
/// before the last stamp or implausibly far behind it: then node time goes on from the stamp, as if the machine had been
/// off for no time, so that nothing expires for a wrong clock. `held` says so in a sentence.
class node_clock {
public:
  node_clock(const clock& machine, node_time start)
      : machine_(machine), start_(start), begun_(machine.now()) {}
  node_time now() const { return start_ + (machine_.steady_ns() - begun_.steady_ns); }
  std::int64_t wall_ns() const { return machine_.wall_ns(); }
  const clock& machine() const { return machine_; }

private:
  const clock& machine_;
  node_time start_;
  moment begun_;
};

/// What a start found and committed.
struct node_start {
  node_identity self;
  node_time time = 0;               ///< where node time goes on
  std::optional<std::string> held;  ///< why the wall clock was not believed
  bool was_clean = true;            ///< the last life ended in good order
  std::uint32_t unclean_in_a_row = 0;
};

/// The longest time off that a wall clock is believed to tell after a reboot.
inline constexpr duration time_off_max = std::chrono::hours(24 * 400);

/// Commits a new incarnation with its nonce, before any link opens. The first start draws the uuid and stores the name;
/// afterwards another name is refused (errc::wrong_name): the name is part of what peers have bound.
node_start start_node(journal& store, const std::string& name, const clock& machine,
                      random_source& random);

/// Stamps node time, so that a reboot can go on from there. Cheap; called in commits that are made anyway.
void stamp_time(ledger& books, const moment& now);

/// The process ends in good order: the next start raises no attempts.
void stop_node(ledger& books);

/// Suspect calls were all dealt with: the count of unclean ends starts over.
void forget_unclean(ledger& books);

/// Who the journal belongs to, without starting anything. For tools.
std::optional<node_identity> read_identity(const journal_reader& rows);

}  // namespace holdfast
