#include <holdfast/actors/child_spec.hpp>
#include <holdfast/runtime/simulated_network.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace holdfast {
namespace {

/// When TCP repeats a segment that was not acknowledged, for the first time; doubled for each further loss.
constexpr duration repeat_after = std::chrono::milliseconds(200);
constexpr int repeats_max = 6;

/// The same for the first segment of a connection.
constexpr duration repeat_dial_after = std::chrono::seconds(1);

const std::string closed_text = "the connection is closed";

}  // namespace

void simulated_network::cut(const std::string& from, const std::string& to) {
  change(from, to).is_cut = true;
}

void simulated_network::heal(const std::string& from, const std::string& to) {
  paths_.erase({from, to});
  schedule_all();
}

void simulated_network::heal_all() {
  paths_.clear();
  schedule_all();
}

void simulated_network::delay(const std::string& from, const std::string& to, duration by) {
  change(from, to).delay = by;
}

void simulated_network::lose(const std::string& from, const std::string& to, double part) {
  change(from, to).loss = part;
}

bool simulated_network::is_cut(const std::string& from, const std::string& to) const {
  return path_of(from, to).is_cut;
}

const simulated_network::path& simulated_network::path_of(const std::string& from,
                                                          const std::string& to) const {
  static const path good;
  auto i = paths_.find({from, to});
  return i == paths_.end() ? good : i->second;
}

/// At least the path's delay, up to twice as long, and later by each loss.
duration simulated_network::travel(const std::string& from, const std::string& to) {
  auto& along = path_of(from, to);
  auto takes = along.delay;
  takes += duration(random_.below(static_cast<std::uint64_t>(along.delay.count()) + 1));
  auto repeat = repeat_after;
  for (int i = 0; i < repeats_max && along.loss > 0 && random_.chance(along.loss); ++i, repeat *= 2)
    takes += repeat;
  return takes;
}

void simulated_network::at(std::int64_t when, std::function<void()> event) {
  events_.emplace(when, std::move(event));
}

void simulated_network::run_next() {
  auto event = std::move(events_.begin()->second);
  events_.erase(events_.begin());
  event();
}

simulated_network::place* simulated_network::find(connection_number number) {
  auto i = places_.find(number);
  return i == places_.end() || !mine(i->second).is_open ? nullptr : &i->second;
}

// ---- bytes

void simulated_network::push(const place& from, segment sent) {
  auto& to = other(from);
  sent.due = now_ + travel(mine(from).node, to.node).count();
  if (!to.incoming.empty())
    sent.due = std::max(sent.due, to.incoming.back().due);
  to.incoming.push_back(std::move(sent));
  schedule(turned(from));
}

/// The first segment on its way to this end is delivered when it is due, unless something holds it up; then whoever takes
/// that away schedules again.
void simulated_network::schedule(const place& to) {
  auto& end = mine(to);
  if (end.is_scheduled || end.incoming.empty() || path_of(other(to).node, end.node).is_cut
      || end.unread >= wire_unread_max || silent_.contains(end.node))
    return;
  end.is_scheduled = true;
  at(std::max(now_, end.incoming.front().due), [this, to] { deliver(to); });
}

void simulated_network::schedule_all() {
  for (auto& [number, end] : places_) {
    auto& segments = mine(end).incoming;
    // What was repeated in vain comes with the next repetition.
    if (!segments.empty() && segments.front().due < now_)
      segments.front().due = now_ + static_cast<std::int64_t>(random_.below(repeat_after.count()));
    schedule(end);
  }
}

void simulated_network::deliver(const place& to) {
  auto& end = mine(to);
  end.is_scheduled = false;
  if (end.incoming.empty() || path_of(other(to).node, end.node).is_cut
      || silent_.contains(end.node))
    return;
  auto arrived = std::move(end.incoming.front());
  end.incoming.pop_front();
  ++segments_;
  take(to, std::move(arrived));
  schedule(to);
  auto& [left, right] = to.first->ends;
  if (!left.is_open && !right.is_open && left.incoming.empty() && right.incoming.empty()) {
    places_.erase(left.number);
    places_.erase(right.number);
  }
}

void simulated_network::take(const place& to, segment arrived) {
  auto& end = mine(to);
  auto& sender = other(to);
  if (!end.is_open) {  // nobody there any more: the sender's machine is told
    if (sender.is_open && arrived.what == kind::bytes)
      push(to, {kind::end, {}, 0});
    return;
  }
  if (arrived.what == kind::end) {
    end.is_open = false;
    caf::anon_send(end.owner, wire_closed{end.number, errc::link_lost, closed_text});
    end.owner = nullptr;
    return;
  }
  if (sender.is_open)
    caf::anon_send(sender.owner, wire_sent{sender.number, arrived.bytes.size()});
  wire_frames fact{end.number, {}};
  try {
    end.reader.take(arrived.bytes, fact.content);
  } catch (const error& problem) {
    caf::anon_send(end.owner, wire_closed{end.number, errc::bad_frame, problem.what()});
    hang_up(to);
    return;
  }
  end.unread += arrived.bytes.size();
  if (!fact.content.empty())
    caf::anon_send(end.owner, std::move(fact));
}

/// This end is gone; the other one will hear of it behind what was written.
void simulated_network::hang_up(const place& from) {
  auto& end = mine(from);
  end.is_open = false;
  end.owner = nullptr;
  end.incoming.clear();
  push(from, {kind::end, {}, 0});
}

// ---- nodes

void simulated_network::end(const std::string& node, bool is_told) {
  stop_listening(node);
  if (!is_told)
    silent_.insert(node);
  for (auto i = places_.begin(); i != places_.end();) {
    auto from = i->second;
    auto& end = mine(from);
    if (end.node == node && end.is_open) {
      if (is_told)
        hang_up(from);
      end.is_open = false;
      end.owner = nullptr;
    }
    bool is_over = !end.is_open && !other(from).is_open;
    i = is_over ? places_.erase(i) : std::next(i);
  }
}

void simulated_network::listen(const std::string& node, const wire_listen& command) {
  auto taken = listeners_.find(command.address);
  if (taken != listeners_.end() && taken->second.first != node) {
    error refusal(errc::bad_config, command.address + " is in use by " + taken->second.first);
    command.done({}, &refusal);
    return;
  }
  listeners_[command.address] = {node, command.owner};
  command.done(command.address, nullptr);
}

void simulated_network::stop_listening(const std::string& node) {
  std::erase_if(listeners_, [&](auto& each) { return each.second.first == node; });
}

/// There and back once. A path that is cut, or a machine that is off, lets the dial run into its time.
void simulated_network::dial(const std::string& node, const wire_dial& command) {
  auto listener = listeners_.find(command.address);
  auto to = listener == listeners_.end() ? command.address : listener->second.first;
  auto takes = travel(node, to) + travel(to, node);
  for (auto& [from, towards] : {std::pair(node, to), std::pair(to, node)})
    if (random_.chance(path_of(from, towards).loss))
      takes += repeat_dial_after;
  bool is_lost = is_cut(node, to) || is_cut(to, node) || silent_.contains(to);
  if (is_lost || takes >= command.within) {
    at(now_ + command.within.count(), [owner = command.owner, tag = command.tag, to] {
      caf::anon_send(owner, wire_dial_failed{tag, to + " does not answer", false});
    });
    return;
  }
  at(now_ + takes.count(), [this, node, command] { dialed(node, command); });
}

void simulated_network::dialed(const std::string& node, const wire_dial& command) {
  auto listener = listeners_.find(command.address);
  if (listener == listeners_.end()) {
    caf::anon_send(command.owner,
                   wire_dial_failed{command.tag, "nobody listens at " + command.address, true});
    return;
  }
  auto made = std::make_shared<connection>();
  std::pair<std::string, caf::actor> owners[2] = {{node, command.owner}, listener->second};
  for (int which : {0, 1}) {
    auto& end = made->ends[which];
    end.node = owners[which].first;
    end.owner = owners[which].second;
    end.number = ++last_;
    places_[end.number] = {made, which};
  }
  caf::anon_send(command.owner, wire_connected{command.tag, made->ends[0].number});
  caf::anon_send(made->ends[1].owner, wire_accepted{made->ends[1].number, node});
}

// ---- commands

void simulated_network::answer_gone(const caf::actor& asking, connection_number number) {
  if (asking)
    caf::anon_send(asking, wire_closed{number, errc::link_lost, closed_text});
}

void simulated_network::write(const wire_write& command, const caf::actor& asking) {
  if (auto* from = find(command.connection))
    push(*from, {kind::bytes, command.bytes, 0});
  else
    answer_gone(asking, command.connection);
}

void simulated_network::give(const wire_give& command) {
  auto* at = find(command.connection);
  if (!at) {
    answer_gone(command.to, command.connection);
    return;
  }
  mine(*at).owner = command.to;
  caf::anon_send(command.to, wire_given{command.connection, command.note});
}

void simulated_network::taken(const wire_taken& command) {
  auto* at = find(command.connection);
  if (!at)
    return;
  auto& end = mine(*at);
  end.unread -= std::min(end.unread, command.bytes);
  if (end.unread < wire_unread_max / 2)
    schedule(*at);
}

void simulated_network::probe(const wire_probe& command, const caf::actor& asking) {
  auto* at = find(command.connection);
  if (!at) {
    answer_gone(asking, command.connection);
    return;
  }
  auto& end = mine(*at);
  bool has_unread = end.unread >= wire_unread_max && !end.incoming.empty();
  caf::anon_send(end.owner, wire_probed{command.connection, has_unread});
}

void simulated_network::close(const wire_close& command) {
  if (auto* at = find(command.connection))
    hang_up(*at);
}

caf::actor simulated_network::spawn_wire(caf::actor_system& system, const std::string& node) {
  silent_.erase(node);
  schedule_all();
  return system.spawn([this, node](caf::event_based_actor* self) -> caf::behavior {
    auto asking = [self] { return caf::actor_cast<caf::actor>(self->current_sender()); };
    return {
        [this, node](const wire_listen& command) { listen(node, command); },
        [this, node](const wire_stop_listening&) { stop_listening(node); },
        [this, node](const wire_dial& command) { dial(node, command); },
        [this, asking](const wire_write& command) { write(command, asking()); },
        [](const wire_open_outlet&) {},  // none without a socket
        [this](const wire_trust& command) {
          if (auto* at = find(command.connection))
            mine(*at).reader.limit(limits::frame_bytes_max);
        },
        [this](const wire_give& command) { give(command); },
        [this](const wire_taken& command) { taken(command); },
        [this, asking](const wire_probe& command) { probe(command, asking()); },
        [this](const wire_close& command) { close(command); },
        answer_progress(),
    };
  });
}

}  // namespace holdfast
