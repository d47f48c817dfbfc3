#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

// The files of this tree as the house rules see them. The rules work on text, not on a parsed program: they are
// heuristics that know the style of this tree, and each has a bad sample that it must find.

namespace house_rules {

struct source {
  std::string path;  // from the root of the tree, with forward slashes
  std::string text;
};

struct finding {
  std::string path;
  std::size_t line;  // counted from one
  std::string what;
};

using findings = std::vector<finding>;

// Every file of the tree except version control, builds and hidden folders (.ci is read), sorted by path.
std::vector<source> read_tree(const std::filesystem::path& root);

// The text with comments, literals and their quotes replaced by spaces; every character keeps its place.
std::string code_only(std::string_view text);

// As code_only, and preprocessor lines are blank too.
std::string statements_only(std::string_view text);

std::size_t line_of(std::string_view text, std::size_t position);

bool is_word_char(char c);

// The next place at or after `from` where `word` stands as a whole identifier; npos if none.
std::size_t find_word(std::string_view code, std::string_view word, std::size_t from = 0);

std::string_view first_folder(std::string_view path);
bool has_extension(std::string_view path, std::string_view extension);
bool is_cpp(std::string_view path);

// The names between `(` and `)` or spaces of a CMake file, without comments.
std::vector<std::string> cmake_words(std::string_view text);

// One finding a line, for a failed assertion.
std::string to_string(const findings& found);

}  // namespace house_rules
