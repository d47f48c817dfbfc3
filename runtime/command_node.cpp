#include <holdfast/core/error.hpp>
#include <holdfast/runtime/command_node.hpp>
#include <holdfast/runtime/durations.hpp>
#include <holdfast/runtime/node.hpp>

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <pthread.h>

namespace holdfast {
namespace {

std::chrono::milliseconds milliseconds(const std::string& text) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(text));
}

void add_peer(node_options& options, const std::string& given) {
  auto equals = given.find('=');
  auto peer = given.substr(0, equals);
  options.peers[peer] = equals == given.npos ? "" : given.substr(equals + 1);
}

template <class T>
void override_with(T& setting, const T& given) {
  if (given != T())
    setting = given;
}

/// Signals that end a node wait for `wait_for_end`; threads that start from now on leave them alone.
sigset_t hold_signals() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  return ends;
}

void wait_for_end(const sigset_t& ends) {
  int number = 0;
  while (sigwait(&ends, &number) != 0) {}
}

}  // namespace

node_config merged(const node_arguments& given) {
  node_config config;
  if (!given.config.empty())
    read_config(given.config, config);
  auto& options = config.options;
  override_with(options.name, given.name);
  override_with(options.listen, given.listen);
  override_with(options.data, given.data);
  override_with(options.secret_file, given.secret_file);
  override_with(options.log_level, given.log_level);
  override_with(options.settings.cluster, given.cluster);
  override_with(options.bytes_max, given.bytes_max);
  override_with(options.foreign.http, given.foreign_http);
  override_with(options.foreign.listen, given.foreign);
  override_with(options.foreign.token_file, given.foreign_token_file);
  for (auto& pattern : given.foreign_allow)
    options.foreign.allow.push_back(pattern);
  options.insecure |= given.insecure;
  if (!given.heartbeat.empty())
    options.settings.heartbeat_interval = milliseconds(given.heartbeat);
  if (!given.silence.empty())
    options.settings.silence_max = milliseconds(given.silence);
  if (!given.stop_within.empty())
    options.stop_within = milliseconds(given.stop_within);
  for (auto& peer : given.peers)
    add_peer(options, peer);
  return config;
}

exit_code run_node(const node_config& config, const std::function<void(node&)>& setup) {
  if (config.options.name.empty())
    throw error(errc::bad_config, "the node needs a name: --name, or name in a configuration file");
  auto ends = hold_signals();
  node host(config.options);
  setup(host);
  for (auto& [service, options] : config.services)
    host.configure(service, options);  // behind the program's own: the operator has the last word
  host.start();
  std::cout << "ready " << host.name() << " " << (host.address().empty() ? "-" : host.address())
            << std::endl;
  wait_for_end(ends);
  if (host.stop())
    return exit_code::done;
  std::_Exit(static_cast<int>(
      exit_code::stopped_late));  // a handler holds its thread; nothing of it is committed
}

void add_node_options(CLI::App& command, node_arguments& given) {
  command.add_option("--name", given.name, "its name, which peers bind");
  command.add_option("--listen", given.listen,
                     "HOST:PORT for peers; port 0 is any; without it the node only dials");
  command.add_option("--data", given.data, "its data directory");
  command.add_option("--peer", given.peers, "NAME=HOST:PORT of a peer to dial; again for more")
      ->take_all();
  command.add_option("--cluster", given.cluster, "nodes of other clusters are refused");
  command.add_option("--config", given.config, "a TOML file that says the same things");
  command.add_option("--secret-file", given.secret_file,
                     "the cluster secret; default ~/.config/holdfast/secret");
  command.add_option("--heartbeat", given.heartbeat, "between signs of life (500ms)");
  command.add_option("--silence", given.silence, "a peer silent for so long is down (3s)");
  command.add_option("--stop-within", given.stop_within, "for handlers that run at SIGTERM (10s)");
  command.add_option("--quota", given.bytes_max, "most bytes of the store");
  command.add_option("--log-level", given.log_level, "trace, debug, info, warn, err, off");
  command.add_option("--foreign", given.foreign,
                     "HOST:PORT for foreign nodes (docs/wire.md); without it there are none");
  command.add_option(
      "--foreign-http", given.foreign_http,
      "HOST:PORT for XML-RPC and JSON-RPC clients over HTTP; without it there are none");
  command
      .add_option("--foreign-allow", given.foreign_allow,
                  "PATTERN of methods that foreign nodes may call, as log.*; again for more")
      ->take_all();
  command.add_option("--foreign-token-file", given.foreign_token_file,
                     "the token that foreign nodes have to say; optional on loopback alone");
  command.add_flag("--insecure", given.insecure, "listen where others can reach, without TLS");
}

void add_node_command(CLI::App& app, console_action& chosen,
                      const std::function<void(node&)>& setup) {
  auto given = std::make_shared<node_arguments>();
  auto* command = app.add_subcommand("node", "run a node until SIGTERM");
  add_node_options(*command, *given);
  command->callback([=, &chosen] { chosen = [=] { return run_node(merged(*given), setup); }; });
}

}  // namespace holdfast
