#include <holdfast/actors/child_spec.hpp>
#include <holdfast/actors/handshake.hpp>
#include <holdfast/actors/link_port.hpp>
#include <holdfast/actors/messages.hpp>
#include <holdfast/actors/peer_link.hpp>
#include <holdfast/actors/switchboard.hpp>
#include <holdfast/actors/wire.hpp>

#include <caf/event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace holdfast {

namespace {

constexpr auto goodbye_max = std::chrono::seconds(2);

struct stranger_late {
  connection_number connection = 0;
};
struct goodbye_over {};

}  // namespace

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::stranger_late)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::goodbye_over)

namespace holdfast {

namespace {

class switchboard {
public:
  switchboard(caf::event_based_actor* self, environment& env) : self_(self), env_(env) {
    for (auto& known : all_peers(*env_.store->read()))
      if (known.name != env_.self.name)
        link_to(known.name);
  }

  void want(const want_peer& wish) {
    if (wish.peer != env_.self.name) {
      auto link = link_to(wish.peer);
      if (!wish.address.empty())
        self_->send(link, link_address{wish.address});
    }
    if (wish.done)
      wish.done();
  }

  void accepted_history(const peer_accepted& decision) {
    if (decision.peer != env_.self.name)
      self_->send(link_to(decision.peer), decision);
  }

  void grew(const lane_grew& news) {
    if (news.lane == loopback_lane)
      return;
    auto i = lanes_.find(news.lane);
    if (i == lanes_.end()) {
      auto lane = find_out_lane(*env_.store->read(), news.lane);
      if (!lane || lane->peer == env_.self.name)
        return;
      i = lanes_.emplace(news.lane, link_to(lane->peer)).first;
    }
    self_->send(i->second, news);
  }

  void grew(const outcomes_grew& news) {
    auto i = sources_.find(news.lane_index);
    if (i == sources_.end()) {
      for (auto& lane : all_in_lanes(*env_.store->read()))
        if (lane.index == news.lane_index && lane.source_name != env_.self.name)
          i = sources_.emplace(lane.index, link_to(lane.source_name)).first;
      if (i == sources_.end())
        return;
    }
    self_->send(i->second, news);
  }

  void named(const foreign_named& fact) {
    auto i = links_.find(fact.peer);
    if (i != links_.end() && !foreign_.contains(fact.peer)) {
      auto is_its = [link = i->second](auto& row) { return row.second == link; };
      std::erase_if(lanes_, is_its);
      std::erase_if(sources_, is_its);
      self_->send(i->second, say_goodbye{});
      links_.erase(i);
    }
    fact.done(link_to(fact.peer));
  }

  void accepted(const wire_accepted& fact) {
    if (is_stopping_) {
      self_->send(env_.wire, wire_close{fact.connection, false});
      return;
    }
    strangers_[fact.connection] = {fact.from, nullptr};
    self_->delayed_send(self_, duration(env_.settings.handshake_max),
                        stranger_late{fact.connection});
  }

  // The acceptor's side of the handshake, until it is known who is there.
  void arrived(const wire_frames& fact) {
    for (auto& from : fact.content)
      take(fact.connection, from);
  }

  void take(connection_number connection, const frame& from) {
    auto i = strangers_.find(connection);
    if (i == strangers_.end())
      return;
    auto& who = i->second;
    std::string answer;
    auto result = handshake::happened::nothing;
    try {
      if (!who.shake)
        who.shake = std::make_shared<handshake>(link_role::acceptor, hello_of(env_), env_.secret);
      result = who.shake->take(from, answer);
    } catch (const error& reason) {
      turn_away(i, {reason.code(), reason.what()});
      return;
    }
    if (!answer.empty())
      self_->send(env_.wire, wire_write{connection, std::move(answer)});
    if (result == handshake::happened::refused) {
      turn_away(i, who.shake->refused());
    } else if (result == handshake::happened::proved) {
      auto& name = who.shake->peer().name;
      if (is_foreign(name)) {
        refusal reason{errc::wrong_name, "'" + name + "' is the name of a foreign node at '"
                                             + env_.self.name + "': give the node another name"};
        self_->send(env_.wire, wire_write{connection, who.shake->refuse(reason)});
        turn_away(i, std::move(reason));
        return;
      }
      auto link = link_to(name);
      self_->send(env_.wire, wire_trust{connection});
      self_->send(env_.wire, wire_give{connection, link, std::move(who.shake)});
      strangers_.erase(i);
    }
  }

  void closed(const wire_closed& fact) {
    auto i = strangers_.find(fact.connection);
    if (i == strangers_.end())
      return;
    log("connection from {} ended before its handshake: {}", i->second.from, fact.text);
    strangers_.erase(i);
  }

  void late(const stranger_late& fact) {
    auto i = strangers_.find(fact.connection);
    if (i != strangers_.end())
      turn_away(i, {errc::handshake_late, "the handshake was not completed in time"});
  }

  void listen(const open_listener& command) {
    self_->send(env_.wire, wire_listen{command.address, self_, command.done});
  }

  void goodbye() {
    if (std::exchange(is_stopping_, true))
      return;
    self_->send(env_.wire, wire_stop_listening{});
    for (auto& [number, who] : strangers_)
      self_->send(env_.wire, wire_close{number, false});
    strangers_.clear();
    self_->set_down_handler([this](const caf::down_msg&) {
      if (--waiting_ == 0)
        self_->quit();
    });
    for (auto& [name, link] : links_) {
      ++waiting_;
      self_->monitor(link);
      self_->send(link, say_goodbye{});
    }
    if (waiting_ == 0)
      self_->quit();
    else
      self_->delayed_send(self_, goodbye_max, goodbye_over{});
  }

  void give_up_waiting() {
    for (auto& [name, link] : links_)
      self_->send_exit(link, caf::exit_reason::kill);
    self_->quit();
  }

private:
  struct stranger {
    std::string from;
    std::shared_ptr<handshake> shake;
  };

  template <class... Parts>
  void log(const char* format, const Parts&... parts) {
    if (env_.log)
      env_.log->info(fmt::runtime(format), parts...);
  }

  // A refusal stands in the status of the peer that it names, if we know one of that name and have no session with it.
  void turn_away(std::map<connection_number, stranger>::iterator i, refusal reason) {
    auto who = std::move(i->second);
    self_->send(env_.wire, wire_close{i->first, true});
    strangers_.erase(i);
    auto name = who.shake && who.shake->has_peer() ? who.shake->peer().name : std::string();
    log("connection from {} ({}) turned away: {}: {}", who.from, name.empty() ? "unknown" : name,
        to_string(reason.code), reason.text);
    auto entry = env_.peers.find(name);
    if (entry && !entry->is_up)
      entry->update([&](peer_status& status) {
        if (status.state == link_state::up || status.state == link_state::suspect)
          return;
        status.reason = reason.code;
        status.reason_text = reason.text;
      });
  }

  bool is_foreign(const std::string& peer) const {
    auto known = find_peer(*env_.store->read(), peer);
    return known && known->is_foreign;
  }

  caf::actor make_link(const std::string& peer) {
    if (!env_.make_foreign_link || !is_foreign(peer))
      return spawn_peer_link(self_->system(), env_, peer);
    foreign_.insert(peer);
    return env_.make_foreign_link(peer);
  }

  caf::actor link_to(const std::string& peer) {
    auto i = links_.find(peer);
    if (i != links_.end())
      return i->second;
    auto link = make_link(peer);
    auto entry = std::make_shared<peer_entry>(peer, link);
    self_->send(link, link_begin{entry});
    env_.peers.add(peer, std::move(entry));
    if (is_stopping_)
      self_->send(link, say_goodbye{});
    links_.emplace(peer, link);
    return link;
  }

  caf::event_based_actor* self_;
  environment& env_;
  std::map<std::string, caf::actor> links_;
  std::set<std::string> foreign_;  // of those, the names of foreign nodes
  std::map<lane_number, caf::actor> lanes_;
  std::map<std::uint32_t, caf::actor> sources_;
  std::map<connection_number, stranger> strangers_;
  std::size_t waiting_ = 0;
  bool is_stopping_ = false;
};

caf::behavior switchboard_behavior(caf::event_based_actor* self, environment* env) {
  end_node_on_exception(self, *env, "switchboard");
  auto board = std::make_shared<switchboard>(self, *env);
  // Tried in this order for each message: the frequent ones come first.
  return {
      [board](const lane_grew& news) { board->grew(news); },
      [board](const outcomes_grew& news) { board->grew(news); },
      [board](const wire_frames& fact) { board->arrived(fact); },
      [](const wire_progress&) {},
      [](const wire_sent&) {},
      [board](const open_listener& command) { board->listen(command); },
      [board](const want_peer& wish) { board->want(wish); },
      [board](const peer_accepted& decision) { board->accepted_history(decision); },
      [board](const foreign_named& fact) { board->named(fact); },
      [board](const wire_accepted& fact) { board->accepted(fact); },
      [board](const wire_closed& fact) { board->closed(fact); },
      [board](const stranger_late& fact) { board->late(fact); },
      [board](const say_goodbye&) { board->goodbye(); },
      [board](const goodbye_over&) { board->give_up_waiting(); },
      answer_progress(),
  };
}

}  // namespace

caf::actor spawn_switchboard(caf::actor_system& system, environment& env) {
  return system.spawn(switchboard_behavior, &env);
}

}  // namespace holdfast
