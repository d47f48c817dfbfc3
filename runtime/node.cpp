#include <holdfast/runtime/hosting.hpp>
#include <holdfast/runtime/inspect.hpp>
#include <holdfast/runtime/node.hpp>

#include <map>

namespace holdfast {

node::node(node_options options) : node(std::move(options), this_machine()) {}

node::node(node_options options, platform& on)
    : hosting_(std::make_unique<hosting>(*this, std::move(options), on)) {}

node::~node() {
  try {
    if (!stop())
      hosting_->env.on_fatal("handlers did not end, and the program goes on without their node");
  } catch (const std::exception& problem) {
    hosting_->env.on_fatal(problem.what());
  }
}

void node::serve(served_method method) {
  hosting_->env.methods.serve(std::move(method));
}

void node::configure(const std::string& service, service_options options) {
  hosting_->env.methods.configure(service, options);
}

void node::listen(peer_listener listener) {
  hosting_->env.methods.listen(std::move(listener));
}

void node::show(shown_table shown) {
  hosting_->tables.add(std::move(shown));
}

void node::serve_controller(controller_options options) {
  hosting_->work.serve_controller(std::move(options));
}

worker& node::work_for(worker_options options) {
  return hosting_->work.add_worker(std::move(options));
}

worker* node::work() {
  return hosting_->work.find_worker();
}

void node::start() {
  hosting_->start();
}

bool node::stop() {
  return hosting_->stop();
}

peer node::to(std::string_view name) {
  hosting_->open();
  return {outside_port(hosting_->port), name};
}

peer node::self() {
  return to(name());
}

controller_front node::controller(std::string_view name) {
  hosting_->open();
  return {outside_port(hosting_->port), name};
}

const std::string& node::name() const {
  return hosting_->options.name;
}

std::string node::foreign_address() const {
  return hosting_->foreign_address;
}

std::string node::http_address() const {
  return hosting_->http_address;
}

std::string node::address() const {
  return hosting_->address;
}

const node_options& node::options() const {
  return hosting_->options;
}

node_report node::status() {
  return hosting_->report();
}

std::vector<peer_report> node::peers() {
  std::map<std::string, peer_report> found;
  for (auto& peer : inspect::list_peers(*parts().store->read()))
    found.emplace(peer.name, std::move(peer));
  for (auto& link : parts().peers.statuses()) {
    auto& report = found[link.name];
    report.name = link.name;
    report.address = link.address;
    report.state = to_string(link.state);
    report.reason = link.reason == errc::none ? "" : std::string(to_string(link.reason));
    report.reason_text = link.reason_text;
    if (!link.id.is_nil())
      report.id = link.id.to_text();
    if (link.incarnation)
      report.incarnation = link.incarnation;
    report.sessions = link.sessions;
    report.messages_sent = link.messages_sent;
    report.messages_refused = link.messages_refused;
    report.messages_received = link.messages_received;
    report.calls_transmitted = link.calls_transmitted;
    report.calls_ended = link.calls_ended;
    report.calls_received = link.calls_received;
    report.bytes_in = link.bytes_in;
    report.bytes_out = link.bytes_out;
  }
  std::vector<peer_report> all;
  for (auto& [name, report] : found)
    all.push_back(std::move(report));
  return all;
}

void node::abandon() {
  hosting_->abandon();
}

environment& node::parts() {
  hosting_->open();
  return hosting_->env;
}

call_port& node::port() {
  hosting_->open();
  return hosting_->port;
}

caf::actor_system& node::system() {
  hosting_->open();
  return *hosting_->system_;
}

const registry& node::methods() const {
  return hosting_->env.methods;
}

const shown_tables& node::tables() const {
  return hosting_->tables;
}

}  // namespace holdfast
