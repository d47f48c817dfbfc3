#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_verb.hpp>
#include <holdfast/runtime/durations.hpp>

#include <array>
#include <charconv>
#include <sstream>

namespace holdfast {
namespace {

using kind = cluster_verb::kind;

/// A verb and how it is written. `nodes` of its words are names of nodes; the argument behind them is `argument`.
struct grammar {
  kind what;
  std::string_view name;
  std::size_t nodes;
  std::string_view argument;
};

constexpr std::array<grammar, 14> grammars{{
    {kind::crash, "crash", 1, ""},
    {kind::restart, "restart", 1, ""},
    {kind::stop, "stop", 1, ""},
    {kind::freeze, "freeze", 1, ""},
    {kind::thaw, "thaw", 1, ""},
    {kind::lose_disk, "lose_disk", 1, ""},
    {kind::slow_disk, "slow_disk", 1, "5ms"},
    {kind::full_disk, "full_disk", 1, "BYTES"},
    {kind::corrupt, "corrupt", 1, "bit|page|truncate"},
    {kind::skew_clock, "skew_clock", 1, "1h"},
    {kind::partition, "partition", 2, "[oneway]"},
    {kind::heal, "heal", 2, ""},
    {kind::delay, "delay", 2, "20ms"},
    {kind::drop, "drop", 2, "0.1"},
}};

std::string form_of(const grammar& verb) {
  std::string text(verb.name);
  text += verb.nodes == 1 ? " NODE" : " NODE NODE";
  if (!verb.argument.empty())
    text += " " + std::string(verb.argument);
  return text + (verb.what == kind::heal ? "' or 'heal" : "");
}

[[noreturn]] void refuse(const std::string& text) {
  throw error(errc::bad_config, text);
}

[[noreturn]] void refuse_form(const cluster_verb& verb, const grammar& form) {
  refuse("'" + verb.text + "' is written '" + form_of(form) + "'");
}

const grammar& find_grammar(const std::string& name) {
  std::string all;
  for (auto& verb : grammars) {
    if (verb.name == name)
      return verb;
    all += (all.empty() ? "" : ", ") + std::string(verb.name);
  }
  refuse("there is no verb '" + name + "' here; there are " + all);
}

duration time_of(const std::string& word, bool may_be_negative) {
  bool is_negative = may_be_negative && word.starts_with('-');
  try {
    auto time = parse_duration(std::string_view(word).substr(is_negative ? 1 : 0));
    return is_negative ? -time : time;
  } catch (const error& problem) {
    refuse(problem.what());
  }
}

template <class Number>
Number number_of(const std::string& word, const char* what) {
  Number number{};
  auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (failure != std::errc{} || end != word.data() + word.size())
    refuse("'" + word + "' is no " + what);
  return number;
}

void read_argument(cluster_verb& verb, const std::string& word, const grammar& form) {
  switch (verb.what) {
  case kind::slow_disk:
  case kind::delay: verb.time = time_of(word, false); return;
  case kind::skew_clock: verb.time = time_of(word, true); return;
  case kind::full_disk: verb.bytes = number_of<std::uint64_t>(word, "number of bytes"); return;
  case kind::drop:
    verb.share = number_of<double>(word, "number from 0 to 1");
    if (!(verb.share >= 0 && verb.share <= 1))
      refuse("the share '" + word + "' goes from 0, nothing is lost, to 1");
    return;
  case kind::corrupt:
    verb.how = word;
    if (word != "bit" && word != "page" && word != "truncate")
      refuse_form(verb, form);
    return;
  case kind::partition:
    verb.is_one_way = word == "oneway";
    if (!verb.is_one_way)
      refuse_form(verb, form);
    return;
  default: return;
  }
}

}  // namespace

std::string_view to_string(cluster_verb::kind kind) {
  for (auto& verb : grammars)
    if (verb.what == kind)
      return verb.name;
  return "unknown";
}

cluster_verb parse_verb(std::string_view line) {
  std::vector<std::string> words;
  std::istringstream in{std::string(line)};
  cluster_verb verb;
  for (std::string word; in >> word; words.push_back(word))
    verb.text += (verb.text.empty() ? "" : " ") + word;
  if (words.empty())
    refuse("the line of a fault is empty; write a verb and a node, as in 'crash w1'");
  auto& form = find_grammar(words[0]);
  verb.what = form.what;
  bool is_bare_heal = verb.what == kind::heal && words.size() == 1;
  auto nodes = is_bare_heal ? 0 : form.nodes;
  if (words.size() < 1 + nodes)
    refuse_form(verb, form);
  verb.nodes.assign(words.begin() + 1, words.begin() + 1 + static_cast<std::ptrdiff_t>(nodes));
  if (nodes == 2 && verb.nodes[0] == verb.nodes[1])
    refuse("'" + verb.text + "' names '" + verb.nodes[0] + "' twice; a link has two ends");
  auto arguments = words.size() - 1 - nodes;
  bool is_optional = form.argument.starts_with('[');
  std::size_t most = form.argument.empty() ? 0 : 1;
  if (arguments > most || (arguments < most && !is_optional))
    refuse_form(verb, form);
  if (arguments == 1)
    read_argument(verb, words.back(), form);
  return verb;
}

}  // namespace holdfast
