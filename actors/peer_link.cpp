#include <holdfast/actors/link_actor.hpp>
#include <holdfast/actors/peer_link.hpp>

#include <memory>
#include <utility>

namespace holdfast {

std::string_view to_string(link_state state) {
  switch (state) {
  case link_state::idle: return "idle";
  case link_state::dialing: return "dialing";
  case link_state::up: return "up";
  case link_state::suspect: return "suspect";
  case link_state::waiting: return "waiting";
  case link_state::refused: return "refused";
  }
  return "unknown";
}

namespace {

caf::behavior peer_link(caf::event_based_actor* self, environment* env, const std::string& peer) {
  end_node_on_exception(self, *env, "link to " + peer);  // docs/decisions/0007: why not a new link
  auto link = std::make_shared<link_actor>(self, *env, peer);
  // Tried in this order for each message: the frequent ones come first.
  return {
      [link](const wire_frames& fact) { link->arrived(fact); },
      [link](const link_task& task) { link->run(task); },
      [link](const link_write_out& word) { link->write_out(word); },
      [link](call_request& request) { link->ask(std::move(request)); },
      [link](const send_message& message) { link->send(message); },
      [link](const lane_grew& news) { link->lane_has_grown(news); },
      [link](const outcomes_grew& news) { link->outcomes_have_grown(news); },
      [link](const wire_sent& fact) { link->sent(fact); },
      [link](const wire_progress& fact) { link->progressed(fact); },
      [link](const wire_outlet_opened& fact) { link->outlet_opened(fact); },
      [link](const link_begin& begin) { link->begin(begin.entry); },
      [link](const link_address& at) { link->address(at.address); },
      [link](const peer_accepted&) { link->accepted_history(); },
      [link](const say_goodbye&) { link->goodbye(); },
      [link](const wire_connected& fact) { link->connected(fact); },
      [link](const wire_dial_failed& fact) { link->dial_failed(fact); },
      [link](const wire_given& fact) { link->given(fact); },
      [link](const wire_probed& fact) { link->probed(fact); },
      [link](const wire_closed& fact) { link->closed(fact); },
  };
}

}  // namespace

caf::actor spawn_peer_link(caf::actor_system& system, environment& env, const std::string& peer) {
  return system.spawn(peer_link, &env, peer);
}

}  // namespace holdfast
