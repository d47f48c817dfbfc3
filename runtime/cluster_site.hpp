#pragma once

#include <holdfast/core/value.hpp>
#include <holdfast/runtime/cluster_file.hpp>
#include <holdfast/runtime/cluster_member.hpp>
#include <holdfast/runtime/cluster_wire.hpp>
#include <holdfast/runtime/poll_set.hpp>

#include <filesystem>
#include <functional>
#include <list>
#include <string>

namespace holdfast {

/// Nodes and the wires between them, as the file says, and what can be done to them. One thread.
class cluster_site {
public:
  using teller = std::function<void(const std::string& line)>;

  /// Nothing is started. Throws errc::bad_config where a node's name is that of a file in the folder.
  cluster_site(const cluster_file& cluster, const std::filesystem::path& data,
               const std::string& log_level, teller tell);

  /// Does what a verb says; `then` hears when it is done. Throws errc::bad_argument where it cannot be.
  void perform(const cluster_verb& verb, cluster_member::listener then);

  std::list<cluster_member>& members() { return members_; }

  /// Rows of `status`: of all, or of those that a verb names.
  value nodes(const cluster_verb* named = nullptr) const;
  value links(const cluster_verb* named = nullptr) const;

  void watch(poll_set& turn);
  void after_turn(bool has_child_ended);

private:
  void add_member(const cluster_file& cluster, const cluster_node& node,
                  const std::string& log_level);
  std::string listen_of(const cluster_node& node) const;
  cluster_member& member(const std::string& name);
  void change_node(const cluster_verb& verb, cluster_member::listener then);
  void change_link(const cluster_verb& verb);
  cluster_wire& wire(const cluster_verb& verb);

  std::filesystem::path data_;
  teller tell_;
  std::list<cluster_wire> wires_;
  std::list<cluster_member> members_;
};

/// Whether real processes can have it; the others happen in simulations alone.
bool is_for_processes(cluster_verb::kind kind);

}  // namespace holdfast
