#include "tests/benchmark/figures.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace bench {
namespace {

std::vector<double> ours_of(const figure& line) {
  std::vector<double> values;
  for (auto& one : line.samples)
    values.push_back(one.ours);
  return values;
}

std::vector<double> bare_of(const figure& line) {
  std::vector<double> values;
  for (auto& one : line.samples)
    values.push_back(one.bare);
  return values;
}

/// Of each repeat: what slows the machine down for a while slows down both.
std::vector<double> ratios_of(const figure& line) {
  std::vector<double> values;
  for (auto& one : line.samples)
    values.push_back(one.bare > 0 ? one.ours / one.bare : 0);
  return values;
}

std::string grouped(double number) {
  if (number > 0 && number < 100) {  // "0.84", "12.5"
    char text[16];
    std::snprintf(text, sizeof text, "%.*f", number < 10 ? 2 : 1, number);
    return text;
  }
  auto text = std::to_string(static_cast<std::uint64_t>(std::llround(number)));
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

template <class List>
auto& named(List& list, const std::string& name) {
  auto found =
      std::find_if(list.begin(), list.end(), [&](auto& entry) { return entry.name == name; });
  if (found != list.end())
    return *found;
  list.push_back({});
  list.back().name = name;
  return list.back();
}

}  // namespace

double median(std::vector<double> values) {
  return percentile(values, 0.5);
}

double spread(const std::vector<double>& values) {
  if (values.empty())
    return 0;
  auto [low, high] = std::minmax_element(values.begin(), values.end());
  auto middle = median(values);
  return middle > 0 ? (*high - *low) / middle : 0;
}

double percentile(std::vector<double>& values, double part) {
  if (values.empty())
    return 0;
  auto at = values.begin()
            + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void figures::add(const std::string& name, const std::string& unit, const std::string& bare_name,
                  sample one) {
  auto& line = named(figures_, name);
  line.unit = unit;
  line.bare_name = bare_name;
  line.samples.push_back(one);
}

void figures::note(const std::string& name, double value) {
  named(remarks_, name).values.push_back(value);
}

void figures::print() const {
  std::printf("%-46s %14s %14s %7s %7s  %s\n", "", "Holdfast", "bare", "ratio", "spread",
              "bare is");
  for (auto& line : figures_)
    std::printf("%-46s %11s %-4s %9s %-4s %7.2f %5.0f %%  %s\n", line.name.c_str(),
                grouped(median(ours_of(line))).c_str(), line.unit.c_str(),
                grouped(median(bare_of(line))).c_str(), line.unit.c_str(), median(ratios_of(line)),
                100 * spread(ratios_of(line)), line.bare_name.c_str());
  std::printf("\n");
  for (auto& line : remarks_)
    std::printf("%-86s %11s\n", line.name.c_str(), grouped(median(line.values)).c_str());
}

nlohmann::json figures::to_json() const {
  auto lines = nlohmann::json::array();
  for (auto& line : figures_)
    lines.push_back({{"name", line.name},
                     {"unit", line.unit},
                     {"bare_is", line.bare_name},
                     {"holdfast", median(ours_of(line))},
                     {"bare", median(bare_of(line))},
                     {"ratio", median(ratios_of(line))},
                     {"spread",
                      {{"holdfast", spread(ours_of(line))},
                       {"bare", spread(bare_of(line))},
                       {"ratio", spread(ratios_of(line))}}},
                     {"repeats", {{"holdfast", ours_of(line)}, {"bare", bare_of(line)}}}});
  auto notes = nlohmann::json::object();
  for (auto& line : remarks_)
    notes[line.name] = median(line.values);
  return {{"figures", lines}, {"notes", notes}};
}

}  // namespace bench
