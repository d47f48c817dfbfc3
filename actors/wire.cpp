#include <holdfast/actors/child_spec.hpp>
#include <holdfast/actors/sockets.hpp>
#include <holdfast/actors/wire.hpp>
#include <holdfast/actors/wire_connection.hpp>
#include <holdfast/actors/wire_news.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/io/broker.hpp>
#include <caf/io/middleman.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace holdfast {

namespace {

using caf::io::connection_handle;

constexpr std::size_t report_bytes = 64u << 10;  // progress and departure are told in such steps
constexpr int handed_over_max = 64;              // accepted and not yet seen by the broker
constexpr auto linger = std::chrono::milliseconds(1000);

struct acceptor {
  explicit acceptor(const std::string& address) : port(address) {}
  sockets::listener port;
  std::atomic<int> handed_over{0};
};

struct pending_dial {
  caf::actor owner;
  std::uint64_t tag = 0;
};

class socket_wire_state;
using broker_pointer = caf::io::stateful_broker<socket_wire_state>*;

// The whole wire. It runs on the middleman's one thread; only sockets::listener and the dialers have threads of their own.
class socket_wire_state {
public:
  ~socket_wire_state() { stop_listening(); }

  void begin(broker_pointer self, wire_content content) {
    self_ = self;
    content_ = std::move(content);
  }
  void listen(const wire_listen& command);
  void stop_listening();
  void accepted(const socket_accepted& fact);
  void dial(const wire_dial& command);
  void dialed(const socket_dialed& fact);
  void late(const dial_late& fact);
  void write(wire_write& command);
  void written(const write_out& word);
  void open_outlet(const wire_open_outlet& command);
  void trust(const wire_trust& command);
  void give(const wire_give& command);
  void taken(const wire_taken& command);
  void probe(const wire_probe& command);
  void close(const wire_close& command);
  void lingered(const linger_over& fact);
  void turned(const loop_turned& fact);
  void arrived(const caf::io::new_data_msg& fact);
  void departed(const caf::io::data_transferred_msg& fact);
  void closed(const caf::io::connection_closed_msg& fact);

private:
  connection_number open(sockets::descriptor socket, caf::actor owner, bool is_unproved);
  wire_connection* find(connection_number number, const caf::strong_actor_ptr& asking);
  wire_connection* find(connection_number number);
  connection_number number_of(connection_handle handle) const;
  void deliver(connection_number number, wire_connection& at, std::string_view chunk);
  void flush(connection_number number, wire_connection& at);
  void tell_departed(connection_number number, wire_connection& at, std::size_t bytes);
  void end(connection_number number, wire_connection& at);
  void settle(connection_number number, wire_connection& at);

  /// Names no sender: a broker that ends while such a message arrives would keep itself alive in its own mailbox.
  template <class Fact>
  void remind(duration wait, Fact fact) {
    caf::delayed_anon_send(caf::actor_cast<caf::actor>(self_), wait, std::move(fact));
  }

  broker_pointer self_ = nullptr;
  wire_content content_;
  connection_number last_ = 0;
  std::uint64_t last_dial_ = 0;
  std::size_t unproved_ = 0;
  std::map<connection_number, wire_connection> connections_;
  std::map<std::int64_t, connection_number> numbers_;  // by handle, which is re-used
  std::map<std::uint64_t, pending_dial> dials_;
  std::shared_ptr<acceptor> acceptor_;
  caf::actor listener_owner_;
};

// A thread of its own, until the listener is stopped.
void accept_connections(caf::event_based_actor* self, std::shared_ptr<acceptor> from,
                        caf::actor wire) {
  from->port.accept_all([&](sockets::descriptor socket, std::string peer) {
    if (from->handed_over.load() >= handed_over_max)
      return;  // the broker is behind: refused by closing, nothing piles up
    ++from->handed_over;
    self->send(wire, socket_accepted{std::make_shared<sockets::descriptor>(std::move(socket)),
                                     std::move(peer)});
  });
}

// A thread of its own, for as long as the name is looked up and the peer's system answers.
void connect_once(caf::event_based_actor* self, std::uint64_t dial, std::string address,
                  duration within, caf::actor wire) {
  socket_dialed result{dial, std::make_shared<sockets::descriptor>(), {}};
  try {
    *result.socket = sockets::connect_to(address, within);
  } catch (const sockets::nobody_listens& reason) {
    result.failure = reason.what();
    result.is_refused = true;
  } catch (const error& reason) {
    result.failure = reason.what();
  }
  self->send(wire, std::move(result));
}

void socket_wire_state::listen(const wire_listen& command) {
  stop_listening();
  try {
    acceptor_ = std::make_shared<acceptor>(command.address);
  } catch (const error& reason) {
    command.done({}, &reason);
    return;
  }
  listener_owner_ = command.owner;
  self_->system().spawn<caf::detached + caf::hidden>(accept_connections, acceptor_,
                                                     caf::actor_cast<caf::actor>(self_));
  command.done(acceptor_->port.address(), nullptr);
}

void socket_wire_state::stop_listening() {
  if (acceptor_)
    acceptor_->port.stop();
  acceptor_.reset();
}

connection_number socket_wire_state::open(sockets::descriptor socket, caf::actor owner,
                                          bool is_unproved) {
  auto number = ++last_;
  auto handle = self_->add_scribe(socket.release());
  auto& at = connections_[number];
  at.handle = handle;
  at.owner = std::move(owner);
  if (content_.cutter)
    at.cutter = content_.cutter();
  else
    at.cutter = std::make_unique<node_frames>();
  at.is_unproved = is_unproved;
  unproved_ += is_unproved;
  numbers_[handle.id()] = number;
  self_->ack_writes(handle, true);
  self_->configure_read(handle, caf::io::receive_policy::at_most(read_bytes_min));
  settle(number, at);
  return number;
}

void socket_wire_state::accepted(const socket_accepted& fact) {
  if (!acceptor_)
    return;  // closes with the message
  --acceptor_->handed_over;
  if (unproved_ >= limits::unproved_connections_max)
    return;
  auto number = open(std::move(*fact.socket), listener_owner_, true);
  self_->send(listener_owner_, wire_accepted{number, fact.from});
}

void socket_wire_state::dial(const wire_dial& command) {
  auto dial = ++last_dial_;
  dials_[dial] = {command.owner, command.tag};
  self_->system().spawn<caf::detached + caf::hidden>(
      connect_once, dial, command.address, command.within, caf::actor_cast<caf::actor>(self_));
  // Looking up a name knows no deadline.
  remind(command.within + std::chrono::milliseconds(100), dial_late{dial});
}

void socket_wire_state::dialed(const socket_dialed& fact) {
  auto i = dials_.find(fact.dial);
  if (i == dials_.end())
    return;
  auto [owner, tag] = std::move(i->second);
  dials_.erase(i);
  if (!*fact.socket)
    self_->send(owner, wire_dial_failed{tag, fact.failure, fact.is_refused});
  else
    self_->send(owner, wire_connected{tag, open(std::move(*fact.socket), owner, false)});
}

void socket_wire_state::late(const dial_late& fact) {
  auto i = dials_.find(fact.dial);
  if (i == dials_.end())
    return;
  self_->send(i->second.owner,
              wire_dial_failed{i->second.tag, "looking up the host's name takes too long"});
  dials_.erase(i);
}

wire_connection* socket_wire_state::find(connection_number number) {
  auto i = connections_.find(number);
  return i == connections_.end() || i->second.is_closing ? nullptr : &i->second;
}

// For commands: whoever speaks of a connection that is gone is told so.
wire_connection* socket_wire_state::find(connection_number number,
                                         const caf::strong_actor_ptr& asking) {
  auto* at = find(number);
  if (!at && asking)
    self_->send(caf::actor_cast<caf::actor>(asking),
                wire_closed{number, errc::link_lost, "the connection is closed"});
  return at;
}

connection_number socket_wire_state::number_of(connection_handle handle) const {
  auto i = numbers_.find(handle.id());
  return i == numbers_.end() ? 0 : i->second;
}

void socket_wire_state::write(wire_write& command) {
  auto* at = find(command.connection, self_->current_sender());
  if (!at)
    return;
  if (at->unwritten.empty())
    at->unwritten = std::move(command.bytes);
  else
    at->unwritten += command.bytes;
  if (!std::exchange(at->is_write_posted, true))
    caf::anon_send(caf::actor_cast<caf::actor>(self_), write_out{command.connection});
}

void socket_wire_state::written(const write_out& word) {
  if (auto* at = find(word.connection)) {
    at->is_write_posted = false;
    flush(word.connection, *at);
  }
}

// Straight to the socket while it takes what comes: CAF would wait for the event loop to say so, each time. It gets the rest,
// and an error too, which it finds again.
void socket_wire_state::flush(connection_number number, wire_connection& at) {
  auto bytes = std::exchange(at.unwritten, {});
  auto sent = at.unsent == 0 ? sockets::send_some(at.socket(), bytes) : 0;
  if (auto rest = std::string_view(bytes).substr(sent); !rest.empty()) {
    self_->write(at.handle, rest.size(), rest.data());
    self_->flush(at.handle);
    at.unsent += rest.size();
  }
  tell_departed(number, at, sent);
}

void socket_wire_state::tell_departed(connection_number number, wire_connection& at,
                                      std::size_t bytes) {
  at.departed += bytes;
  auto is_last = at.has_outlet && at.departed > 0 && at.unsent == 0 && at.unwritten.empty();
  if (at.departed >= report_bytes || is_last)
    self_->send(at.owner, wire_sent{number, std::exchange(at.departed, 0)});
}

void socket_wire_state::open_outlet(const wire_open_outlet& command) {
  auto* at = find(command.connection, self_->current_sender());
  if (!at)
    return;
  flush(command.connection, *at);
  auto own = sockets::duplicate(at->socket());
  if (at->unsent > 0 || !own)
    return;
  at->departed = 0;
  at->has_outlet = true;
  self_->send(at->owner, wire_outlet_opened{command.connection,
                                            std::make_shared<socket_outlet>(std::move(own))});
}

void socket_wire_state::trust(const wire_trust& command) {
  auto* at = find(command.connection, self_->current_sender());
  if (!at)
    return;
  at->cutter->trust();
  unproved_ -= std::exchange(at->is_unproved, false);
}

void socket_wire_state::give(const wire_give& command) {
  auto* at = find(command.connection);
  if (!at) {
    self_->send(command.to,
                wire_closed{command.connection, errc::link_lost, "the connection is closed"});
    return;
  }
  at->owner = command.to;
  self_->send(at->owner, wire_given{command.connection, command.note});
}

void socket_wire_state::taken(const wire_taken& command) {
  auto* at = find(command.connection);
  if (!at)
    return;
  at->unread -= std::min(at->unread, command.bytes);
  if (!at->is_halted || at->unread >= content_.unread_max / 2 || at->is_settling)
    return;
  at->is_halted = false;
  self_->trigger(at->handle);
  settle(command.connection, *at);
}

void socket_wire_state::probe(const wire_probe& command) {
  if (auto* at = find(command.connection, self_->current_sender()))
    self_->send(at->owner, wire_probed{command.connection, sockets::has_unread(at->socket())});
}

// The broker's event loop collects changes and applies them at the end of a turn; to begin reading and to close within
// one turn cancel each other out there, and the socket would stay open for ever. So a connection whose reading has just
// begun or ended is left alone until the loop has turned.
void socket_wire_state::settle(connection_number number, wire_connection& at) {
  at.is_settling = true;
  auto me = caf::actor_cast<caf::actor>(self_);
  self_->system().middleman().run_later([me, number] { caf::anon_send(me, loop_turned{number}); });
}

void socket_wire_state::turned(const loop_turned& fact) {
  auto i = connections_.find(fact.connection);
  if (i == connections_.end())
    return;
  i->second.is_settling = false;
  if (i->second.is_cut_wanted)
    end(fact.connection, i->second);
  else
    taken({fact.connection, 0});
}

void socket_wire_state::arrived(const caf::io::new_data_msg& fact) {
  auto number = number_of(fact.handle);
  if (auto* at = find(number)) {
    if (at->follow(fact.buf.size()))
      self_->configure_read(at->handle, caf::io::receive_policy::at_most(at->read_bytes));
    deliver(number, *at, {fact.buf.data(), fact.buf.size()});
  }
}

void socket_wire_state::deliver(connection_number number, wire_connection& at,
                                std::string_view chunk) {
  wire_frames fact{number, {}};
  std::string trouble;
  try {
    at.cutter->take(chunk, fact.content);
  } catch (const error& reason) {
    trouble = reason.what();
  }
  at.progress += chunk.size();
  if (!fact.content.empty()) {
    at.progress = 0;
    at.unread += fact.bytes();
    self_->send(at.owner, std::move(fact));
  }
  if (!trouble.empty()) {
    self_->send(at.owner, wire_closed{number, errc::bad_frame, trouble});
    end(number, at);
    return;
  }
  if (at.progress >= report_bytes) {
    at.progress = 0;
    self_->send(at.owner, wire_progress{number});
  }
  if (at.unread >= content_.unread_max && !at.is_halted && !at.is_settling) {
    at.is_halted = true;
    self_->halt(at.handle);
    settle(number, at);
  }
}

void socket_wire_state::departed(const caf::io::data_transferred_msg& fact) {
  auto number = number_of(fact.handle);
  auto i = connections_.find(number);
  if (i == connections_.end())
    return;
  auto& at = i->second;
  at.unsent = fact.remaining;
  if (!at.is_closing)
    tell_departed(number, at, fact.written);
  else if (at.unsent == 0)
    sockets::end_writing(at.socket());
}

void socket_wire_state::close(const wire_close& command) {
  auto* at = find(command.connection);
  if (!at)
    return;
  if (command.is_orderly)
    flush(command.connection, *at);
  at->is_closing = true;
  unproved_ -= std::exchange(at->is_unproved, false);
  if (!command.is_orderly) {
    end(command.connection, *at);
    return;
  }
  // The peer closes when it has read all; closing first would reset the connection under what is still on its way.
  if (at->unsent == 0)
    sockets::end_writing(at->socket());
  remind(linger, linger_over{command.connection});
}

void socket_wire_state::lingered(const linger_over& fact) {
  auto i = connections_.find(fact.connection);
  if (i != connections_.end())
    end(fact.connection, i->second);
}

void socket_wire_state::end(connection_number number, wire_connection& at) {
  at.is_closing = true;
  unproved_ -= std::exchange(at.is_unproved, false);
  sockets::cut(at.socket());
  if (at.is_settling) {
    at.is_cut_wanted = true;
    return;
  }
  auto handle = at.handle;
  numbers_.erase(handle.id());
  connections_.erase(number);
  self_->close(handle);
}

void socket_wire_state::closed(const caf::io::connection_closed_msg& fact) {
  auto number = number_of(fact.handle);
  numbers_.erase(fact.handle.id());
  auto i = connections_.find(number);
  if (i == connections_.end())
    return;
  if (!i->second.is_closing)
    self_->send(i->second.owner,
                wire_closed{number, errc::link_lost, "the peer closed the connection"});
  unproved_ -= i->second.is_unproved;
  connections_.erase(i);
}

caf::behavior socket_wire(broker_pointer self, wire_content content) {
  end_with_exception_text(self);
  auto& state = self->state;
  state.begin(self, std::move(content));
  // Tried in this order for each message: the frequent ones come first.
  return {
      [&state](wire_write& command) { state.write(command); },
      [&state](const write_out& word) { state.written(word); },
      [&state](const caf::io::new_data_msg& fact) { state.arrived(fact); },
      [&state](const wire_listen& command) { state.listen(command); },
      [&state](const wire_stop_listening&) { state.stop_listening(); },
      [&state](const socket_accepted& fact) { state.accepted(fact); },
      [&state](const wire_dial& command) { state.dial(command); },
      [&state](const socket_dialed& fact) { state.dialed(fact); },
      [&state](const dial_late& fact) { state.late(fact); },
      [&state](const wire_open_outlet& command) { state.open_outlet(command); },
      [&state](const wire_trust& command) { state.trust(command); },
      [&state](const wire_give& command) { state.give(command); },
      [&state](const wire_taken& command) { state.taken(command); },
      [&state](const wire_probe& command) { state.probe(command); },
      [&state](const wire_close& command) { state.close(command); },
      [&state](const linger_over& fact) { state.lingered(fact); },
      [&state](const loop_turned& fact) { state.turned(fact); },
      [&state](const caf::io::data_transferred_msg& fact) { state.departed(fact); },
      [&state](const caf::io::connection_closed_msg& fact) { state.closed(fact); },
      answer_progress(),
  };
}

}  // namespace

caf::actor spawn_socket_wire(caf::actor_system& system, wire_content content) {
  return system.middleman().spawn_broker<caf::hidden>(socket_wire, std::move(content));
}

}  // namespace holdfast
