#include <holdfast/actors/link_actor.hpp>
#include <holdfast/actors/persistence_actor.hpp>

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

// One session of a link: how it begins, what it hears, how it ends. Its end has two steps: at once it is over (nothing is
// written or taken any more, the connection is closed), and when the last of its commits has come back the node hears
// `peer_down`, behind everything that was accepted from that session, and the next one may begin.

namespace holdfast {

namespace {

// Frames that were dealt with are reported to the wire in such steps; far below wire_unread_max.
constexpr std::size_t taken_bytes = 256u << 10;

// Frames that are collected before they leave, at most and one more.
constexpr std::size_t write_bytes = 64u << 10;

}  // namespace

void link_actor::open_session(slot where, bool is_restarted) {
  INVARIANT(!session_, L1, "a session begins when the one before it is over");
  auto won = std::move(*(this->*where));
  (this->*where).reset();
  forget(&link_actor::dialed_, false);
  forget(&link_actor::accepted_, false);
  ++dial_timer_;  // a dial that is due is not needed any more
  is_dial_due_ = false;
  redial_.succeeded();
  nonce_ = won.shake->nonce();
  auto& who = won.shake->peer();
  session_ = std::make_unique<link_session>(*this, *entry_, requests_, won.connection,
                                            won.shake->mine(), who);
  update([&](peer_status& status) {
    status.state = link_state::up;
    status.id = who.id;
    status.incarnation = who.incarnation;
    status.reason = errc::none;
    status.reason_text.clear();
    ++status.sessions;
  });
  if (env_.log)
    env_.log->info("link to {} is up: start {}", peer_, who.incarnation);
  tell(peer_up{peer_, who.incarnation,
               is_restarted ? peer_up::came_back::as_new : peer_up::came_back::as_same});
  self_->send(env_.wire, wire_open_outlet{won.connection});
  guarded([&] { session_->begin(*won.theirs); });
  beat();
  check();
}

void link_actor::end_session(errc reason, const std::string& text, bool is_orderly) {
  if (!is_live())
    return;
  if (is_orderly)
    flush();
  auto& over = *session_;
  over.is_over = true;
  over.outlet.reset();
  over.reason = reason;
  over.text = text;
  entry_->is_up = false;
  entry_->send_credit = 0;
  self_->send(env_.wire, wire_close{over.connection(), is_orderly});
  if (auto lane = over.sender().lane()) {
    auto apply = [lane = *lane, sent = over.sender().transmitted()](ledger& books) {
      outbox::lower_sent_through(books, lane, sent);
    };
    submit({growth::shrinks, 64, false}, apply, [](const error*) {});
  }
  requests_.close(text);
  // Behind what runs at this moment, which may be a piece of the session.
  self_->send(self_, link_task{0, false, [this] { finish_session(); }});
}

void link_actor::finish_session() {
  if (!session_ || !session_->is_over || commits_ > 0)
    return;
  // What a commit admitted is told to the executor behind the commit's own answers: once around more, and it is there.
  if (!std::exchange(session_->is_drained, true)) {
    submit(
        {growth::shrinks, 0, false}, [](ledger&) {}, [](const error*) {});
    return;
  }
  auto reason = session_->reason;
  auto text = std::move(session_->text);
  session_.reset();
  ++session_number_;
  nonce_ = 0;
  state(address_.empty() ? link_state::idle : link_state::waiting, reason, text);
  if (env_.log)
    env_.log->info("link to {} is down: {}: {}", peer_, to_string(reason), text);
  tell(peer_down{peer_, reason, text});
  if (accepted_ && accepted_->is_waiting)
    advance(&link_actor::accepted_);
  if (!accepted_)
    dial_later(redial_.after_failure(*env_.random));
}

void link_actor::failed(const error& reason) {
  if (env_.log)
    env_.log->error("link to {}: {}: {}", peer_, to_string(reason.code()), reason.what());
  end_session(reason.code(), reason.what(), false);
}

// A session may begin, or end, with any of the frames.
void link_actor::arrived(const wire_frames& fact) {
  for (auto& from : fact.content)
    take(fact.connection, from);
  if (!is_session(fact.connection) || !is_live())
    return;
  heard();
  auto bytes = fact.bytes();
  update([&](peer_status& status) { status.bytes_in += bytes; });
  session_->untaken += bytes;
  if (session_->untaken >= taken_bytes)
    self_->send(env_.wire, wire_taken{fact.connection, std::exchange(session_->untaken, 0)});
}

void link_actor::take(connection_number connection, const frame& from) {
  if (!is_session(connection)) {
    if (auto where = slot_of(connection))
      candidate_frame(where, from);
    return;
  }
  if (is_live())
    guarded([&] {
      if (session_->take(from))
        end_session(errc::link_goodbye, "'" + peer_ + "' stopped in good order", true);
    });
}

void link_actor::progressed(const wire_progress& fact) {
  if (is_session(fact.connection) && is_live())
    heard();
}

void link_actor::sent(const wire_sent& fact) {
  if (is_session(fact.connection))
    session_->unsent -= std::min(session_->unsent, fact.bytes);
}

void link_actor::outlet_opened(const wire_outlet_opened& fact) {
  if (is_session(fact.connection) && is_live())
    session_->outlet = fact.outlet;
}

void link_actor::closed(const wire_closed& fact) {
  if (is_session(fact.connection) && is_live())
    end_session(fact.reason, "'" + peer_ + "': " + fact.text, false);
  else if (auto where = slot_of(fact.connection)) {
    (this->*where)->connection = 0;
    drop(where, fact.reason, "'" + peer_ + "' closed the connection during the handshake");
  }
}

void link_actor::heard() {
  session_->detector().heard(now());
  if (std::exchange(session_->is_suspect, false))
    state(link_state::up, errc::none, {});
}

void link_actor::beat() {
  write(make_frame(frame_type::beat, nonce_));
  flush();
  after(until_next(env_.settings.heartbeat_interval), [this] { beat(); });
}

void link_actor::check() {
  using verdict = failure_detector::verdict;
  auto& detector = session_->detector();
  auto found = detector.check(now());
  auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(detector.silent_for(now()));
  if (found != verdict::fine && !std::exchange(session_->is_suspect, true)) {
    state(link_state::suspect, errc::link_silent,
          "silent for " + std::to_string(silent.count()) + " ms");
    tell(peer_suspect{peer_, silent});
  }
  if (found == verdict::judge)
    self_->send(env_.wire, wire_probe{session_->connection()});
  after(until_next(detector.check_every()), [this] { check(); });
}

duration link_actor::until_next(duration period) const {
  return period - duration(now() % period.count());
}

// The answer came behind every frame that had been read; what has arrived and was not read yet speaks for the peer.
void link_actor::probed(const wire_probed& fact) {
  if (!is_session(fact.connection) || !is_live() || fact.has_unread)
    return;
  auto& detector = session_->detector();
  auto silent = std::chrono::duration_cast<std::chrono::milliseconds>(detector.silent_for(now()));
  if (detector.judged(now()))
    end_session(errc::link_silent,
                "'" + peer_ + "' made no progress for " + std::to_string(silent.count()) + " ms",
                false);
}

void link_actor::lane_has_grown(const lane_grew& news) {
  if (is_live())
    guarded([&] { session_->lane_has_grown(news); });
}

void link_actor::outcomes_have_grown(const outcomes_grew& news) {
  if (is_live())
    guarded([&] { session_->outcomes_have_grown(news); });
}

void link_actor::send(const send_message& message) {
  if (is_live())
    guarded([&] { session_->send(message); });
  else
    update([](peer_status& status) { ++status.messages_refused; });
}

void link_actor::ask(call_request request) {
  if (is_stopping_) {
    request.done({errc::unreachable, "this node is stopping", {}});
    return;
  }
  guarded([&] { requests_.ask(std::move(request), now()); });
  // Before the outcome of the first dial is known it is worth waiting for.
  if (!is_live() && !(entry_->is_first_dial && (dialed_ || accepted_))) {
    auto text = entry_->status().reason_text;
    requests_.refuse_waiting("'" + peer_ + "' is not connected"
                             + (text.empty() ? "" : ": " + text));
  }
  expire_requests();
}

void link_actor::expire_requests() {
  auto next = requests_.expire(now());
  if (next == 0 || (request_timer_ != 0 && request_timer_ <= next))
    return;
  request_timer_ = next;
  self_->delayed_send(self_, duration(next - now()), link_task{0, false, [this, next] {
                                                                 if (request_timer_ == next)
                                                                   request_timer_ = 0;
                                                                 expire_requests();
                                                               }});
}

void link_actor::goodbye() {
  is_stopping_ = true;
  forget(&link_actor::dialed_, false);
  forget(&link_actor::accepted_, false);
  if (is_live()) {
    write(make_frame(frame_type::bye, nonce_));
    end_session(errc::link_goodbye, "this node is stopping", true);
  }
  requests_.refuse_waiting("this node is stopping");
  self_->quit();
}

void link_actor::run(const link_task& task) {
  commits_ -= task.is_counted;
  auto is_due =
      task.session == 0 || (task.session == session_number_ && (task.is_counted || is_live()));
  if (is_due)
    guarded(task.work);
  finish_session();
}

void link_actor::write(std::string frame) {
  if (!is_live())
    return;
  auto& collected = session_->unwritten;
  if (collected.empty()) {
    collected = std::move(frame);
    self_->send(self_, link_write_out{session_->connection()});
  } else {
    collected += frame;
  }
  if (collected.size() >= write_bytes)
    flush();
}

void link_actor::write_out(const link_write_out& word) {
  if (is_session(word.connection))
    flush();
}

void link_actor::flush() {
  if (!is_live() || session_->unwritten.empty())
    return;
  auto bytes = std::exchange(session_->unwritten, {});
  update([size = bytes.size()](peer_status& status) { status.bytes_out += size; });
  if (session_->outlet && session_->unsent == 0)
    bytes.erase(0, session_->outlet->send(bytes));
  session_->unsent += bytes.size();
  to_wire(session_->connection(), std::move(bytes));
}

std::size_t link_actor::unsent_bytes() const {
  return session_ ? session_->unwritten.size() + session_->unsent : 0;
}

void link_actor::commit(commit_kind kind, std::function<void(ledger&)> apply,
                        std::function<void(const error*)> then) {
  if (!session_ || !session_->is_over)
    submit(kind, std::move(apply), std::move(then));
}

void link_actor::submit(commit_kind kind, std::function<void(ledger&)> apply,
                        std::function<void(const error*)> then) {
  commits_ += !kind.is_lazy;
  auto done = [me = caf::actor_cast<caf::actor>(self_), session = session_number_,
               is_counted = !kind.is_lazy, then = std::move(then)](int&, const error* refusal) {
    auto why = refusal ? std::make_shared<const error>(*refusal) : nullptr;
    caf::anon_send(me, link_task{session, is_counted, [then, why] { then(why.get()); }});
  };
  auto operation = make_operation<int>(
      kind.growth, kind.bytes, kind.is_lazy,
      [apply = std::move(apply)](ledger& books, int&) { apply(books); }, std::move(done));
  self_->send(env_.persistence, commit_request{std::move(operation)});
}

void link_actor::after(duration delay, std::function<void()> work) {
  self_->delayed_send(self_, delay, link_task{session_number_, false, std::move(work)});
}

std::function<void(std::function<void()>)> link_actor::poster() {
  return [me = caf::actor_cast<caf::actor>(self_),
          session = session_number_](std::function<void()> work) {
    caf::anon_send(me, link_task{session, false, std::move(work)});
  };
}

void link_actor::give_up(errc reason, const std::string& text) {
  end_session(reason, text, false);
}

void link_actor::show(errc reason, const std::string& text) {
  auto is_known = is_shown(reason, text);
  update([&](peer_status& status) {
    status.reason = reason;
    status.reason_text = text;
  });
  if (reason != errc::none && !is_known && env_.log)
    env_.log->warn("link to {}: {}: {}", peer_, to_string(reason), text);
}

// What is tried again and again is logged once.
bool link_actor::is_shown(errc reason, const std::string& text) const {
  auto status = entry_->status();
  return status.reason == reason && status.reason_text == text;
}

void link_actor::state(link_state state, errc reason, const std::string& text) {
  update([&](peer_status& status) {
    status.state = state;
    status.reason = reason;
    status.reason_text = text;
  });
}

void link_actor::tell(peer_event event) {
  self_->send(env_.executor, peer_changed{std::move(event)});
}

}  // namespace holdfast
