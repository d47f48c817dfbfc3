#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::reporting {

/// UTF-8 without control characters: what is none becomes U+FFFD, a byte at a time.
std::string clean(std::string_view text);

/// Cleaned, and safe as the content of an element and of an attribute in double quotes, in HTML and in SVG.
std::string escape(std::string_view text);

/// How many columns a cleaned text takes: code points.
std::size_t columns_of(std::string_view text);

/// Lines of at most `width` columns, broken at spaces where there are some; a text that needs more than `lines_max` ends in
/// "...".
std::vector<std::string> wrap(std::string_view text, std::size_t width, std::size_t lines_max);

/// Indices of at most so many of the greatest weights, in their own order; of equals the first.
std::vector<std::size_t> heaviest(const std::vector<std::size_t>& weights, std::size_t count_max);

/// "12.345 s".
std::string seconds_text(std::int64_t ns);

/// "1 event", "3 events", "12,345 events".
std::string counted(std::uint64_t count, std::string_view what);

/// "The page shows 2,000 of 1,000,000 events."
std::string left_out(std::size_t shown, std::size_t of, std::string_view what);

}  // namespace holdfast::reporting
