#pragma once

#include <array>
#include <string_view>

/// The encodings with one byte a character that XML documents still declare: ISO 8859, Windows and DOS code pages, KOI8.
namespace holdfast {

/// Byte to code point; -1 where the encoding has no character. The lower half is ASCII.
using single_byte_map = std::array<int, 256>;

/// Null when the encoding is none of them. Case, '-' and '_' do not matter, and "cp", "ibm" and "windows" are the same:
/// iso-8859-2 to -16, windows-1250 to -1258, cp437, cp850, cp852, cp855, cp866, koi8-r, koi8-u. The tables are here and not
/// taken from iconv: a stranger's document names the encoding, and would choose which modules of the C library are loaded,
/// of which a small installation has few.
bool find_single_byte_map(std::string_view encoding, single_byte_map& map);

}  // namespace holdfast
