#pragma once

#include "tree.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// Size and SHA-256 of a file. Throws std::runtime_error, naming it, when it cannot be read.
measurement measure_file(const std::string& path);

std::string sha256_of(std::string_view bytes);

/// The regular files below `root` that can be read, sorted, the first `most` of them. Links are not followed.
std::vector<std::string> files_below(const std::filesystem::path& root, std::size_t most);

}  // namespace demo
