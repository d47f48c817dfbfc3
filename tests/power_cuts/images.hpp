#pragma once

#include "tests/power_cuts/disk_model.hpp"

#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/lmdb_journal.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>

namespace holdfast::power_cuts {

/// A number for all rows of all tables: equal for equal stores.
std::uint64_t digest_of(const journal_reader& rows);
std::uint64_t digest_of_fresh();  ///< of a store that was just made

/// The store as users run it, with a small map, few readers and a small reserve, because thousands are opened.
std::unique_ptr<journal> open_store(const std::filesystem::path& folder);

/// Opens what a cut has left as the node would, and looks at it. Throws what opening throws.
std::uint64_t reopen_and_digest(const std::filesystem::path& folder);

/// Puts the files below `home`, through the real file system.
void write_files(const std::filesystem::path& home, const disk_files& files);

}  // namespace holdfast::power_cuts
