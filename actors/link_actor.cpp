#include <holdfast/actors/link_actor.hpp>

#include <caf/send.hpp>

#include <utility>

// How a link gets to a session. Of two connections that are opened at the same time exactly one must survive, and both
// sides must agree which. The node with the lower uuid decides: it keeps its own dial if the peer has answered that,
// and takes the peer's otherwise; the other node lets both go on and loses the one that the first gives up. An established
// session is replaced by a connection whose dialer says in its marks, its word after it has seen the acceptor's proof,
// that it has no session: a dial that was overtaken by a session has been closed by its dialer before.

namespace holdfast {

namespace {

// Reasons that go away by themselves. All others wait for an operator.
bool is_passing(errc reason) {
  switch (reason) {
  case errc::link_lost:
  case errc::link_silent:
  case errc::link_replaced:
  case errc::link_goodbye:
  case errc::bad_frame:
  case errc::handshake_late:
  case errc::disk_full:
  case errc::stopping: return true;
  default: return false;
  }
}

}  // namespace

link_actor::link_actor(caf::event_based_actor* self, environment& env, std::string peer)
    : self_(self), env_(env), peer_(std::move(peer)),
      redial_(env.settings.redial_min, env.settings.redial_max) {}

void link_actor::address(const std::string& at) {
  address_ = at;
  update([&](peer_status& status) { status.address = at; });
  redial_.succeeded();
  if (!dialed_)
    dial();
}

// Whatever was refused is worth trying again, at once.
void link_actor::accepted_history() {
  if (is_live())
    end_session(errc::link_lost, "the operator accepted a new history", true);
  redial_.succeeded();
  state(link_state::waiting, errc::none, {});
  dial();
}

link_hello hello_of(const environment& env) {
  link_hello mine;
  mine.cluster = env.settings.cluster;
  mine.name = env.self.name;
  mine.id = env.self.id;
  mine.incarnation = env.self.incarnation;
  mine.start_nonce = env.self.nonce;
  mine.challenge = {env.random->next(), env.random->next()};
  mine.heartbeat_interval = env.settings.heartbeat_interval;
  mine.silence_max = env.settings.silence_max;
  mine.window_bytes = env.settings.window_bytes;
  mine.send_bytes = env.settings.send_bytes;
  mine.record_bytes_max = limits::record_bytes_max;
  return mine;
}

void link_actor::to_wire(connection_number connection, std::string bytes) {
  if (!bytes.empty())
    self_->send(env_.wire, wire_write{connection, std::move(bytes)});
}

void link_actor::dial() {
  if (is_stopping_ || address_.empty() || session_ || dialed_)
    return;
  auto shake = std::make_shared<handshake>(link_role::dialer, hello_of(env_), env_.secret, peer_);
  auto& at = start(&link_actor::dialed_, 0, std::move(shake));
  self_->send(env_.wire, wire_dial{address_, at.serial, env_.settings.handshake_max, self_});
  if (entry_->status().state != link_state::refused)
    state(link_state::dialing, entry_->status().reason, entry_->status().reason_text);
}

void link_actor::dial_later(duration delay) {
  auto timer = ++dial_timer_;
  is_dial_due_ = true;
  self_->delayed_send(self_, delay, link_task{0, false, [this, timer] {
                                                if (timer != dial_timer_)
                                                  return;
                                                is_dial_due_ = false;
                                                dial();
                                              }});
}

link_actor::candidate& link_actor::start(slot where, connection_number connection,
                                         std::shared_ptr<handshake> shake) {
  auto serial = ++last_serial_;
  (this->*where) = candidate{serial, connection, std::move(shake), {}, false};
  self_->delayed_send(self_, duration(env_.settings.handshake_max),
                      link_task{0, false, [this, where, serial] {
                                  if (auto& at = this->*where; at && at->serial == serial)
                                    drop(where, errc::handshake_late,
                                         "'" + peer_ + "' did not complete the handshake in time");
                                }});
  return *(this->*where);
}

void link_actor::connected(const wire_connected& fact) {
  if (!dialed_ || dialed_->serial != fact.tag || dialed_->connection != 0) {
    self_->send(env_.wire, wire_close{fact.connection, false});
    return;
  }
  dialed_->connection = fact.connection;
  to_wire(fact.connection, dialed_->shake->send_hello());
}

void link_actor::dial_failed(const wire_dial_failed& fact) {
  if (dialed_ && dialed_->serial == fact.tag)
    drop(&link_actor::dialed_, errc::link_lost, fact.text);
}

// The peer has dialed us and proved itself to the switchboard.
void link_actor::given(const wire_given& fact) {
  if (is_stopping_) {
    self_->send(env_.wire, wire_close{fact.connection, true});
    return;
  }
  auto shake = std::static_pointer_cast<handshake>(fact.note);
  candidate incoming{0, fact.connection, shake, {}, false};
  if (!is_contender(incoming)) {
    to_wire(fact.connection,
            shake->refuse({errc::link_replaced, "'" + env_.self.name + "' and '" + peer_
                                                    + "' have another connection already"}));
    self_->send(env_.wire, wire_close{fact.connection, true});
    return;
  }
  if (env_.self.id < shake->peer().id)
    forget(&link_actor::dialed_, false);
  forget(&link_actor::accepted_, false);
  start(&link_actor::accepted_, fact.connection, shake);
  if (auto reason =
          check_binding(env_.self.name, find_peer(*env_.store->read(), peer_), shake->peer()))
    refuse(&link_actor::accepted_, std::move(*reason));
  else
    to_wire(fact.connection, shake->send_proof());
}

bool link_actor::is_contender(const candidate& incoming) const {
  auto& theirs = incoming.shake->peer();
  if (is_live() && theirs.has_link && theirs.incarnation <= session_->peer().incarnation)
    return false;
  return !(dialed_ && dialed_->shake->has_peer() && env_.self.id < theirs.id);
}

link_actor::slot link_actor::slot_of(connection_number connection) {
  if (dialed_ && dialed_->connection == connection)
    return &link_actor::dialed_;
  if (accepted_ && accepted_->connection == connection)
    return &link_actor::accepted_;
  return nullptr;
}

void link_actor::candidate_frame(slot where, const frame& from) {
  using happened = handshake::happened;
  auto& at = *(this->*where);
  std::string answer;
  auto result = happened::nothing;
  try {
    result = at.shake->take(from, answer);
    if (result == happened::marks)
      at.theirs = decode_marks(at.shake->marks());
  } catch (const error& reason) {
    drop(where, reason.code(), reason.what());
    return;
  }
  to_wire(at.connection, std::move(answer));
  switch (result) {
  case happened::nothing: break;
  case happened::proved: {  // only a dialer sees it here
    self_->send(env_.wire, wire_trust{at.connection});
    auto rows = env_.store->read();
    if (auto reason = check_binding(env_.self.name, find_peer(*rows, peer_), at.shake->peer()))
      refuse(where, std::move(*reason));
    else
      to_wire(at.connection, at.shake->send_marks(encode_marks(
                                 collect_marks(*rows, peer_, at.shake->peer().id, is_live()))));
    break;
  }
  case happened::marks: advance(where); break;
  case happened::open:
    if (at.shake->role() == link_role::dialer)
      open_session(where, at.is_restarted);
    else
      bind(where);
    break;
  case happened::refused: {
    auto reason = at.shake->refused();
    drop(where, reason.code, reason.text);
    break;
  }
  }
}

// The peer's marks are there. They are judged when what the previous session left has drained.
void link_actor::advance(slot where) {
  auto& at = *(this->*where);
  if (is_live()) {
    auto is_newer = at.shake->peer().incarnation > session_->peer().incarnation;
    if (at.theirs->has_link && !is_newer) {
      refuse(where, {errc::link_replaced, "'" + env_.self.name + "' and '" + peer_
                                              + "' have another connection already"});
      return;
    }
    end_session(errc::link_replaced, "'" + peer_ + "' opened a new session", false);
  }
  at.is_waiting = session_ != nullptr;
  if (at.is_waiting)
    return;
  auto rows = env_.store->read();
  auto reason = check_binding(env_.self.name, find_peer(*rows, peer_), at.shake->peer());
  if (!reason)
    reason = check_marks(*rows, env_.self.name, at.shake->peer(), *at.theirs);
  if (reason)
    refuse(where, std::move(*reason));
  else if (at.shake->role() == link_role::dialer)
    bind(where);
  else
    to_wire(at.connection, at.shake->send_marks(encode_marks(
                               collect_marks(*rows, peer_, at.shake->peer().id, false))));
}

// Durable before the link opens: the next session with this name must be with this journal, in this start or a later one.
void link_actor::bind(slot where) {
  auto& at = *(this->*where);
  auto& who = at.shake->peer();
  auto known = find_peer(*env_.store->read(), peer_);
  at.is_restarted = !known || known->id != who.id || known->incarnation != who.incarnation;
  auto go_on = [this, where, serial = at.serial](const error* refusal) {
    auto& bound = this->*where;
    if (!bound || bound->serial != serial)
      return;
    if (refusal) {
      refuse(where, {refusal->code(), refusal->what()});
      return;
    }
    to_wire(bound->connection, bound->shake->send_open());
    if (bound->shake->role() == link_role::acceptor)
      open_session(where, bound->is_restarted);
  };
  if (!at.is_restarted && known->nonce == who.start_nonce)
    return go_on(nullptr);
  auto apply = [name = peer_, me = env_.self.name, who](ledger& books) {
    auto& row = books.peer(name);
    if (auto reason = check_binding(me, row, who))
      throw error(reason->code, reason->text);
    row.id = who.id;
    row.incarnation = who.incarnation;
    row.nonce = who.start_nonce;
    if (row.lane)
      books.lane_out(*row.lane).peer_id = who.id;
  };
  commit({growth::shrinks, 256, false}, apply, go_on);
}

void link_actor::refuse(slot where, refusal reason) {
  auto& at = *(this->*where);
  to_wire(at.connection, at.shake->refuse(reason));
  drop(where, reason.code, reason.text);
}

void link_actor::forget(slot where, bool is_orderly) {
  auto& at = this->*where;
  if (at && at->connection != 0)
    self_->send(env_.wire, wire_close{at->connection, is_orderly});
  at.reset();
}

// A connection did not become a session.
void link_actor::drop(slot where, errc reason, const std::string& text) {
  auto was_dialed = where == &link_actor::dialed_;
  forget(where, true);
  auto is_operators = !is_passing(reason);
  if (is_operators && !is_shown(reason, text) && env_.log)
    env_.log->warn("link to {} refused: {}: {}", peer_, to_string(reason), text);
  if (is_live() || is_stopping_)
    return;
  if (is_operators)
    state(link_state::refused, reason, text);
  if (was_dialed && reason != errc::link_replaced) {
    entry_->is_first_dial = false;
    requests_.refuse_waiting("'" + peer_ + "' cannot be reached: " + text);
  }
  if (was_dialed && !is_operators && entry_->status().state != link_state::refused)
    state(link_state::waiting, reason, text);
  // Whichever of the two was the last hope: there is always another dial (L3).
  if (!dialed_ && !accepted_ && !session_ && (was_dialed || !is_dial_due_))
    dial_later(is_operators ? redial::after_refusal(env_.settings.refused_redial, *env_.random)
                            : redial_.after_failure(*env_.random));
}

}  // namespace holdfast
