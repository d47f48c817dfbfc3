#include <holdfast/actors/sockets.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/names.hpp>
#include <holdfast/runtime/cluster_file.hpp>
#include <holdfast/runtime/durations.hpp>

#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>

namespace holdfast {
namespace {

using reader = std::function<void(const toml::node&)>;
using readers = std::map<std::string_view, reader>;
using names = std::vector<std::string>;

/// Names that a sentence lists before it ends in "...".
constexpr std::size_t listed_max = 12;

std::string listed(const names& all) {
  std::string text;
  for (std::size_t i = 0; i < std::min(all.size(), listed_max); ++i)
    text += (i ? ", " : "") + all[i];
  return text + (all.size() > listed_max ? ", ..." : "");
}

/// A [[node]] as it stands there, before its `count` and the names in it are understood.
struct draft {
  const toml::table* at = nullptr;
  cluster_node node;
  unsigned count = 1;
  bool is_many = false;   ///< `count` is given: the nodes have numbers
  std::size_t first = 0;  ///< of the nodes that it makes
  names peers;
};

/// Values of one kind, and places. Every refusal is a sentence behind FILE:LINE:COLUMN.
class toml_places {
public:
  explicit toml_places(std::string file_name) : file_(std::move(file_name)) {}

protected:
  [[noreturn]] void refuse(const toml::source_position& at, const std::string& why) const {
    throw error(errc::bad_config, file_ + ":" + std::to_string(at.line) + ":"
                                      + std::to_string(at.column) + ": " + why);
  }
  [[noreturn]] void refuse(const toml::node& at, const std::string& why) const {
    refuse(at.source().begin, why);
  }

  void read_table(const toml::node& node, const std::string& name, const readers& known) {
    if (!node.is_table())
      refuse(node, "'" + name + "' is a table: [" + name + "]");
    for (auto&& [key, content] : *node.as_table()) {
      auto found = known.find(key.str());
      if (found == known.end()) {
        names all;
        for (auto& [each, read] : known)
          all.emplace_back(each);
        refuse(key.source().begin, "there is no setting '" + std::string(key.str()) + "' of " + name
                                       + "; there are " + listed(all));
      }
      where_ = std::string(key.str());
      found->second(content);
    }
  }

  /// Each table of [[name]].
  void read_each(const toml::table& top, const char* name,
                 const std::function<void(const toml::table&)>& read) const {
    auto* all = top.get(name);
    if (!all)
      return;
    auto* tables = all->as_array();
    auto form = "'" + std::string(name) + "' is written [[" + name + "]], once for each";
    if (!tables)
      refuse(*all, form);
    for (auto& each : *tables) {
      if (!each.is_table())
        refuse(each, form);
      read(*each.as_table());
    }
  }

  std::string string_of(const toml::node& node) const {
    if (!node.is_string())
      refuse(node, "'" + where_ + "' is a string, in quotes");
    return node.as_string()->get();
  }
  reader text(std::string& into) {
    return [this, &into](const toml::node& node) { into = string_of(node); };
  }
  reader flag(bool& into) {
    return [this, &into](const toml::node& node) {
      if (!node.is_boolean())
        refuse(node, "'" + where_ + "' is true or false");
      into = node.as_boolean()->get();
    };
  }
  reader number(unsigned& into, std::int64_t high) {
    return [this, &into, high](const toml::node& node) {
      auto given = node.is_integer() ? node.as_integer()->get() : 0;
      if (given < 1 || given > high)
        refuse(node, "'" + where_ + "' is an integer from 1 to " + std::to_string(high));
      into = static_cast<unsigned>(given);
    };
  }
  reader share(double& into) {
    return [this, &into](const toml::node& node) {
      into = node.value<double>().value_or(-1);
      if (!(into >= 0 && into <= 1))
        refuse(node, "'" + where_ + "' is a number from 0, nothing, to 1, all");
    };
  }
  duration time_of(const toml::node& node) const {
    auto given = string_of(node);
    try {
      return parse_duration(given);
    } catch (const error& problem) {
      refuse(node, "'" + where_ + "': " + problem.what());
    }
  }
  template <class Time>
  reader time(Time& into) {
    return [this, &into](const toml::node& node) { into = time_of(node); };
  }
  reader list(names& into) {
    return [this, &into](const toml::node& node) {
      if (!node.is_array())
        refuse(node, "'" + where_ + "' is a list of strings: " + where_ + " = [\"...\"]");
      for (auto& each : *node.as_array())
        into.push_back(string_of(each));
    };
  }

  std::string file_;
  std::string where_;  ///< the key that is being read
};

class parser : toml_places {
public:
  using toml_places::toml_places;

  cluster_file read(const toml::table& top) {
    auto later = [](const toml::node&) {};
    read_table(top, "the file",
               {{"cluster", [this](auto& node) { read_cluster(node); }},
                {"node", later},
                {"link", later},
                {"fault", later}});
    read_each(top, "node", [this](auto& table) { read_node(table); });
    if (file_read_.nodes.empty())
      refuse({1, 1}, "the cluster has no node; add one: [[node]] and name = \"hub\"");
    for (auto& each : drafts_)
      resolve(each);
    read_each(top, "link", [this](auto& table) { read_link(table); });
    read_each(top, "fault", [this](auto& table) { read_fault(table); });
    std::ranges::stable_sort(file_read_.faults, {}, &cluster_fault::at);
    return std::move(file_read_);
  }

private:
  static const toml::node& place(const toml::table& table, const char* key) {
    auto* found = table.get(key);
    return found ? *found : table;
  }

  void read_cluster(const toml::node& node) {
    read_table(node, "cluster",
               {{"name", text(file_read_.name)},
                {"heartbeat", time(file_read_.heartbeat)},
                {"silence", time(file_read_.silence)}});
    auto& table = *node.as_table();
    if (table.get("name"))
      check(table, "name", "cluster", file_read_.name);
    for (auto& [key, given] :
         {std::pair("heartbeat", file_read_.heartbeat), {"silence", file_read_.silence}})
      if (given && *given <= duration())
        refuse(place(table, key), "'" + std::string(key) + "' must be longer than nothing");
  }

  void check(const toml::table& table, const char* key, const char* what, const std::string& name) {
    try {
      check_name(what, name);
    } catch (const error& problem) {
      refuse(place(table, key), problem.what());
    }
  }

  void read_node(const toml::table& table) {
    draft made;
    auto& node = made.node;
    std::string role = "node";
    made.at = &table;
    read_table(table, "a node",
               {{"name", text(node.name)},
                {"count", number(made.count, cluster_nodes_max)},
                {"role", text(role)},
                {"listen", text(node.listen)},
                {"controller", text(node.controller)},
                {"type", text(node.type)},
                {"slots", number(node.slots, slots_max)},
                {"labels", list(node.labels)},
                {"allow_exec", flag(node.allow_exec)},
                {"peers", list(made.peers)}});
    made.is_many = table.get("count") != nullptr;
    if (!table.get("name"))
      refuse(table, "a node needs a name: name = \"hub\"");
    check(table, "name", "node", node.name);
    node.role = role_of(table, role);
    check_worker_settings(table, node);
    check_listen(table, made);
    add(std::move(made));
  }

  cluster_role role_of(const toml::table& table, const std::string& given) const {
    for (auto role : {cluster_role::node, cluster_role::controller, cluster_role::worker})
      if (to_string(role) == given)
        return role;
    refuse(place(table, "role"),
           "there is no role '" + given + "'; there are node, controller, worker");
  }

  void check_worker_settings(const toml::table& table, const cluster_node& node) const {
    if (node.role == cluster_role::worker)
      return;
    for (auto* key : {"controller", "type", "slots", "labels", "allow_exec"})
      if (auto* found = table.get(key))
        refuse(*found, "'" + std::string(key) + "' is of workers, and '" + node.name + "' is a "
                           + std::string(to_string(node.role))
                           + "; give it role = \"worker\", or leave it out");
  }

  void check_listen(const toml::table& table, const draft& made) const {
    auto* found = table.get("listen");
    if (!found)
      return;
    std::string port;
    try {
      port = sockets::parse_address(made.node.listen).port;
    } catch (const error& problem) {
      refuse(*found, problem.what());
    }
    if (port == "0")
      return;
    if (made.count > 1)
      refuse(*found, std::to_string(made.count) + " nodes cannot share the address "
                         + made.node.listen + "; leave listen out, or write port 0");
    for (auto& other : file_read_.nodes)
      if (other.listen == made.node.listen)
        refuse(*found, "the node '" + other.name + "' listens on " + other.listen
                           + " already; choose another port");
  }

  void add(draft made) {
    auto& node = made.node;
    auto& name = place(*made.at, "name");
    auto claim = [&](const std::string& each) {
      auto [at, is_new] = taken_.emplace(each, made.at->source().begin.line);
      if (!is_new)
        refuse(name, "there are two nodes '" + each + "', the other one in line "
                         + std::to_string(at->second) + "; give one another name");
    };
    if (file_read_.nodes.size() + made.count > cluster_nodes_max)
      refuse(place(*made.at, "count"), "the cluster has more than "
                                           + std::to_string(cluster_nodes_max)
                                           + " nodes; make it smaller");
    claim(node.name);
    made.first = file_read_.nodes.size();
    for (unsigned number = 1; number <= made.count; ++number) {
      auto each = node;
      if (made.is_many)
        claim(each.name += std::to_string(number));
      file_read_.nodes.push_back(std::move(each));
    }
    drafts_.push_back(std::move(made));
  }

  /// The nodes that a name in the file stands for.
  const draft* draft_of(const std::string& name) const {
    for (auto& each : drafts_)
      if (each.node.name == name)
        return &each;
    return nullptr;
  }
  names nodes_of(const toml::node& at, const std::string& name) const {
    if (find_node(file_read_, name))
      return {name};
    if (auto* found = draft_of(name))
      return members_of(*found);
    refuse_unknown(at, name);
  }
  names members_of(const draft& made) const {
    names all;
    for (auto i = made.first; i < made.first + made.count; ++i)
      all.push_back(file_read_.nodes[i].name);
    return all;
  }
  [[noreturn]] void refuse_unknown(const toml::node& at, const std::string& name) const {
    names all;
    for (auto& node : file_read_.nodes)
      all.push_back(node.name);
    refuse(at, "there is no node '" + name + "'; there are " + listed(all));
  }

  void resolve(const draft& made) {
    auto controller = controller_of(made);
    names peers;
    auto* list = made.at->get_as<toml::array>("peers");
    for (std::size_t i = 0; i < made.peers.size(); ++i)
      for (auto& each : nodes_of(*list->get(i), made.peers[i]))
        if (each != controller && std::ranges::find(peers, each) == peers.end())
          peers.push_back(each);
    for (auto i = made.first; i < made.first + made.count; ++i) {
      auto& node = file_read_.nodes[i];
      if (made.count == 1 && std::ranges::find(peers, node.name) != peers.end())
        refuse(*list, "'" + node.name + "' cannot dial itself; take it out of its peers");
      node.controller = controller;
      std::ranges::copy_if(peers, std::back_inserter(node.peers),
                           [&](auto& peer) { return peer != node.name; });
    }
  }

  std::string controller_of(const draft& made) const {
    if (made.node.role != cluster_role::worker)
      return {};
    names all;
    for (auto& node : file_read_.nodes)
      if (node.role == cluster_role::controller)
        all.push_back(node.name);
    auto& given = made.node.controller;
    auto& at = place(*made.at, "controller");
    if (all.empty())
      refuse(at, "the worker '" + made.node.name
                     + "' has no controller; add a node with role = \"controller\"");
    if (given.empty() && all.size() > 1)
      refuse(at, "the worker '" + made.node.name
                     + "' has a choice of controllers; write controller = \"" + all[0]
                     + "\", or another of " + listed(all));
    if (given.empty())
      return all[0];
    if (std::ranges::find(all, given) == all.end())
      refuse(at, "'" + given + "' is no controller; there are " + listed(all));
    return given;
  }

  void read_link(const toml::table& table) {
    names between;
    cluster_link conditions;
    read_table(table, "a link",
               {{"between", list(between)},
                {"delay", time(conditions.delay)},
                {"loss", share(conditions.loss)}});
    auto& at = place(table, "between");
    if (between.size() != 2)
      refuse(at, "a link is between two: between = [\"hub\", \"w1\"]");
    if (!table.get("delay") && !table.get("loss"))
      refuse(table, "the link says nothing; give it delay = \"20ms\" or loss = 0.01");
    auto before = file_read_.links.size();
    for (auto& one : ends_of(at, between[0]))
      for (auto& other : ends_of(at, between[1]))
        if (one == "*" || one != other) {
          conditions.one = one;
          conditions.other = other;
          file_read_.links.push_back(conditions);
        }
    if (file_read_.links.size() == before)
      refuse(at, "a link is between two nodes, not '" + between[0] + "' alone");
  }
  names ends_of(const toml::node& at, const std::string& name) const {
    return name == "*" ? names{name} : nodes_of(at, name);
  }

  void read_fault(const toml::table& table) {
    cluster_fault fault;
    std::string line;
    read_table(table, "a fault", {{"at", time(fault.at)}, {"do", text(line)}});
    for (auto& [key, example] : {std::pair("at", "10s"), {"do", "crash w1"}})
      if (!table.get(key))
        refuse(table,
               "a fault needs '" + std::string(key) + "': " + key + " = \"" + example + "\"");
    auto& at = place(table, "do");
    try {
      fault.verb = parse_verb(line);
    } catch (const error& problem) {
      refuse(at, problem.what());
    }
    for (auto& name : fault.verb.nodes)
      if (!find_node(file_read_, name)) {
        if (auto* many = draft_of(name))
          refuse(at, "a fault is of one node, and '" + name + "' stands for "
                         + std::to_string(many->count) + "; write " + members_of(*many)[0]);
        refuse_unknown(at, name);
      }
    file_read_.faults.push_back(std::move(fault));
  }

  /// As many as a worker may have.
  static constexpr std::int64_t slots_max = 1024;

  cluster_file file_read_;
  std::vector<draft> drafts_;
  std::map<std::string, toml::source_index> taken_;  ///< names, and the line of their node
};

}  // namespace

cluster_file parse_cluster(std::string_view text, const std::string& file_name) {
  try {
    return parser(file_name).read(toml::parse(text));
  } catch (const toml::parse_error& problem) {
    auto& at = problem.source().begin;
    throw error(errc::bad_config, file_name + ":" + std::to_string(at.line) + ":"
                                      + std::to_string(at.column) + ": "
                                      + std::string(problem.description()));
  }
}

}  // namespace holdfast
