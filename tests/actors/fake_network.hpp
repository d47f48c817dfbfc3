#pragma once

#include <holdfast/actors/frames.hpp>
#include <holdfast/actors/wire.hpp>

#include <caf/all.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace holdfast::testing {

/// A network for any number of nodes as one actor: the wire of all of them. Bytes arrive at once and in order; a test
/// decides frame by frame what becomes of a connection.
struct fake_network {
  enum class fate { deliver, vanish, cut };

  struct side {
    connection_number number = 0;
    caf::actor owner;
    frame_reader reader{limits::frame_bytes_max};
    bool is_open = true;
  };
  struct connection {
    side ends[2];  // the dialer's, the acceptor's
    std::string address;
  };

  std::map<std::string, caf::actor> listeners;
  std::map<connection_number, std::pair<std::shared_ptr<connection>, int>> ends;
  std::function<fate(const std::string& address, bool from_dialer, const frame&)> decide;
  std::map<std::string, int> unreachable;  ///< dials to it fail so many times
  connection_number last = 0;
  std::size_t frames = 0;  ///< that were handed over to be sent
  std::size_t dials = 0;
  std::vector<frame_type> crossed;

  side* find(connection_number number, side** other = nullptr) {
    auto i = ends.find(number);
    if (i == ends.end())
      return nullptr;
    auto& [pipe, which] = i->second;
    if (other)
      *other = &pipe->ends[1 - which];
    return &pipe->ends[which];
  }

  /// Both sides hear that it is gone.
  void cut(connection& pipe) {
    for (auto& end : pipe.ends)
      if (std::exchange(end.is_open, false))
        caf::anon_send(end.owner, wire_closed{end.number, errc::link_lost, "cut"});
  }

  void cut_all() {
    auto all = ends;
    for (auto& [number, end] : all)
      cut(*end.first);
  }

  void write(const wire_write& command) {
    side* other = nullptr;
    auto* from = find(command.connection, &other);
    if (!from || !from->is_open)
      return;
    auto& [pipe, which] = ends.at(command.connection);
    std::vector<frame> arrived;
    other->reader.take(command.bytes, arrived);
    for (auto& content : arrived) {
      if (!from->is_open)
        return;
      ++frames;
      auto what = decide ? decide(pipe->address, which == 0, content) : fate::deliver;
      if (what == fate::cut)
        cut(*pipe);
      if (what != fate::deliver || !other->is_open)
        continue;
      crossed.push_back(content.type);
      caf::anon_send(other->owner, wire_frames{other->number, {content}});
    }
  }

  void close(const wire_close& command) {
    side* other = nullptr;
    auto* mine = find(command.connection, &other);
    if (!mine || !std::exchange(mine->is_open, false))
      return;
    if (std::exchange(other->is_open, false))
      caf::anon_send(other->owner, wire_closed{other->number, errc::link_lost, "closed"});
  }

  void dial(const wire_dial& command) {
    ++dials;
    auto i = listeners.find(command.address);
    auto& refused = unreachable[command.address];
    if (i == listeners.end() || refused > 0) {
      --refused;
      caf::anon_send(command.owner, wire_dial_failed{command.tag, "nobody listens"});
      return;
    }
    auto pipe = std::make_shared<connection>();
    pipe->address = command.address;
    caf::actor owners[2] = {command.owner, i->second};
    for (int which : {0, 1}) {
      pipe->ends[which].number = ++last;
      pipe->ends[which].owner = owners[which];
      ends[last] = {pipe, which};
    }
    caf::anon_send(command.owner, wire_connected{command.tag, pipe->ends[0].number});
    caf::anon_send(i->second, wire_accepted{pipe->ends[1].number, "test"});
  }

  void give(const wire_give& command) {
    auto* mine = find(command.connection);
    if (!mine || !mine->is_open) {
      caf::anon_send(command.to, wire_closed{command.connection, errc::link_lost, "gone"});
      return;
    }
    mine->owner = command.to;
    caf::anon_send(command.to, wire_given{command.connection, command.note});
  }
};

inline caf::actor spawn_fake_network(caf::actor_system& system, fake_network& net) {
  return system.spawn([&net](caf::event_based_actor*) -> caf::behavior {
    return {
        [&net](const wire_listen& command) {
          net.listeners[command.address] = command.owner;
          command.done(command.address, nullptr);
        },
        [](const wire_stop_listening&) {},
        [&net](const wire_dial& command) { net.dial(command); },
        [&net](const wire_write& command) { net.write(command); },
        [](const wire_open_outlet&) {},
        [](const wire_trust&) {},
        [](const wire_taken&) {},
        [&net](const wire_give& command) { net.give(command); },
        [&net](const wire_probe& command) {
          if (auto* mine = net.find(command.connection); mine && mine->is_open)
            caf::anon_send(mine->owner, wire_probed{command.connection, false});
        },
        [&net](const wire_close& command) { net.close(command); },
    };
  });
}

}  // namespace holdfast::testing
