#include "tests/house_rules/rules.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

namespace house_rules {
namespace {

// Banned wherever the word stands.
constexpr std::array<std::string_view, 21> banned_words{"steady_clock",    "high_resolution_clock",
                                                        "system_clock",    "system_random",
                                                        "clock_gettime",   "gettimeofday",
                                                        "localtime",       "localtime_r",
                                                        "random_device",   "getrandom",
                                                        "this_thread",     "jthread",
                                                        "pthread_create",  "pthread_self",
                                                        "sleep_for",       "sleep_until",
                                                        "usleep",          "nanosleep",
                                                        "clock_nanosleep", "getpid",
                                                        "gettid"};

// Banned as calls of a free function; as members or variables they are common words.
constexpr std::array<std::string_view, 6> banned_calls{"time",  "rand",  "srand",
                                                       "sleep", "async", "fork"};

std::size_t skip_space(std::string_view code, std::size_t at) {
  return std::min(code.find_first_not_of(" \n\t", at), code.size());
}

bool is_free_call(std::string_view code, std::size_t at, std::size_t length) {
  const std::size_t next = skip_space(code, at + length);
  if (next == code.size() || code[next] != '(')
    return false;
  const std::size_t before =
      at == 0 ? std::string_view::npos : code.find_last_not_of(" \n\t", at - 1);
  if (before == std::string_view::npos)
    return true;
  // x.time(), x->time(), duration time(...) declare or call something else.
  return code[before] != '.' && code[before] != '>' && !is_word_char(code[before]);
}

// From the `<` of a template argument list to the character behind its `>`.
std::size_t behind_angles(std::string_view code, std::size_t at) {
  int depth = 0;
  for (; at < code.size(); ++at) {
    depth += (code[at] == '<') - (code[at] == '>');
    if (depth == 0)
      return at + 1;
  }
  return at;
}

std::string word_at(std::string_view code, std::size_t at) {
  std::size_t end = at;
  while (end < code.size() && is_word_char(code[end]))
    ++end;
  return std::string{code.substr(at, end - at)};
}

// What a type names in this file: variables, members, parameters and functions that return it.
void names_declared_as(std::string_view code, std::string_view type, std::set<std::string>& names) {
  for (std::size_t at = find_word(code, type); at != std::string_view::npos;
       at = find_word(code, type, at + 1)) {
    std::size_t end = skip_space(code, at + type.size());
    if (end < code.size() && code[end] == '<')
      end = behind_angles(code, end);
    while (end < code.size()
           && std::string_view{" \n\t&*"}.find(code[end]) != std::string_view::npos)
      ++end;
    if (std::string name = word_at(code, end); !name.empty() && name != "const")
      names.insert(std::move(name));
  }
}

constexpr std::array<std::string_view, 4> unordered_types{
    "unordered_map", "unordered_set", "unordered_multimap", "unordered_multiset"};

std::set<std::string> unordered_names(std::string_view code) {
  std::set<std::string> names;
  for (std::string_view type : unordered_types) {
    names_declared_as(code, type, names);
    // using index = std::unordered_map<...>;
    for (std::size_t at = find_word(code, type); at != std::string_view::npos;
         at = find_word(code, type, at + 1)) {
      const std::size_t statement = code.find_last_of(";{}", at);
      const std::size_t alias =
          find_word(code, "using", statement == std::string_view::npos ? 0 : statement);
      if (alias != std::string_view::npos && alias < at)
        names_declared_as(code, word_at(code, skip_space(code, alias + 5)), names);
    }
  }
  return names;
}

// The range of a range-based for, or nothing.
std::string_view range_of_loop(std::string_view code, std::size_t keyword) {
  const std::size_t open = skip_space(code, keyword + 3);
  if (open == code.size() || code[open] != '(')
    return {};
  int depth = 0;
  std::size_t colon = 0;
  for (std::size_t at = open; at < code.size(); ++at) {
    depth += (code[at] == '(') - (code[at] == ')');
    if (depth == 0)
      return colon == 0 ? std::string_view{} : code.substr(colon + 1, at - colon - 1);
    if (code[at] == ':' && depth == 1 && colon == 0 && code[at - 1] != ':' && code[at + 1] != ':')
      colon = at;
  }
  return {};
}

void find_iteration(const source& file, std::string_view code, const std::set<std::string>& names,
                    findings& found) {
  for (std::size_t at = find_word(code, "for"); at != std::string_view::npos;
       at = find_word(code, "for", at + 1)) {
    const std::string_view range = range_of_loop(code, at);
    for (const std::string& name : names)
      if (const std::size_t use = find_word(range, name);
          use != std::string_view::npos
          && range.find_first_of(".-[(", use + name.size()) == std::string_view::npos)
        found.push_back(
            {file.path, line_of(code, at), "loops over " + name + ", which has no order"});
  }
  for (const std::string& name : names)
    for (std::size_t at = find_word(code, name); at != std::string_view::npos;
         at = find_word(code, name, at + 1)) {
      const std::string_view rest = code.substr(at + name.size());
      if (rest.starts_with(".begin(") || rest.starts_with(".cbegin("))
        found.push_back(
            {file.path, line_of(code, at), "begins at " + name + ", which has no order"});
    }
}

// std::map<actor*, int>: its order is that of addresses.
void find_pointer_keys(const source& file, std::string_view code, findings& found) {
  for (std::string_view type : {"map", "set", "multimap", "multiset"})
    for (std::size_t at = find_word(code, type); at != std::string_view::npos;
         at = find_word(code, type, at + 1)) {
      const std::size_t open = at + type.size();
      if (open >= code.size() || code[open] != '<')
        continue;
      const std::string_view arguments =
          code.substr(open + 1, behind_angles(code, open) - open - 2);
      if (arguments.substr(0, arguments.find(',')).ends_with('*'))
        found.push_back({file.path, line_of(code, at), "is ordered by address"});
    }
}

std::string stem_of(std::string_view path) {
  return std::string{path.substr(0, path.rfind('.'))};
}

}  // namespace

findings banned_in_simulation(const source& file) {
  findings found;
  if (!is_cpp(file.path))
    return found;
  const std::string code = statements_only(file.text);
  for (std::string_view word : banned_words)
    for (std::size_t at = find_word(code, word); at != std::string::npos;
         at = find_word(code, word, at + 1))
      found.push_back({file.path, line_of(code, at), std::string{word}});
  const std::string_view qualified = "std::thread";  // the plain word names many an actor
  for (std::size_t at = find_word(code, qualified); at != std::string::npos;
       at = find_word(code, qualified, at + 1))
    found.push_back({file.path, line_of(code, at), "thread"});
  for (std::string_view word : banned_calls)
    for (std::size_t at = find_word(code, word); at != std::string::npos;
         at = find_word(code, word, at + 1))
      if (is_free_call(code, at, word.size()))
        found.push_back({file.path, line_of(code, at), std::string{word}});
  return found;
}

findings unordered_iteration(const std::vector<source>& tree) {
  std::map<std::string, std::set<std::string>> names;
  for (const source& file : tree)
    if (is_cpp(file.path))
      names[stem_of(file.path)].merge(unordered_names(statements_only(file.text)));
  findings found;
  for (const source& file : tree) {
    if (!is_cpp(file.path))
      continue;
    const std::string code = statements_only(file.text);
    find_iteration(file, code, names[stem_of(file.path)], found);
    find_pointer_keys(file, code, found);
  }
  return found;
}

}  // namespace house_rules
