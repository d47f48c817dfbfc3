#include "tests/house_rules/rules.hpp"

#include <cctype>
#include <string_view>
#include <utility>

namespace house_rules {
namespace {

// Follows the braces of one file. What stands before an opening brace tells what it opens: a scope (namespace, class), a
// function, or a braced value. Blocks, lambdas and local classes inside a function belong to it.
class function_scanner {
public:
  explicit function_scanner(const source& file) : file_{file}, code_{statements_only(file.text)} {}

  std::vector<function_size> run() {
    for (std::size_t at = 0; at < code_.size(); ++at) {
      switch (code_[at]) {
      case '{': open(at); break;
      case '}': close(at); break;
      case ';': end_statement(at); break;
      default: break;
      }
    }
    return std::move(found_);
  }

private:
  enum class kind { scope, function, block, value };

  struct level {
    kind what;
    std::size_t statement;  // where the statement that this brace belongs to begins
  };

  bool inside_function() const { return !levels_.empty() && levels_.back().what != kind::scope; }

  void open(std::size_t at) {
    if (!inside_function())
      skip_macros(at);
    const kind what = inside_function() ? kind::block : classify(at);
    levels_.push_back({what, statement_});
    if (what == kind::scope)
      statement_ = at + 1;
  }

  void close(std::size_t at) {
    if (levels_.empty())
      return;
    const level closed = levels_.back();
    levels_.pop_back();
    if (closed.what == kind::function)
      record(closed.statement, at);
    // A value is part of a statement that goes on; all else ends one.
    if (closed.what == kind::function || closed.what == kind::scope)
      statement_ = at + 1;
  }

  void end_statement(std::size_t at) {
    if (!inside_function())
      statement_ = at + 1;
  }

  // CAF_ALLOW_UNSAFE_MESSAGE_TYPE(x) stands before the next declaration without a semicolon; TEST(a, b) { does not.
  void skip_macros(std::size_t end) {
    while (true) {
      const std::size_t begin = code_.find_first_not_of(" \n\t", statement_);
      std::size_t at = begin;
      while (at < end && (std::isupper(static_cast<unsigned char>(code_[at])) || code_[at] == '_'))
        ++at;
      if (at >= end || at == begin || code_[at] != '(')
        return;
      for (int depth = 0; at < end; ++at) {
        depth += (code_[at] == '(') - (code_[at] == ')');
        if (depth == 0)
          break;
      }
      const std::size_t next = code_.find_first_not_of(" \n\t", at + 1);
      if (next >= end || code_[next] == ':')
        return;
      statement_ = at + 1;
    }
  }

  kind classify(std::size_t at) const {
    const std::string_view head = std::string_view{code_}.substr(statement_, at - statement_);
    const std::size_t last = head.find_last_not_of(" \n\t");
    if (last == std::string_view::npos)
      return kind::scope;
    if (opens_scope(head))
      return kind::scope;
    const bool attached = last + 1 == head.size() && head[last] != ')';
    const bool expects_value = std::string_view{"=,(<"}.find(head[last]) != std::string_view::npos;
    if (attached || expects_value || head.find('(') == std::string_view::npos)
      return kind::value;
    return kind::function;
  }

  static bool opens_scope(std::string_view head) {
    const std::string_view declared = behind_template(head);
    for (std::string_view word : {"namespace", "class", "struct", "enum", "union", "extern"}) {
      const std::size_t found = find_word(declared, word);
      if (found != std::string_view::npos
          && declared.substr(0, found).find_first_of("(=") == std::string_view::npos)
        return true;
    }
    return false;
  }

  // `template <class T>` has the word class in it.
  static std::string_view behind_template(std::string_view head) {
    std::size_t at = find_word(head, "template");
    while (at != std::string_view::npos) {
      int depth = 0;
      for (at = head.find('<', at); at < head.size(); ++at) {
        depth += (head[at] == '<') - (head[at] == '>');
        if (depth == 0)
          break;
      }
      head = at < head.size() ? head.substr(at + 1) : std::string_view{};
      at = find_word(head, "template");
    }
    return head;
  }

  void record(std::size_t statement, std::size_t end) {
    const std::size_t begin = code_.find_first_not_of(" \n\t", statement);
    const std::size_t first = line_of(code_, begin);
    found_.push_back({file_.path, name_at(begin), first, line_of(code_, end) - first + 1});
  }

  // The word before the first parenthesis; for TEST(a, b) that is enough to find it, since the line stands beside it.
  std::string name_at(std::size_t begin) const {
    const std::size_t paren = code_.find('(', begin);
    std::size_t end = paren;
    while (end > begin && !is_word_char(code_[end - 1]))
      --end;
    std::size_t start = end;
    while (start > begin && (is_word_char(code_[start - 1]) || code_[start - 1] == ':'))
      --start;
    const std::string name = code_.substr(start, end - start);
    if (!name.starts_with("TEST") && !name.starts_with("TYPED_TEST"))
      return name;
    return file_.text.substr(start, code_.find(')', paren) + 1 - start);
  }

  const source& file_;
  std::string code_;
  std::size_t statement_ = 0;
  std::vector<level> levels_;
  std::vector<function_size> found_;
};

}  // namespace

std::vector<function_size> functions_longer_than(std::size_t lines_max, const source& file) {
  if (!is_cpp(file.path))
    return {};
  std::vector<function_size> found = function_scanner{file}.run();
  std::erase_if(found, [=](const function_size& f) { return f.lines <= lines_max; });
  return found;
}

}  // namespace house_rules
