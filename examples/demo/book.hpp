// The table that a node of the demo keeps: what is known of each file, and how often it took effect.
#pragma once

#include "tree.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace demo {

/// One file is known now. Returns how many are. All of it is committed with the handler's call or not at all.
std::uint64_t remember(holdfast::context& ctx, const std::string& path, const measurement& found);

/// Lets others read the table.
void serve_listing(holdfast::node& node);

/// How many files the node's own table has.
std::uint64_t known_files(holdfast::node& node);

/// All of a peer's table, page by page, by synchronous calls: what they return is on the peer's disk.
std::vector<file_row> table_of(holdfast::node& node, const std::string& peer);

}  // namespace demo
