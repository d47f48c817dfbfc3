#include <holdfast/actors/worker.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/data_directory.hpp>
#include <holdfast/runtime/command_node.hpp>
#include <holdfast/runtime/command_work.hpp>
#include <holdfast/runtime/exec_work.hpp>
#include <holdfast/runtime/learn_name.hpp>
#include <holdfast/runtime/node.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <fstream>
#include <memory>

namespace holdfast {
namespace {

/// How long a worker that was told no more than an address looks for a name there.
constexpr auto learn_within = std::chrono::seconds(5);

struct worker_arguments {
  node_arguments node;
  std::string controller, type;
  std::vector<std::string> labels;
  unsigned slots = 1;
  bool allow_exec = false;
};

void serve_program(node& host, const std::function<void(node&)>& setup) {
  if (setup)
    setup(host);
}

exit_code run_controller(const node_arguments& given, const std::function<void(node&)>& setup) {
  auto config = merged(given);
  if (config.options.name.empty())
    config.options.name = "hub";
  return run_node(config, [&](node& host) {
    host.serve_controller();
    serve_program(host, setup);
  });
}

/// "hub=127.0.0.1:7100", or the address alone, or the name of one of the --peer.
struct named_address {
  std::string name;
  std::string address;
};

/// The name that was learned at an address is remembered: a worker starts while its controller is away, too.
named_address controller_at(const std::string& address, const node_options& options) {
  auto remembered = options.data / "work" / "controller";
  try {
    auto name = learn_name(address, options, learn_within);
    make_directories(remembered.parent_path());
    std::ofstream(remembered) << name << " " << address << "\n";
    return {name, address};
  } catch (const error& problem) {
    if (problem.code() != errc::unreachable)
      throw;
    named_address known;
    std::ifstream in(remembered);
    if (in >> known.name >> known.address && known.address == address)
      return known;
    throw error(errc::bad_config,
                std::string(problem.what())
                    + "; to start without it, tell its name too: --controller hub=" + address);
  }
}

named_address controller_of(const std::string& given, const node_options& options) {
  if (given.empty())
    throw error(errc::bad_config, "a worker needs --controller NAME=HOST:PORT");
  if (auto equals = given.find('='); equals != given.npos)
    return {given.substr(0, equals), given.substr(equals + 1)};
  if (auto peer = options.peers.find(given); peer != options.peers.end())
    return {peer->first, peer->second};
  if (given.find(':') == given.npos)
    throw error(errc::bad_config, "--controller takes NAME=HOST:PORT or HOST:PORT, not '" + given
                                      + "': there is no --peer of that name");
  return controller_at(given, options);
}

exit_code run_worker(const worker_arguments& given, const std::function<void(node&)>& setup) {
  auto config = merged(given.node);
  if (config.options.name.empty())
    throw error(errc::bad_config, "the worker needs a name: --name");
  auto controller = controller_of(given.controller, config.options);
  config.options.peers[controller.name] = controller.address;
  if (config.options.listen.empty())
    config.options.listen = "127.0.0.1:0";   // that nobody listens there any more proves its death
  std::shared_ptr<command_runner> commands;  // they end behind the node, which hands them back
  return run_node(config, [&](node& host) {
    worker_options options;
    options.controller = controller.name;
    options.labels = given.labels;
    options.slots = given.slots;
    options.type = given.type;
    auto& work = host.work_for(options);
    if (given.allow_exec)
      commands = serve_commands(work, host.name(), host.options().data / "work");
    serve_program(host, setup);
  });
}

}  // namespace

void add_work_node_commands(CLI::App& app, console_action& chosen,
                            const std::function<void(node&)>& setup) {
  auto hub = std::make_shared<node_arguments>();
  auto* controller = app.add_subcommand("controller", "run a node that gives work to workers");
  add_node_options(*controller, *hub);
  controller->callback([=, &chosen] { chosen = [=] { return run_controller(*hub, setup); }; });

  auto given = std::make_shared<worker_arguments>();
  auto* worker = app.add_subcommand("worker", "run a node that takes work from a controller");
  add_node_options(*worker, given->node);
  worker->add_option("--controller", given->controller,
                     "NAME=HOST:PORT, or HOST:PORT of one that runs");
  worker->add_option("--slots", given->slots, "items at a time (1)");
  worker->add_option("--label", given->labels, "that items may demand; again for more")->take_all();
  worker->add_option("--type", given->type, "of the worker, in a cluster of several kinds");
  worker->add_flag("--allow-exec", given->allow_exec, "run commands, as the user that runs it");
  worker->callback([=, &chosen] { chosen = [=] { return run_worker(*given, setup); }; });
}

}  // namespace holdfast
