#include <holdfast/runtime/line_template.hpp>

#include <algorithm>
#include <array>

namespace holdfast {
namespace {

constexpr std::array<std::string_view, 6> places{"{}", "{.}", "{/}", "{//}", "{/.}", "{#}"};

std::string_view file_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);  // npos + 1 is 0
}

std::string_view folder_name(std::string_view path) {
  auto end = path.find_last_of('/');
  return end == path.npos ? "." : end == 0 ? "/" : path.substr(0, end);
}

/// A name that begins with a dot has no extension there.
std::string_view without_extension(std::string_view path) {
  auto dot = path.find_last_of('.');
  auto name = path.size() - file_name(path).size();
  return dot == path.npos || dot <= name ? path : path.substr(0, dot);
}

std::string content_of(std::string_view place, std::string_view line, std::uint64_t number) {
  if (place == "{.}")
    return std::string(without_extension(line));
  if (place == "{/}")
    return std::string(file_name(line));
  if (place == "{//}")
    return std::string(folder_name(line));
  if (place == "{/.}")
    return std::string(without_extension(file_name(line)));
  if (place == "{#}")
    return std::to_string(number);
  return std::string(line);
}

}  // namespace

std::string fill_in(std::string_view word, std::string_view line, std::uint64_t number) {
  std::string filled;
  while (!word.empty()) {
    auto place = std::find_if(places.begin(), places.end(),
                              [&](auto each) { return word.starts_with(each); });
    filled += place == places.end() ? std::string(1, word[0]) : content_of(*place, line, number);
    word.remove_prefix(place == places.end() ? 1 : place->size());
  }
  return filled;
}

bool has_place(std::string_view word) {
  return std::any_of(places.begin(), places.end(),
                     [&](auto place) { return word.find(place) != word.npos; });
}

std::vector<std::string> fill_in(const std::vector<std::string>& words, std::string_view line,
                                 std::uint64_t number) {
  std::vector<std::string> filled;
  for (auto& word : words)
    filled.push_back(fill_in(word, line, number));
  if (std::none_of(words.begin(), words.end(), [](auto& word) { return has_place(word); }))
    filled.emplace_back(line);
  return filled;
}

}  // namespace holdfast
