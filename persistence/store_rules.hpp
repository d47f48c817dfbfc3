#pragma once

#include <holdfast/persistence/journal.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

/// What all stores behind the journal contract must answer alike, written once. Not for users of the
/// contract.

/// The first thing done with a row to be written: errc::too_large names the table and the limit.
void check_row_limits(table_id table, std::string_view key, std::string_view value);

/// The row of `meta` that a store writes when it is made: a sealed record whose body is the version of
/// the store's format, u32. Users of the journal leave this key alone.
inline constexpr std::string_view format_key = "format";
inline constexpr std::uint32_t journal_format_version = 1;

std::string format_record(std::uint32_t version = journal_format_version);

/// What opening does with that row. Throws errc::journal_format for a newer store, and
/// errc::journal_damaged for anything else that is no format row.
void check_format_record(std::string_view record);

/// How much is really kept for `shrinks` commits: what was asked for, but at most a quarter of a quota,
/// so that a small store is not all reserve.
std::uint64_t reserve_within(std::uint64_t bytes_max, std::uint64_t reserve_bytes) noexcept;

}  // namespace holdfast
