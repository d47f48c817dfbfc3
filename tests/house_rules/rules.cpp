#include "tests/house_rules/rules.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace house_rules {
namespace {

constexpr std::array<std::string_view, 4> layers{"core", "persistence", "actors", "runtime"};

std::optional<std::size_t> rank_of(std::string_view layer) {
  const auto at = std::find(layers.begin(), layers.end(), layer);
  if (at == layers.end())
    return std::nullopt;
  return static_cast<std::size_t>(at - layers.begin());
}

// The lowest layer that may include a header of this package.
struct package {
  std::string_view prefix;
  std::string_view lowest_layer;
};

constexpr std::array packages{
    package{"boost/", "persistence"}, package{"lmdb.h", "persistence"},
    package{"xxh", "persistence"},    package{"openssl/", "persistence"},
    package{"caf/", "actors"},        package{"CLI/", "runtime"},
    package{"nlohmann/", "runtime"},  package{"spdlog/", "actors"},
    package{"fmt/", "actors"},        package{"toml++/", "runtime"},
    package{"expat.h", "runtime"},    package{"httplib.h", "runtime"},
};

struct include_line {
  std::size_t line;
  bool quoted;
  std::string target;
};

std::vector<include_line> includes_of(const source& file) {
  std::vector<include_line> result;
  std::istringstream in{file.text};
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const std::size_t at = line.find_first_not_of(" \t#");
    if (line.find('#') == std::string::npos || at == std::string::npos
        || line.compare(at, 7, "include") != 0)
      continue;
    const std::size_t open = line.find_first_of("<\"", at);
    const std::size_t close =
        open == std::string::npos ? open : line.find_first_of(">\"", open + 1);
    if (close != std::string::npos)
      result.push_back({number, line[open] == '"', line.substr(open + 1, close - open - 1)});
  }
  return result;
}

std::string why_not(std::size_t rank, const include_line& include) {
  if (include.quoted)
    return "\"" + include.target + "\": layers are included as <holdfast/layer/file.hpp>";
  if (include.target.starts_with("holdfast/")) {
    const std::string_view rest = std::string_view{include.target}.substr(9);
    const auto other = rank_of(first_folder(rest));
    if (!other)
      return "<" + include.target + ">: there is no such layer";
    if (*other > rank)
      return "<" + include.target + ">: points up, from " + std::string{layers[rank]};
  }
  for (const package& p : packages)
    if (include.target.starts_with(p.prefix) && rank < *rank_of(p.lowest_layer))
      return "<" + include.target + ">: not below " + std::string{p.lowest_layer};
  return {};
}

void visit(const std::string& header, const std::map<std::string, std::vector<std::string>>& graph,
           std::vector<std::string>& trail, std::set<std::string>& done, findings& found) {
  const auto again = std::find(trail.begin(), trail.end(), header);
  if (again != trail.end()) {
    std::string circle = "includes itself:";
    for (auto it = again; it != trail.end(); ++it)
      circle += " " + *it + " ->";
    found.push_back({header, 1, circle + " " + header});
    return;
  }
  const auto edges = graph.find(header);
  if (edges == graph.end() || done.contains(header))
    return;
  trail.push_back(header);
  for (const std::string& next : edges->second)
    visit(next, graph, trail, done, found);
  trail.pop_back();
  done.insert(header);
}

bool is_layer_header(const source& file) {
  return rank_of(first_folder(file.path)) && has_extension(file.path, ".hpp");
}

// Every place of a word in the code of a file, as findings.
void find_all(const source& file, std::string_view code, std::string_view word, findings& found) {
  for (std::size_t at = find_word(code, word); at != std::string_view::npos;
       at = find_word(code, word, at + 1))
    found.push_back({file.path, line_of(code, at), std::string{word}});
}

// Plain text anywhere in a file; `word_ahead` says whether it may stand directly behind a letter.
void find_text(const source& file, std::string_view needle, bool word_ahead, findings& found) {
  for (std::size_t at = file.text.find(needle); at != std::string::npos;
       at = file.text.find(needle, at + 1)) {
    const char before = at == 0 ? ' ' : file.text[at - 1];
    if (word_ahead || !(is_word_char(before) || before == '.' || before == '}' || before == '-'))
      found.push_back({file.path, line_of(file.text, at), std::string{needle}});
  }
}

}  // namespace

findings upward_includes(const source& file) {
  findings found;
  const auto rank = rank_of(first_folder(file.path));
  if (!rank || !is_cpp(file.path))
    return found;
  for (const include_line& include : includes_of(file))
    if (std::string reason = why_not(*rank, include); !reason.empty())
      found.push_back({file.path, include.line, std::move(reason)});
  return found;
}

findings include_cycles(const std::vector<source>& tree) {
  std::map<std::string, std::vector<std::string>> graph;
  for (const source& file : tree) {
    if (!is_layer_header(file))
      continue;
    auto& edges = graph[file.path];
    for (const include_line& include : includes_of(file))
      if (include.target.starts_with("holdfast/"))
        edges.push_back(include.target.substr(9));
  }
  findings found;
  std::set<std::string> done;
  for (const auto& node : graph) {
    std::vector<std::string> trail;
    visit(node.first, graph, trail, done, found);
  }
  return found;
}

findings unlisted_files(const std::vector<source>& tree) {
  std::set<std::string> listed;
  for (const source& file : tree) {
    if (file.path != "CMakeLists.txt" && !file.path.ends_with("/CMakeLists.txt"))
      continue;
    const std::string folder =
        file.path.substr(0, file.path.size() - std::string_view{"CMakeLists.txt"}.size());
    const std::string_view here = "${CMAKE_CURRENT_SOURCE_DIR}/",
                           tree_root = "${PROJECT_SOURCE_DIR}/";
    for (const std::string& word : cmake_words(file.text)) {
      const std::size_t at = word.find(here);
      listed.insert(folder + (at == std::string::npos ? word : word.substr(at + here.size())));
      if (has_extension(word, ".java") && word.starts_with(tree_root))
        listed.insert(word.substr(tree_root.size()));
    }
  }
  findings found;
  for (const source& file : tree)
    if ((has_extension(file.path, ".cpp") || has_extension(file.path, ".java")
         || is_layer_header(file))
        && !listed.contains(file.path))
      found.push_back({file.path, 1, "is in no CMakeLists.txt: it is not built"});
  return found;
}

findings unchecked_headers(const std::vector<source>& tree,
                           const std::vector<std::string>& checked) {
  findings found;
  for (const source& file : tree)
    if (is_layer_header(file)
        && std::find(checked.begin(), checked.end(), file.path) == checked.end())
      found.push_back({file.path, 1, "is not compiled alone: list it under HEADERS"});
  return found;
}

findings sleeps(const source& file) {
  findings found;
  if (is_cpp(file.path) || has_extension(file.path, ".java")) {
    const std::string code = code_only(file.text);
    for (std::string_view word :
         {"sleep_for", "sleep_until", "usleep", "nanosleep", "clock_nanosleep", "sleep"})
      find_all(file, code, word, found);
  } else if (has_extension(file.path, ".sh") || has_extension(file.path, ".py")) {
    find_all(file, file.text, "sleep", found);
  }
  return found;
}

findings skipped_tests(const source& file) {
  findings found;
  if (!is_cpp(file.path))
    return found;
  const std::string code = code_only(file.text);
  find_all(file, code, "GTEST_SKIP", found);
  const std::string_view prefix = "DISABLED_";
  for (std::size_t at = code.find(prefix); at != std::string::npos; at = code.find(prefix, at + 1))
    found.push_back({file.path, line_of(code, at), "a disabled test"});
  return found;
}

findings longer_than(std::size_t lines_max, const source& file) {
  const auto lines = static_cast<std::size_t>(std::count(file.text.begin(), file.text.end(), '\n'));
  if (!(is_cpp(file.path) || has_extension(file.path, ".java")) || lines <= lines_max)
    return {};
  return {{file.path, lines,
           std::to_string(lines) + " lines, " + std::to_string(lines_max) + " are allowed"}};
}

findings machine_paths(const source& file) {
  findings found;
  // Written in pieces, so that this file keeps its own rule.
  for (std::string_view folder : {"/wo"
                                  "rk/",
                                  "/ho"
                                  "me/",
                                  "/ro"
                                  "ot/",
                                  "/Us"
                                  "ers/",
                                  "/tmp"
                                  "/build"})
    find_text(file, folder, false, found);
  for (std::string_view host : {"deb."
                                "debian.org",
                                "snapshot."
                                "debian.org",
                                "archive."
                                "ubuntu.com"})
    find_text(file, host, true, found);
  return found;
}

findings unfinished(const source& file) {
  findings found;
  for (std::string_view word : {"TO"
                                "DO",
                                "FIX"
                                "ME",
                                "XX"
                                "X"})
    find_all(file, file.text, word, found);
  return found;
}

}  // namespace house_rules
