#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/core/ids.hpp>
#include <holdfast/core/value.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/ledger.hpp>
#include <holdfast/runtime/shown_table.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// An operator's question: `command` and its parameters. The part that a store alone can answer stands here, for running
/// nodes and for commands that open the store themselves.
namespace holdfast {

// Parameters. Throw errc::bad_argument, naming the one that is missing or of another kind.
std::string text_of(const dict& question, std::string_view name);
std::string text_of(const dict& question, std::string_view name, std::string_view otherwise);
std::int64_t number_of(const dict& question, std::string_view name, std::int64_t otherwise);
std::optional<duration> seconds_of(const dict& question, std::string_view name);  ///< not 0
std::optional<duration> zero_or_seconds_of(const dict& question, std::string_view name);
call_id call_of(const dict& question);  ///< `id`

/// What a store says: calls, show, state.get, state.range, state.tables, peers, status, audit. Nothing for other commands.
/// `now` is 0 when no node runs.
std::optional<value> answer_from_store(const dict& question, const journal_reader& rows,
                                       const shown_tables& tables, node_time now);

}  // namespace holdfast
