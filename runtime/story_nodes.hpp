#pragma once

#include <holdfast/actors/table.hpp>
#include <holdfast/core/method.hpp>
#include <holdfast/runtime/node.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What every node of a story serves, and what its store says of it afterwards. All of it stands in one mailbox, beside the
/// events of the node's links.
namespace holdfast::story_nodes {

inline constexpr method<void(std::int64_t)> count{"sim.count(number)"};
/// Counts, and queues `count` of the next number at `to` in the same transaction.
inline constexpr method<void(std::int64_t, std::string)> relay{"sim.relay(number, to)"};
inline constexpr method<void(std::int64_t)> say{"sim.say(number)"};

/// An item that takes so long. Its result is the epoch under which it ran.
inline constexpr method<std::uint64_t(std::int64_t, double)> work{"sim.work(number, seconds)"};

/// Serves count and relay.
void serve_numbers(node& host);

/// How often a number took effect.
std::int64_t times_counted(const journal_reader& rows, std::int64_t number);

/// C3: calls of one lane that started behind later ones, in sentences.
std::vector<std::string> overtaken(const journal_reader& rows);

/// What a controller keeps of an item.
struct item_facts {
  std::string state = "unknown";
  std::string given_to;                    ///< the last worker that got it
  std::optional<std::uint64_t> ran_under;  ///< what its result says
  std::vector<std::string> history;        ///< in words
};
item_facts facts_of_item(const journal_reader& rows, const std::string& id);

/// W3, when all is mended and done: workers among `names`, each with its slots, that their controller has no items for and
/// would give none to.
std::vector<std::string> left_out(
    const journal_reader& rows, const std::vector<std::pair<std::string, std::uint32_t>>& workers);

/// Items that were taken from a worker.
std::uint64_t count_moved(const journal_reader& rows);

}  // namespace holdfast::story_nodes
