#pragma once

#include <holdfast/actors/wire.hpp>
#include <holdfast/core/seeded_random.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace holdfast {

/// The network of a simulation: TCP as its users see it. Bytes of one direction of one connection arrive in order or not at
/// all; everything else (which connection is served first, when a segment arrives) is the seed's. What a bad network does to
/// TCP is delay: a lost segment comes later and holds up what was written behind it, a cut holds all up until it is healed
/// or somebody gives up.
///
/// Time is that of the simulation in nanoseconds. Nodes are known by their names, a node listens at an address of its own.
class simulated_network {
public:
  /// `now` goes on while the network lives.
  simulated_network(seeded_random random, const std::int64_t& now) : random_(random), now_(now) {}
  simulated_network(const simulated_network&) = delete;
  simulated_network& operator=(const simulated_network&) = delete;

  // ---- what goes wrong. One direction each: from the first to the second node.

  void cut(const std::string& from, const std::string& to);
  void heal(const std::string& from, const std::string& to);
  void heal_all();  ///< delays and losses too
  void delay(const std::string& from, const std::string& to, duration by);
  void lose(const std::string& from, const std::string& to, double part);
  bool is_cut(const std::string& from, const std::string& to) const;

  // ---- nodes

  /// The wire of a node that starts: its machine is up from now on.
  caf::actor spawn_wire(caf::actor_system& system, const std::string& node);

  /// The node's process is gone, and all its connections with it. Peers hear it if its machine tells them; otherwise they
  /// hear nothing, until a machine of that name is up again.
  void end(const std::string& node, bool is_told);

  // ---- time

  bool has_events() const { return !events_.empty(); }
  std::int64_t next_due() const { return events_.begin()->first; }
  void run_next();  ///< the first event, whose time has come

  std::uint64_t segments() const { return segments_; }  ///< delivered

private:
  enum class kind : std::uint8_t { bytes, end };

  struct segment {
    kind what = kind::bytes;
    std::string bytes;
    std::int64_t due = 0;
  };

  /// One end of a connection, and what is on its way to it.
  struct side {
    std::string node;
    caf::actor owner;
    connection_number number = 0;
    frame_reader reader;
    std::deque<segment> incoming;
    std::size_t unread = 0;
    bool is_open = true;
    bool is_scheduled = false;  ///< an event will deliver the first segment
  };
  struct connection {
    side ends[2];
  };
  using place = std::pair<std::shared_ptr<connection>, int>;  ///< which of its ends

  struct path {
    duration delay{std::chrono::microseconds(100)};
    double loss = 0;
    bool is_cut = false;
  };

  static side& mine(const place& at) { return at.first->ends[at.second]; }
  static side& other(const place& at) { return at.first->ends[1 - at.second]; }
  static place turned(const place& at) { return {at.first, 1 - at.second}; }

  const path& path_of(const std::string& from, const std::string& to) const;
  path& change(const std::string& from, const std::string& to) { return paths_[{from, to}]; }
  duration travel(const std::string& from, const std::string& to);
  place* find(connection_number number);
  void at(std::int64_t when, std::function<void()> event);
  void schedule(const place& to);
  void schedule_all();
  void deliver(const place& to);
  void take(const place& to, segment arrived);
  void push(const place& from, segment sent);
  void hang_up(const place& from);
  void answer_gone(const caf::actor& asking, connection_number number);

  void listen(const std::string& node, const wire_listen& command);
  void stop_listening(const std::string& node);
  void dial(const std::string& node, const wire_dial& command);
  void dialed(const std::string& node, const wire_dial& command);
  void write(const wire_write& command, const caf::actor& asking);
  void give(const wire_give& command);
  void taken(const wire_taken& command);
  void probe(const wire_probe& command, const caf::actor& asking);
  void close(const wire_close& command);

  seeded_random random_;
  const std::int64_t& now_;
  std::multimap<std::int64_t, std::function<void()>> events_;
  std::map<std::pair<std::string, std::string>, path> paths_;
  std::map<std::string, std::pair<std::string, caf::actor>> listeners_;  ///< by address
  std::map<connection_number, place> places_;
  std::set<std::string> silent_;  ///< machines that are off
  connection_number last_ = 0;
  std::uint64_t segments_ = 0;
};

}  // namespace holdfast
