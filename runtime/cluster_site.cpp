#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_site.hpp>

#include <algorithm>
#include <chrono>

namespace holdfast {
namespace {

using kind = cluster_verb::kind;
using words = cluster_member::words;

constexpr const char* any_port = "127.0.0.1:0";

std::string milliseconds(duration time) {
  return std::to_string(std::chrono::ceil<std::chrono::milliseconds>(time).count()) + "ms";
}

double seconds(duration time) {
  return std::chrono::duration<double>(time).count();
}

void add_worker_options(words& command, const cluster_node& node) {
  command.insert(command.end(), {"--slots", std::to_string(node.slots)});
  if (!node.type.empty())
    command.push_back("--type=" + node.type);
  for (auto& label : node.labels)
    command.push_back("--label=" + label);
  if (node.allow_exec)
    command.emplace_back("--allow-exec");
}

bool is_named(const cluster_verb* verb, const std::string& name) {
  return !verb || std::ranges::find(verb->nodes, name) != verb->nodes.end();
}

const char* state_of(const cluster_wire& wire) {
  bool is_cut_there = wire.way_from(wire.dialer()).is_cut;
  bool is_cut_back = wire.way_from(wire.target()).is_cut;
  if (is_cut_there && is_cut_back)
    return "cut";
  return is_cut_there || is_cut_back ? "cut one way" : "open";
}

}  // namespace

bool is_for_processes(kind what) {
  return what != kind::slow_disk && what != kind::full_disk && what != kind::corrupt
         && what != kind::skew_clock;
}

cluster_site::cluster_site(const cluster_file& cluster, const std::filesystem::path& data,
                           const std::string& log_level, teller tell)
    : data_(data), tell_(std::move(tell)) {
  for (auto& [dialer, target] : dials_of(cluster)) {
    auto& made = wires_.emplace_back(dialer, target);
    auto said = link_between(cluster, dialer, target);
    for (auto& end : {dialer, target})
      made.way_from(end) = {false, said.delay, said.loss};
  }
  for (auto& node : cluster.nodes)
    add_member(cluster, node, log_level);
}

std::string cluster_site::listen_of(const cluster_node& node) const {
  if (node.listen.empty())
    return any_port;
  auto host = sockets::parse_address(node.listen).host;
  if (host.starts_with("127.") || host == "localhost" || host == "::1")
    return node.listen;
  tell_(node.name + " listens on a port of loopback here, not on " + node.listen);
  return any_port;
}

void cluster_site::add_member(const cluster_file& cluster, const cluster_node& node,
                              const std::string& log_level) {
  auto is_log = node.name.ends_with(".log");
  if (is_log || node.name == "secret" || node.name == "lock" || node.name == "operator.sock")
    throw error(errc::bad_config, "the node '" + node.name + "' has the name of a file in "
                                      + data_.string() + "; give it another name");
  auto data = data_ / node.name;
  words command{own_program(),   std::string(to_string(node.role)),
                "--name",        node.name,
                "--data",        data.string(),
                "--secret-file", (data_ / "secret").string()};
  auto add = [&](const char* option, const std::string& given) {
    command.insert(command.end(), {option, given});
  };
  if (!cluster.name.empty())
    add("--cluster", cluster.name);
  if (cluster.heartbeat)
    add("--heartbeat", milliseconds(*cluster.heartbeat));
  if (cluster.silence)
    add("--silence", milliseconds(*cluster.silence));
  if (!log_level.empty())
    add("--log-level", log_level);
  if (node.role == cluster_role::worker)
    add_worker_options(command, node);
  for (auto& each : wires_)
    if (each.dialer() == node.name)
      add(each.target() == node.controller ? "--controller" : "--peer",
          each.target() + "=" + each.address());
  members_.emplace_back(cluster_member::how{node.name, std::string(to_string(node.role)),
                                            std::move(command), listen_of(node), data,
                                            data_ / (node.name + ".log"), tell_});
}

cluster_member& cluster_site::member(const std::string& name) {
  std::string all;
  for (auto& each : members_) {
    if (each.name() == name)
      return each;
    all += (all.empty() ? "" : ", ") + each.name();
  }
  throw error(errc::bad_argument, "there is no node '" + name + "'; there are " + all);
}

cluster_wire& cluster_site::wire(const cluster_verb& verb) {
  auto& one = member(verb.nodes[0]).name();
  auto& other = member(verb.nodes[1]).name();
  for (auto& each : wires_)
    if (each.is_between(one, other))
      return each;
  throw error(errc::bad_argument,
              "there is no link between " + one + " and " + other + ": neither dials the other");
}

void cluster_site::change_link(const cluster_verb& verb) {
  if (verb.what == kind::heal && verb.nodes.empty()) {
    for (auto& each : wires_)
      each.way_from(each.dialer()).is_cut = each.way_from(each.target()).is_cut = false;
    return;
  }
  auto& changed = wire(verb);
  auto& there = changed.way_from(verb.nodes[0]);
  auto& back = changed.way_from(verb.nodes[1]);
  switch (verb.what) {
  case kind::partition:
    there.is_cut = true;
    back.is_cut |= !verb.is_one_way;
    return;
  case kind::delay: there.delay = back.delay = verb.time; return;
  case kind::drop: there.loss = back.loss = verb.share; return;
  default: there.is_cut = back.is_cut = false;
  }
}

void cluster_site::change_node(const cluster_verb& verb, cluster_member::listener then) {
  auto& changed = member(verb.nodes.at(0));
  switch (verb.what) {
  case kind::crash: return changed.crash(std::move(then));
  case kind::stop: return changed.stop(std::move(then));
  case kind::restart: return changed.restart(std::move(then));
  case kind::lose_disk: return changed.lose_disk(std::move(then));
  case kind::freeze: changed.freeze(); return then(nullptr);
  default: changed.thaw(); return then(nullptr);
  }
}

void cluster_site::perform(const cluster_verb& verb, cluster_member::listener then) {
  if (!is_for_processes(verb.what))
    throw error(errc::bad_argument, std::string(to_string(verb.what))
                                        + " happens in a simulation alone; nothing was done");
  switch (verb.what) {
  case kind::partition:
  case kind::heal:
  case kind::delay:
  case kind::drop: change_link(verb); return then(nullptr);
  default: return change_node(verb, std::move(then));
  }
}

value cluster_site::nodes(const cluster_verb* named) const {
  array rows;
  for (auto& each : members_)
    if (is_named(named, each.name()) && !(named && named->nodes.size() == 2))
      rows.push_back(each.report());
  return value(rows);
}

value cluster_site::links(const cluster_verb* named) const {
  array rows;
  if (named && named->nodes.size() == 1)
    return value(rows);
  for (auto& each : wires_) {
    if (named && !named->nodes.empty() && !each.is_between(named->nodes[0], named->nodes[1]))
      continue;
    auto& there = each.way_from(each.dialer());
    rows.push_back(value(dict{{"dialer", each.dialer()},
                              {"target", each.target()},
                              {"state", state_of(each)},
                              {"delay", seconds(there.delay)},
                              {"loss", there.loss},
                              {"connections", each.connections()}}));
  }
  return value(rows);
}

void cluster_site::watch(poll_set& turn) {
  for (auto& each : members_)
    each.watch(turn);
  for (auto& each : wires_)
    each.watch(turn);
}

void cluster_site::after_turn(bool has_child_ended) {
  for (auto& each : members_) {
    if (has_child_ended)
      each.reap();
    each.check_time();
  }
  for (auto& each : wires_)
    each.lead_to(member(each.target()).address());
}

}  // namespace holdfast
