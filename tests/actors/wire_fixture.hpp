#pragma once

#include <holdfast/actors/wire.hpp>

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>

// The wire over real sockets of the loopback interface. Every wait is for something to happen, with a bound that only a
// failure reaches.

namespace holdfast::testing {

inline constexpr std::chrono::seconds patience{60};

/// One of wire_frames.
struct wire_frame {
  connection_number connection = 0;
  frame content;
};

using fact = std::variant<wire_accepted, wire_connected, wire_dial_failed, wire_given, wire_frame,
                          wire_closed, wire_probed, wire_sent, wire_outlet_opened>;

/// What an owner of connections heard, for a test to wait for.
class ear {
public:
  void hear(fact news) {
    std::lock_guard guard(mutex_);
    facts_.push_back(std::move(news));
    changed_.notify_all();
  }

  /// The next fact of that kind; others before it are skipped, or kept.
  template <class Fact>
  std::optional<Fact> next(bool keeps_others = false) {
    std::unique_lock guard(mutex_);
    std::optional<Fact> found;
    changed_.wait_for(guard, patience, [&] {
      for (auto i = facts_.begin(); !found && i != facts_.end();) {
        auto* wanted = std::get_if<Fact>(&*i);
        if (wanted)
          found = *wanted;
        i = wanted || !keeps_others ? facts_.erase(i) : i + 1;
      }
      return found.has_value();
    });
    return found;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<fact> facts_;
};

inline caf::behavior listening(caf::event_based_actor*, ear* to) {
  return {
      [=](const wire_accepted& news) { to->hear(news); },
      [=](const wire_connected& news) { to->hear(news); },
      [=](const wire_dial_failed& news) { to->hear(news); },
      [=](const wire_given& news) { to->hear(news); },
      [=](const wire_frames& news) {
        for (auto& each : news.content)
          to->hear(wire_frame{news.connection, each});
      },
      [=](const wire_closed& news) { to->hear(news); },
      [=](const wire_probed& news) { to->hear(news); },
      [=](const wire_sent& news) { to->hear(news); },
      [=](const wire_outlet_opened& news) { to->hear(news); },
      [](const wire_progress&) {},
  };
}

inline caf::actor_system_config& with_middleman(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.set("scheduler.max-threads", 2u);
  config.set("logger.verbosity", caf::atom("quiet"));
  return config;
}

class wire_test : public ::testing::Test {
protected:
  wire_test() : system(with_middleman(config)) {
    wire = spawn_socket_wire(system);
    here = system.spawn(listening, &heard_here);
    there = system.spawn(listening, &heard_there);
  }
  ~wire_test() override {
    for (auto* actor : {&wire, &here, &there}) {
      caf::anon_send_exit(*actor, caf::exit_reason::kill);
      *actor = nullptr;
    }
  }

  std::string listen(const std::string& address = "127.0.0.1:0") {
    std::promise<std::string> bound;
    caf::anon_send(wire, wire_listen{address, there, [&](const std::string& at, const error* why) {
                                       bound.set_value(why ? "! " + std::string(why->what()) : at);
                                     }});
    return bound.get_future().get();
  }

  void write(connection_number connection, std::string bytes) {
    caf::anon_send(wire, wire_write{connection, std::move(bytes)});
  }

  // Both ends of a connection over the wire.
  std::pair<connection_number, connection_number> connect(const std::string& address) {
    caf::anon_send(wire, wire_dial{address, 5, std::chrono::seconds(5), here});
    auto connected = heard_here.next<wire_connected>();
    auto accepted = heard_there.next<wire_accepted>();
    if (!connected || !accepted)
      return {0, 0};
    EXPECT_EQ(connected->tag, 5u);
    return {connected->connection, accepted->connection};
  }

  ear heard_here, heard_there;
  caf::actor_system_config config;
  caf::actor_system system;
  caf::actor wire, here, there;
};

}  // namespace holdfast::testing
