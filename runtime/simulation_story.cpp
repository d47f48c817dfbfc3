#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/simulation_story.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

namespace holdfast {
namespace {

/// Where the transcript begins; what stands behind it is for comparison.
constexpr std::string_view transcript_mark = "---";

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts;
  std::istringstream in(list);
  for (std::string part; std::getline(in, part, ',');)
    parts.push_back(part);
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (auto& part : parts)
    text += (text.empty() ? "" : ",") + part;
  return text;
}

std::string milliseconds(duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) + "ms";
}

/// node NAME [node|controller|worker] [controller=HUB] [slots=N] [type=T] [labels=a,b] [peers=a,b]
cluster_node parse_node(const std::vector<std::string>& words) {
  cluster_node made;
  if (words.size() < 2)
    throw error(errc::bad_config, "a node has a name: 'node w1 worker controller=hub'");
  made.name = words[1];
  check_name("node", made.name);
  for (std::size_t i = 2; i < words.size(); ++i) {
    auto& word = words[i];
    auto equals = word.find('=');
    auto key = word.substr(0, equals);
    auto content = equals == word.npos ? "" : word.substr(equals + 1);
    if (equals == word.npos && word == "node")
      made.role = cluster_role::node;
    else if (equals == word.npos && word == "controller")
      made.role = cluster_role::controller;
    else if (equals == word.npos && word == "worker")
      made.role = cluster_role::worker;
    else if (key == "controller")
      made.controller = content;
    else if (key == "type")
      made.type = content;
    else if (key == "labels")
      made.labels = split(content);
    else if (key == "peers")
      made.peers = split(content);
    else if (key != "slots"
             || std::from_chars(content.data(), content.data() + content.size(), made.slots).ec
                    != std::errc{})
      throw error(errc::bad_config,
                  "'" + word
                      + "' says nothing about a node; there are node, "
                        "controller, worker, controller=, slots=, type=, labels=, peers=");
  }
  return made;
}

std::string text_of(const cluster_node& node) {
  std::string text = "node " + node.name;
  if (node.role != cluster_role::node)
    text += " " + std::string(to_string(node.role));
  if (!node.controller.empty())
    text += " controller=" + node.controller;
  if (node.slots != 1)
    text += " slots=" + std::to_string(node.slots);
  if (!node.type.empty())
    text += " type=" + node.type;
  if (!node.labels.empty())
    text += " labels=" + joined(node.labels);
  if (!node.peers.empty())
    text += " peers=" + joined(node.peers);
  return text;
}

class story_parser {
public:
  void take(const std::string& line) {
    auto words = words_of(line);
    if (words.empty())
      return;
    if (words[0].starts_with('#')) {
      auto begin = line.find_first_not_of("# ");
      if (begin != line.npos)
        made_.why += (made_.why.empty() ? "" : "\n") + line.substr(begin);
    } else if (words[0] == "seed" && words.size() == 2) {
      auto& text = words[1];
      if (std::from_chars(text.data(), text.data() + text.size(), made_.seed).ec != std::errc{})
        throw error(errc::bad_config, "'" + text + "' is no seed; a seed is a number");
    } else if (words[0] == "node") {
      made_.nodes.push_back(parse_node(words));
    } else {
      take_act(words);
    }
  }

  story finish() {
    if (made_.nodes.empty())
      throw error(errc::bad_config, "no node is named; a story begins with lines as 'node a'");
    std::stable_sort(made_.acts.begin(), made_.acts.end(),
                     [](auto& left, auto& right) { return left.at < right.at; });
    return std::move(made_);
  }

private:
  void take_act(const std::vector<std::string>& words) {
    story_act act;
    act.at = parse_duration(words[0]);
    for (std::size_t i = 1; i < words.size(); ++i)
      act.line += (i > 1 ? " " : "") + words[i];
    if (act.line.empty())
      throw error(errc::bad_config, "an act is a time and what happens then: '10s crash w1'");
    made_.acts.push_back(std::move(act));
  }

  story made_;
};

}  // namespace

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;)
    words.push_back(word);
  return words;
}

std::string_view to_string(story_end end) {
  switch (end) {
  case story_end::good: return "good";
  case story_end::safety: return "safety";
  case story_end::liveness: return "liveness";
  case story_end::crash: return "crash";
  }
  return "unknown";
}

story parse_story(std::string_view text, const std::string& file_name) {
  story_parser parser;
  std::istringstream in{std::string(text)};
  std::size_t number = 0;
  for (std::string line; std::getline(in, line) && line != transcript_mark;) {
    ++number;
    try {
      parser.take(line);
    } catch (const error& problem) {
      throw error(errc::bad_config,
                  file_name + ":" + std::to_string(number) + ": " + problem.what());
    }
  }
  try {
    return parser.finish();
  } catch (const error& problem) {
    throw error(errc::bad_config, file_name + ": " + problem.what());
  }
}

std::string to_text(const story& what) {
  std::string text;
  std::istringstream why(what.why);
  for (std::string line; std::getline(why, line);)
    text += "# " + line + "\n";
  text += "seed " + std::to_string(what.seed) + "\n";
  for (auto& node : what.nodes)
    text += text_of(node) + "\n";
  for (auto& act : what.acts)
    text += milliseconds(act.at) + " " + act.line + "\n";
  return text;
}

std::string controller_of(const story& what, const cluster_node& worker) {
  if (!worker.controller.empty())
    return worker.controller;
  for (auto& node : what.nodes)
    if (node.role == cluster_role::controller)
      return node.name;
  throw error(errc::bad_config, "the worker " + worker.name + " has no controller: no node is one");
}

std::vector<std::pair<std::string, std::string>> links_of(const story& what) {
  std::vector<std::pair<std::string, std::string>> links;
  for (auto& node : what.nodes) {
    auto peers = node.peers;
    if (node.role == cluster_role::worker)
      peers.push_back(controller_of(what, node));
    std::sort(peers.begin(), peers.end());
    peers.erase(std::unique(peers.begin(), peers.end()), peers.end());
    for (auto& peer : peers)
      links.emplace_back(node.name, peer);
  }
  return links;
}

story story_of(const cluster_file& cluster, std::uint64_t seed) {
  story made;
  made.seed = seed;
  made.nodes = cluster.nodes;
  for (auto& one : made.nodes)
    for (auto& other : made.nodes) {
      if (!(one.name < other.name))
        continue;
      auto link = link_between(cluster, one.name, other.name);
      auto pair = one.name + " " + other.name + " ";
      if (link.delay > duration(0))
        made.acts.push_back({{}, "delay " + pair + milliseconds(link.delay)});
      if (link.loss > 0)
        made.acts.push_back({{}, "drop " + pair + std::to_string(link.loss)});
    }
  for (auto& fault : cluster.faults)
    made.acts.push_back({fault.at, fault.verb.text});
  std::stable_sort(made.acts.begin(), made.acts.end(),
                   [](auto& left, auto& right) { return left.at < right.at; });
  return made;
}

}  // namespace holdfast
