#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_file.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

namespace holdfast {

std::string_view to_string(cluster_role role) {
  switch (role) {
  case cluster_role::controller: return "controller";
  case cluster_role::worker: return "worker";
  default: return "node";
  }
}

cluster_file read_cluster(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad())
    throw error(errc::bad_config, "the cluster file " + file.string()
                                      + " cannot be read; name a file that describes a cluster");
  return parse_cluster(text, file.string());
}

const cluster_node* find_node(const cluster_file& cluster, std::string_view name) {
  auto found = std::ranges::find(cluster.nodes, name, &cluster_node::name);
  return found == cluster.nodes.end() ? nullptr : &*found;
}

cluster_link link_between(const cluster_file& cluster, const std::string& one,
                          const std::string& other) {
  auto is_end = [](const std::string& said, const std::string& name) {
    return said == "*" || said == name;
  };
  cluster_link found{one, other, {}, 0};
  for (auto& link : cluster.links)
    if ((is_end(link.one, one) && is_end(link.other, other))
        || (is_end(link.one, other) && is_end(link.other, one))) {
      found.delay = link.delay;
      found.loss = link.loss;
    }
  return found;
}

std::vector<std::pair<std::string, std::string>> dials_of(const cluster_file& cluster) {
  std::vector<std::pair<std::string, std::string>> dials;
  std::set<std::pair<std::string, std::string>> seen;
  auto add = [&](const std::string& dialer, const std::string& target) {
    if (seen.insert(std::minmax(dialer, target)).second)
      dials.emplace_back(dialer, target);
  };
  for (auto& node : cluster.nodes)
    if (!node.controller.empty())
      add(node.name, node.controller);
  for (auto& node : cluster.nodes)
    for (auto& peer : node.peers)
      add(node.name, peer);
  return dials;
}

}  // namespace holdfast
