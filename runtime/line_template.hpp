#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast {

/// The words of a command with places for a line of input, as `parallel` and `xargs -I` write them:
///
///     {}    the line                 a/b.tar.gz
///     {.}   without its extension    a/b.tar
///     {/}   without its folders      b.tar.gz
///     {//}  its folder               a
///     {/.}  without both             b.tar
///     {#}   its number, from 1
///
/// Anything else in braces stays as it is.
std::string fill_in(std::string_view word, std::string_view line, std::uint64_t number);

bool has_place(std::string_view word);

/// All words; where none has a place, the line is the last one.
std::vector<std::string> fill_in(const std::vector<std::string>& words, std::string_view line,
                                 std::uint64_t number);

}  // namespace holdfast
