#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>
#include <holdfast/runtime/foreign_link_actor.hpp>

#include <caf/send.hpp>

#include <utility>

// The life of a foreign link. Its sessions end as those of a peer_link do: at once nothing is written or taken any more, and
// when the last commit has come back the node hears `peer_down`, behind everything that was accepted.

namespace holdfast {

foreign_link_actor::foreign_link_actor(caf::event_based_actor* self, environment& env,
                                       std::string peer)
    : self_(self), env_(env), peer_(std::move(peer)), calls_(*this), lane_(*this), work_(*this) {}

void foreign_link_actor::begin(std::shared_ptr<peer_entry> entry) {
  entry_ = std::move(entry);
  entry_->is_first_dial = false;  // it dials us: there is nothing to wait for
  lane_.recover();
}

// The configuration says that a node of the cluster has this name; the journal, that a foreign node had it first.
void foreign_link_actor::address() {
  auto text = "'" + peer_
              + "' is known here as a foreign node and is not dialed: give the node of the cluster "
                "another name";
  show(errc::wrong_name, text);
  if (env_.log)
    env_.log->warn("{}", text);
}

void foreign_link_actor::given(const wire_given& fact) {
  auto who = *std::static_pointer_cast<foreign_introduction>(fact.note);
  if (is_stopping_) {
    self_->send(who.wire, wire_close{fact.connection, true});
    return;
  }
  if (!session_) {
    open_session(fact.connection, std::move(who));
    return;
  }
  end_session(errc::link_replaced, "'" + peer_ + "' introduced itself on another connection", true);
  if (waiting_) {
    self_->send(waiting_->second.wire, wire_close{waiting_->first, true});
    tell_over(waiting_->first);
  }
  waiting_ = {fact.connection, std::move(who)};
}

void foreign_link_actor::open_session(connection_number connection, foreign_introduction who) {
  INVARIANT(!session_, L1, "a session begins when the one before it is over");
  session_.reset(new session{connection, std::move(who), foreign_requests(*this)});
  auto& now_here = session_->who;
  update([&](peer_status& status) {
    status.state = link_state::up;
    status.address = "foreign" + (now_here.type.empty() ? "" : " " + now_here.type);
    status.incarnation = now_here.incarnation;
    status.reason = errc::none;
    status.reason_text.clear();
    ++status.sessions;
  });
  if (env_.log)
    env_.log->info("foreign node {} ({}, {} from {}) is up", peer_,
                   now_here.type.empty() ? "no type" : now_here.type, to_string(now_here.body),
                   now_here.from);
  entry_->send_credit = static_cast<std::int64_t>(env_.settings.send_bytes);
  entry_->is_up = true;
  bool is_same = std::exchange(incarnation_, now_here.incarnation) == now_here.incarnation;
  tell(peer_up{peer_, now_here.incarnation,
               is_same ? peer_up::came_back::as_same : peer_up::came_back::as_new});
  guarded([&] {
    say("holdfast.welcome", {value(dict{{"name", env_.self.name}})});
    calls_.open();
    lane_.open();
    work_.open(now_here.type, now_here.incarnation);
  });
}

void foreign_link_actor::end_session(errc reason, const std::string& text, bool is_told) {
  if (!is_live())
    return;
  auto& over = *session_;
  if (is_told)
    self_->send(over.who.wire,
                wire_write{over.connection, foreign_refusal(over.who.body, reason, text)});
  over.is_over = true;
  over.reason = reason;
  over.text = text;
  entry_->is_up = false;
  entry_->send_credit = 0;
  self_->send(over.who.wire, wire_close{over.connection, is_told});
  tell_over(over.connection);
  if (auto lane = lane_.lane()) {
    auto apply = [lane = *lane, sent = lane_.transmitted()](ledger& books) {
      outbox::lower_sent_through(books, lane, sent);
    };
    submit({growth::shrinks, 64, false}, apply, [](const error*) {});
  }
  lane_.close();
  work_.close();
  calls_.close(text);
  self_->send(self_, link_task{0, false, [this] { finish_session(); }});
}

void foreign_link_actor::finish_session() {
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
  state(link_state::idle, reason, text);
  if (env_.log)
    env_.log->info("foreign node {} is down: {}: {}", peer_, to_string(reason), text);
  tell(peer_down{peer_, reason, text});
  if (auto next = std::exchange(waiting_, std::nullopt))
    open_session(next->first, std::move(next->second));
}

void foreign_link_actor::goodbye() {
  is_stopping_ = true;
  if (waiting_)
    self_->send(waiting_->second.wire, wire_close{waiting_->first, false});
  end_session(errc::link_goodbye, "this node is stopping", true);
  self_->quit();
}

void foreign_link_actor::closed(const wire_closed& fact) {
  if (is_live() && session_->connection == fact.connection) {
    end_session(fact.reason, "'" + peer_ + "': " + fact.text, false);
    return;
  }
  if (waiting_ && waiting_->first == fact.connection)
    waiting_.reset();
  tell_over(fact.connection);
}

void foreign_link_actor::tell_over(connection_number connection) {
  if (gateway_)
    self_->send(gateway_, foreign_session_over{connection});
}

void foreign_link_actor::guarded(const std::function<void()>& work) {
  try {
    work();
  } catch (const error& reason) {
    if (env_.log && is_live())
      env_.log->warn("foreign node {}: {}: {}", peer_, to_string(reason.code()), reason.what());
    end_session(reason.code(), reason.what(), true);
  }
}

void foreign_link_actor::run(const link_task& task) {
  commits_ -= task.is_counted;
  auto is_due =
      task.session == 0 || (task.session == session_number_ && (task.is_counted || is_live()));
  if (is_due)
    guarded(task.work);
  finish_session();
}

void foreign_link_actor::commit(commit_kind kind, std::function<void(ledger&)> apply,
                                std::function<void(const error*)> then) {
  if (is_live())
    submit(kind, std::move(apply), std::move(then));
}

void foreign_link_actor::submit(commit_kind kind, std::function<void(ledger&)> apply,
                                std::function<void(const error*)> then) {
  ++commits_;
  auto done = [me = caf::actor_cast<caf::actor>(self_), session = session_number_,
               then = std::move(then)](int&, const error* refusal) {
    auto why = refusal ? std::make_shared<const error>(*refusal) : nullptr;
    caf::anon_send(me, link_task{session, true, [then, why] { then(why.get()); }});
  };
  auto operation = make_operation<int>(
      kind.growth, kind.bytes, kind.is_lazy,
      [apply = std::move(apply)](ledger& books, int&) { apply(books); }, std::move(done));
  self_->send(env_.persistence, commit_request{std::move(operation)});
}

void foreign_link_actor::after(duration delay, std::function<void()> work) {
  self_->delayed_send(self_, delay, link_task{session_number_, false, std::move(work)});
}

std::function<void(std::function<void()>)> foreign_link_actor::poster() {
  return [me = caf::actor_cast<caf::actor>(self_),
          session = session_number_](std::function<void()> work) {
    caf::anon_send(me, link_task{session, false, std::move(work)});
  };
}

void foreign_link_actor::give_up(errc reason, const std::string& text) {
  end_session(reason, text, true);
}

void foreign_link_actor::show(errc reason, const std::string& text) {
  update([&](peer_status& status) {
    status.reason = reason;
    status.reason_text = text;
  });
}

void foreign_link_actor::state(link_state state, errc reason, const std::string& text) {
  update([&](peer_status& status) {
    status.state = state;
    status.reason = reason;
    status.reason_text = text;
  });
}

void foreign_link_actor::tell(peer_event event) {
  self_->send(env_.executor, peer_changed{std::move(event)});
}

std::string foreign_refusal(foreign_body body, errc reason, const std::string& text) {
  std::string frame;
  append_foreign_frame(
      frame, encode_foreign({"holdfast.refused",
                             {value(std::string(to_string(reason))), value(ascii_text(text))},
                             {},
                             body}));
  return frame;
}

namespace {

caf::behavior foreign_link(caf::event_based_actor* self, environment* env,
                           const std::string& peer) {
  end_node_on_exception(self, *env, "link to foreign node " + peer);
  auto link = std::make_shared<foreign_link_actor>(self, *env, peer);
  // Tried in this order for each message: the frequent ones come first.
  return {
      [link](const wire_frames& fact) { link->arrived(fact); },
      [link](const link_task& task) { link->run(task); },
      [link](const send_message& message) { link->send(message); },
      [link](const call_request& request) { link->ask(request); },
      [link](const lane_grew& news) { link->grew(news); },
      [link](const wire_sent& fact) { link->sent(fact); },
      [](const wire_progress&) {},
      [link](const link_begin& begin) { link->begin(begin.entry); },
      [link](const foreign_gateway_is& fact) { link->gateway_is(fact); },
      [link](const link_address&) { link->address(); },
      [](const peer_accepted&) {},
      [link](const say_goodbye&) { link->goodbye(); },
      [link](const wire_given& fact) { link->given(fact); },
      [link](const wire_closed& fact) { link->closed(fact); },
      [](const outcomes_grew&) {},
  };
}

}  // namespace

caf::actor spawn_foreign_link(caf::actor_system& system, environment& env,
                              const std::string& peer) {
  return system.spawn(foreign_link, &env, peer);
}

}  // namespace holdfast
