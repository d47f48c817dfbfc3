#include "tests/benchmark/transport.hpp"

#include "tests/benchmark/node_pair.hpp"
#include "tests/benchmark/role_support.hpp"
#include "tests/benchmark/roles.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <holdfast/actors/wire.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/io/middleman.hpp>
#include <caf/send.hpp>

#include <future>
#include <stdexcept>
#include <utility>

namespace bench {
namespace {

const std::string content(argument_bytes, 'x');

/// The scheduler as nodes set it (runtime/platform.cpp): with CAF's default a remote request takes three times as long. One
/// read an event, as nodes read too, would halve what remote actors carry.
struct settings : caf::actor_system_config {
  settings() {
    load<caf::io::middleman>();
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", std::size_t{1});
  }
};

struct broker_settings : settings {
  broker_settings() { set("middleman.max-consecutive-reads", std::size_t{1}); }
};

/// A run of keep_open.
struct running {
  std::size_t messages = 0;
  double seconds = 0;
  std::function<void()> came;
  stopwatch since{};
  std::size_t open = 0;
  std::promise<void> ended{};

  /// Whether the next one goes out.
  bool goes_on() {
    came();
    if (since.seconds() < seconds)
      return true;
    if (--open == 0)
      ended.set_value();
    return false;
  }
};

using shared_run = std::shared_ptr<running>;

// ---- frames

std::string one_frame() {
  return holdfast::make_frame(holdfast::frame_type::message, 1, content);
}

caf::behavior echo_frames(caf::event_based_actor* self, caf::actor wire) {
  return {
      [=](const holdfast::wire_accepted&) {},
      [=](const holdfast::wire_frames& came) {
        for (std::size_t i = 0; i < came.content.size(); ++i)
          self->send(wire, holdfast::wire_write{came.connection, one_frame()});
        self->send(wire, holdfast::wire_taken{came.connection, came.bytes()});
      },
      [=](const holdfast::wire_sent&) {},
      [=](const holdfast::wire_closed&) {},
  };
}

caf::behavior ask_frames(caf::event_based_actor* self, caf::actor wire, std::string address,
                         shared_run run) {
  self->send(wire, holdfast::wire_dial{address, 1, std::chrono::seconds(5), self});
  return {
      [=](const holdfast::wire_connected& up) {
        run->since = {};
        for (run->open = 0; run->open < run->messages; ++run->open)
          self->send(wire, holdfast::wire_write{up.connection, one_frame()});
      },
      [=](const holdfast::wire_dial_failed& failed) {
        run->ended.set_exception(std::make_exception_ptr(std::runtime_error(failed.text)));
      },
      [=](const holdfast::wire_frames& came) {
        self->send(wire, holdfast::wire_taken{came.connection, came.bytes()});
        for (std::size_t i = 0; i < came.content.size(); ++i) {
          if (run->goes_on())
            self->send(wire, holdfast::wire_write{came.connection, one_frame()});
          else if (run->open == 0)
            self->quit();
        }
      },
      [=](const holdfast::wire_sent&) {},
      [=](const holdfast::wire_closed&) {},
  };
}

class broker_frames final : public transport {
public:
  explicit broker_frames(std::string address)
      : address_(std::move(address)), system_(settings_),
        wire_(holdfast::spawn_socket_wire(system_)) {}
  ~broker_frames() override { caf::anon_send_exit(wire_, caf::exit_reason::user_shutdown); }

  void keep_open(std::size_t messages, double seconds, std::function<void()> came) override {
    auto run = std::make_shared<running>(running{messages, seconds, std::move(came)});
    system_.spawn(ask_frames, wire_, address_, run);
    run->ended.get_future().get();
  }

private:
  std::string address_;
  broker_settings settings_;
  caf::actor_system system_;
  caf::actor wire_;
};

// ---- CAF's own

caf::behavior echo_texts(caf::event_based_actor*) {
  return {[](const std::string& text) { return text; }};
}

void ask_text(caf::event_based_actor* self, const caf::actor& peer, const shared_run& run) {
  self->request(peer, caf::infinite, content)
      .then(
          [=](const std::string&) {
            if (run->goes_on())
              ask_text(self, peer, run);
          },
          [=](caf::error& problem) {
            run->ended.set_exception(
                std::make_exception_ptr(std::runtime_error(self->system().render(problem))));
          });
}

void ask_texts(caf::event_based_actor* self, const caf::actor& peer, const shared_run& run) {
  for (run->open = 0; run->open < run->messages; ++run->open)
    ask_text(self, peer, run);
}

class remote_actor final : public transport {
public:
  explicit remote_actor(const std::string& port) : system_(settings_) {
    auto found =
        system_.middleman().remote_actor("127.0.0.1", static_cast<std::uint16_t>(std::stoul(port)));
    if (!found)
      throw std::runtime_error("the remote actor is not there: " + system_.render(found.error()));
    peer_ = *found;
  }

  void keep_open(std::size_t messages, double seconds, std::function<void()> came) override {
    auto run = std::make_shared<running>(running{messages, seconds, std::move(came)});
    system_.spawn(ask_texts, peer_, run);
    run->ended.get_future().get();
  }

private:
  settings settings_;
  caf::actor_system system_;
  caf::actor peer_;
};

}  // namespace

std::unique_ptr<transport> frames_over_the_broker(const std::string& address) {
  return std::make_unique<broker_frames>(address);
}

std::unique_ptr<transport> remote_actor_of_caf(const std::string& address) {
  return std::make_unique<remote_actor>(address);
}

int serve_frames(const std::vector<std::string>&) {
  broker_settings its;
  caf::actor_system system(its);
  auto wire = holdfast::spawn_socket_wire(system);
  auto listening = [](const std::string& bound, const holdfast::error* refusal) {
    if (refusal)
      throw holdfast::error(*refusal);
    say(bound);
  };
  caf::anon_send(wire,
                 holdfast::wire_listen{"127.0.0.1:0", system.spawn(echo_frames, wire), listening});
  wait_for_end();
}

int serve_remote_actor(const std::vector<std::string>&) {
  settings its;
  caf::actor_system system(its);
  auto port = system.middleman().publish(system.spawn(echo_texts), 0, "127.0.0.1");
  if (!port)
    throw std::runtime_error("no port for a remote actor: " + system.render(port.error()));
  say(std::to_string(*port));
  wait_for_end();
}

}  // namespace bench
