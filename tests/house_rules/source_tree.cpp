#include "tests/house_rules/source_tree.hpp"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>

namespace house_rules {
namespace {

namespace fs = std::filesystem;

bool is_skipped_folder(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name != ".ci" && (name.starts_with(".") || name.starts_with("build"));
}

std::string read_file(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

// Walks over one literal or comment, from its first character to the one behind it.
class skipper {
public:
  skipper(std::string_view text, std::size_t at) : text_{text}, at_{at} {}

  // Returns `at` itself if no literal or comment begins there.
  std::size_t end() const {
    if (text_.substr(at_, 2) == "//")
      return std::min(text_.find('\n', at_), text_.size());
    if (text_.substr(at_, 2) == "/*")
      return behind(text_.find("*/", at_ + 2), 2);
    if (text_[at_] == '"')
      return is_raw() ? raw_end() : quoted_end('"');
    if (text_[at_] == '\'' && !is_digit_separator())
      return quoted_end('\'');
    return at_;
  }

private:
  std::size_t behind(std::size_t found, std::size_t length) const {
    return found == std::string_view::npos ? text_.size() : found + length;
  }

  bool is_raw() const {
    return at_ > 0 && text_[at_ - 1] == 'R' && (at_ < 2 || !is_word_char(text_[at_ - 2]));
  }

  // 1'000'000, as opposed to u8'x'.
  bool is_digit_separator() const {
    return at_ > 0 && std::isxdigit(static_cast<unsigned char>(text_[at_ - 1]))
           && at_ + 1 < text_.size() && std::isxdigit(static_cast<unsigned char>(text_[at_ + 1]))
           && text_.substr(at_ + 2, 1) != "'";
  }

  std::size_t raw_end() const {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos)
      return text_.size();
    const std::string close = ")" + std::string{text_.substr(at_ + 1, open - at_ - 1)} + "\"";
    return behind(text_.find(close, open), close.size());
  }

  std::size_t quoted_end(char quote) const {
    for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
      if (text_[i] == '\\')
        ++i;
      else if (text_[i] == quote || text_[i] == '\n')
        return i + 1;
    }
    return text_.size();
  }

  std::string_view text_;
  std::size_t at_;
};

void blank(std::string& text, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i)
    if (text[i] != '\n')
      text[i] = ' ';
}

}  // namespace

std::vector<source> read_tree(const fs::path& root) {
  std::vector<source> result;
  for (auto it = fs::recursive_directory_iterator{root}; it != fs::recursive_directory_iterator{};
       ++it) {
    if (it->is_directory() && is_skipped_folder(it->path()))
      it.disable_recursion_pending();
    else if (it->is_regular_file())
      result.push_back(
          {it->path().lexically_relative(root).generic_string(), read_file(it->path())});
  }
  std::sort(result.begin(), result.end(),
            [](const source& a, const source& b) { return a.path < b.path; });
  return result;
}

std::string code_only(std::string_view text) {
  std::string result{text};
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = skipper{text, i}.end();
    blank(result, i, end);
    i = std::max(i + 1, end);
  }
  return result;
}

std::string statements_only(std::string_view text) {
  std::string result = code_only(text);
  bool continued = false;
  for (std::size_t begin = 0; begin < result.size();) {
    const std::size_t end = std::min(result.find('\n', begin), result.size());
    const std::size_t first = result.find_first_not_of(" \t", begin);
    const bool directive = continued || (first < end && result[first] == '#');
    continued = directive && end > begin && result[end - 1] == '\\';
    if (directive)
      blank(result, begin, end);
    begin = end + 1;
  }
  return result;
}

std::size_t line_of(std::string_view text, std::size_t position) {
  return 1
         + static_cast<std::size_t>(
             std::count(text.begin(), text.begin() + static_cast<long>(position), '\n'));
}

bool is_word_char(char c) {
  return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

std::size_t find_word(std::string_view code, std::string_view word, std::size_t from) {
  for (std::size_t at = code.find(word, from); at != std::string_view::npos;
       at = code.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word_char(code[at - 1]))
        && (end == code.size() || !is_word_char(code[end])))
      return at;
  }
  return std::string_view::npos;
}

std::string_view first_folder(std::string_view path) {
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

bool has_extension(std::string_view path, std::string_view extension) {
  return path.ends_with(extension);
}

bool is_cpp(std::string_view path) {
  return has_extension(path, ".cpp") || has_extension(path, ".hpp");
}

std::vector<std::string> cmake_words(std::string_view text) {
  std::vector<std::string> words(1);
  bool comment = false;
  for (char c : text) {
    comment = c != '\n' && (comment || c == '#');
    const bool separates =
        comment || std::isspace(static_cast<unsigned char>(c)) || c == '(' || c == ')' || c == '"';
    if (!separates)
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  return words;
}

std::string to_string(const findings& found) {
  std::string result;
  for (const finding& f : found)
    result += "\n" + f.path + ":" + std::to_string(f.line) + ": " + f.what;
  return result;
}

}  // namespace house_rules
