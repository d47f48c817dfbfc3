#include <holdfast/actors/controller_probe.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/wire.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace holdfast::controlling {
namespace {

constexpr duration dial_time = std::chrono::seconds(1);

/// Until it is asked again: as long as its link has been down, within these. A process that ends closes its links, its
/// port and all else one after the other: the first question often comes in between.
constexpr node_time pause_min = 10'000'000;
constexpr node_time pause_max = 1'000'000'000;

using answer = std::function<void(bool is_there)>;

/// Dials and hangs up. Lives no longer than the wire, and hears of it within the dial's time.
caf::behavior dialer(caf::event_based_actor* self, const caf::actor& wire,
                     const std::string& address, answer done) {
  self->monitor(wire);
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->send(wire, wire_dial{address, 1, dial_time, caf::actor_cast<caf::actor>(self)});
  return {
      [self, wire, done](const wire_connected& fact) {
        self->send(wire, wire_close{fact.connection, false});
        done(true);
        self->quit();
      },
      [self, done](const wire_dial_failed& fact) {
        if (fact.is_refused)
          done(false);
        self->quit();
      },
  };
}

void probe_by_wire(const environment& env, const std::string& address, answer done) {
  if (env.wire)
    env.wire.home_system().spawn(dialer, env.wire, address, std::move(done));
}

bool is_worth_it(const worker_row* row) {
  if (!row || row->address.empty())
    return false;
  if (row->machine.phase < worker_phase::lost)
    return !row->is_address_good;
  return row->machine.phase == worker_phase::lost && row->is_address_good && row->slots_used > 0;
}

}  // namespace

void send_probe(books& all, const std::string& worker) {
  if (!is_worth_it(all.find_worker(worker)))
    return;
  all.shared().point();
  all.ctx().self().send(probe_method, worker);
}

/// The answer is a message to oneself; it may come when the node is ending, which the executor's handle outlives.
void probe(books& all, const std::string& worker) {
  auto* row = all.find_worker(worker);
  if (all.ctx().caller() != all.ctx().node() || !is_worth_it(row))
    return;
  auto header = std::make_shared<call_header>();
  header->method = probed_method.name();
  header->fingerprint = fingerprint(probed_method);
  header->payload = payload_kind::arguments;
  header->trace = all.random() | 1;
  header->origin = all.ctx().node();
  auto done = [executor = all.shared().env->executor, self = all.ctx().node(), header, worker,
               address = row->address](bool is_there) {
    shared_bytes payload(encode_arguments(worker, address, is_there));
    caf::anon_send(executor, method_message{self, header, std::move(payload), {}, {}});
  };
  if (row->machine.phase == worker_phase::lost) {
    // Not when the answer comes: there may be none. A port that is closed while it is dialed says neither yes nor no.
    auto pause = std::clamp(all.now() - row->machine.since, pause_min, pause_max);
    all.shared().point();
    all.ctx().later(duration(pause)).send(probe_method, worker);
  }
  auto& by = all.shared().options.probe;
  if (by)
    by(row->address, std::move(done));
  else
    probe_by_wire(*all.shared().env, row->address, std::move(done));
}

void probed(books& all, const std::string& worker, const std::string& address, bool is_there) {
  auto* row = all.find_worker(worker);
  if (all.ctx().caller() != all.ctx().node() || !is_worth_it(row) || row->address != address)
    return;
  if (row->machine.phase < worker_phase::lost) {
    if (is_there)
      all.edit_worker(worker).is_address_good = true;
  } else if (!is_there) {
    all.apply(worker, worker_event::proven_dead{});
  }
}

}  // namespace holdfast::controlling
