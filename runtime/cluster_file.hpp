#pragma once

#include <holdfast/core/clock.hpp>
#include <holdfast/runtime/cluster_verb.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A cluster as a file: its nodes, the links between them, and what shall go wrong. The same file drives a simulation and
/// real processes, so it says nothing that only one of them understands:
///
///     [cluster]
///     name = "studio"             # nodes of other clusters are refused; "holdfast" when absent
///     heartbeat = "500ms"         # as the options of `node`
///     silence = "3s"
///     [[node]]
///     name = "hub"
///     role = "controller"         # node (the default), controller, worker
///     listen = "127.0.0.1:7101"   # optional; where none is given any port will do
///     [[node]]
///     name = "w"
///     count = 4                   # w1 .. w4; elsewhere in the file "w" stands for all of them
///     role = "worker"
///     controller = "hub"          # needed where there are several
///     type = "render"
///     slots = 2
///     labels = ["gpu"]
///     allow_exec = true
///     peers = ["alpha"]           # nodes that it dials, beside its controller
///     [[link]]
///     between = ["hub", "w1"]     # "*" is any node; where several fit, the last one counts
///     delay = "20ms"              # each way
///     loss = 0.01
///     [[fault]]
///     at = "10s"                  # since the start
///     do = "crash w1"             # cluster_verb.hpp
namespace holdfast {

enum class cluster_role : unsigned char { node, controller, worker };
std::string_view to_string(cluster_role role);  ///< the command that runs it, too

/// Nodes of one file; each is a process or a simulated machine.
inline constexpr std::size_t cluster_nodes_max = 10'000;

struct cluster_node {
  std::string name;
  cluster_role role = cluster_role::node;
  std::string listen;      ///< "host:port", or empty
  std::string controller;  ///< of a worker, the name of its controller
  std::string type;
  unsigned slots = 1;
  std::vector<std::string> labels;
  bool allow_exec = false;
  std::vector<std::string> peers;  ///< without itself and its controller
};

struct cluster_link {
  std::string one, other;  ///< names, or "*"
  duration delay{};
  double loss = 0;  ///< share of what is lost on the way
};

struct cluster_fault {
  duration at{};
  cluster_verb verb;
};

struct cluster_file {
  std::string name;  ///< empty: the default
  std::optional<duration> heartbeat, silence;
  std::vector<cluster_node> nodes;
  std::vector<cluster_link> links;
  std::vector<cluster_fault> faults;  ///< in the order of their times
};

/// Throws errc::bad_config with FILE:LINE:COLUMN, what is wrong there and what to write instead.
cluster_file read_cluster(const std::filesystem::path& file);
cluster_file parse_cluster(std::string_view text, const std::string& file_name);

const cluster_node* find_node(const cluster_file& cluster, std::string_view name);

/// What the file says about the link between two nodes; neither delay nor loss where it says nothing.
cluster_link link_between(const cluster_file& cluster, const std::string& one,
                          const std::string& other);

/// Who dials whom: workers their controller, and nodes their peers. Each pair once, as the first of them says it.
std::vector<std::pair<std::string, std::string>> dials_of(const cluster_file& cluster);

}  // namespace holdfast
