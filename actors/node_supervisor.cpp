#include <holdfast/actors/node_supervisor.hpp>
#include <holdfast/actors/supervisor.hpp>

#include <utility>

namespace holdfast {
namespace {

child_spec adopted(std::string id, const caf::actor& actor) {
  child_spec spec;
  spec.id = std::move(id);
  spec.start = [actor](caf::actor_system&) { return actor; };
  return spec;
}

child_spec watched(child_spec spec) {
  spec.progress = node_progress_max;
  return spec;
}

}  // namespace

caf::actor supervise_node(caf::actor_system& system, environment& env) {
  supervisor_options options;
  options.name = env.self.name;
  options.strategy = restart_strategy::one_for_all;
  options.intensity.restarts_max = 0;
  options.own_thread = !env.is_simulated;
  options.log = env.log;
  options.on_report = [&env](const supervision_report& report) {
    if (report.fact == supervision_fact::escalated)
      env.on_fatal(to_string(report));
  };
  options.children = {
      adopted("persistence",
              env.persistence),  // not watched: a flush lasts as long as the disk takes
      watched(adopted("wire", env.wire)),
      watched(adopted("switchboard", env.switchboard)),
      watched(adopted("executor", env.executor)),
  };
  options.children[2].restart = restart_policy::transient;  // it ends by itself after the goodbyes
  return spawn_supervisor(system, std::move(options));
}

}  // namespace holdfast
