#pragma once

#include <holdfast/actors/supervisor.hpp>
#include <holdfast/core/error.hpp>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace holdfast::testing {

struct fail_now {
  std::string text;
};
struct finish {};
struct block {};
struct work_on {
  std::uint64_t done = 0;
};

}  // namespace holdfast::testing

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::testing::fail_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::testing::finish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::testing::block)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::testing::work_on)

namespace holdfast::testing {

using words = std::vector<std::string>;

/// Supervisors as actors, on CAF's testing scheduler in virtual time.
class supervisor_fixture : public ::testing::Test {
protected:
  supervisor_fixture()
      : system(prepared(config)),
        jobs(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())) {}

  ~supervisor_fixture() override {
    if (top)
      caf::anon_send_exit(top, caf::exit_reason::kill);
    top = nullptr;
    jobs.run();
    for (auto& [id, actor] : actors)
      caf::anon_send_exit(actor, caf::exit_reason::kill);
    actors.clear();
    jobs.run();
  }

  static caf::actor_system_config& prepared(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    config.set("logger.verbosity", caf::atom("quiet"));
    return config;
  }

  /// Says when it starts and ends. `deaf` ones do not react to being asked to end; blocked ones react to nothing at all, like
  /// an actor that waits inside a handler.
  child_spec child(const std::string& id, restart_policy restart = restart_policy::permanent) {
    child_spec spec;
    spec.id = id;
    spec.restart = restart;
    spec.start = [this, id](caf::actor_system& on) {
      if (failing_starts[id] > 0) {
        --failing_starts[id];
        throw std::runtime_error("no luck");
      }
      heard.push_back("start " + id);
      auto actor = on.spawn([this, id](caf::event_based_actor* self) { return behave(self, id); });
      actors[id] = actor;
      return actor;
    };
    return spec;
  }

  caf::behavior behave(caf::event_based_actor* self, const std::string& id) {
    end_with_exception_text(self);
    self->attach_functor([this, id](const caf::error&) { heard.push_back("end " + id); });
    if (deaf.contains(id))
      self->set_exit_handler([](const caf::exit_msg&) {});
    auto work = std::make_shared<progress_answer>();
    return {
        [](const fail_now& order) { throw std::runtime_error(order.text); },
        [self](const finish&) { self->quit(); },
        [work](const work_on& order) {
          *work = {order.done, true};
        },
        // Waiting for a response in this way shuts CAF's actors off from everything, even from being killed.
        [self](const block&) {
          auto nobody = self->spawn([](caf::event_based_actor*) -> caf::behavior {
            return {[](const finish&) { return caf::delegated<int>(); }};
          });
          self->request(nobody, caf::infinite, finish{}).await([nobody](int) {});
        },
        answer_progress([work] { return *work; }),
    };
  }

  void start(supervisor_options options) {
    options.name = "top";
    options.on_report = [this](const supervision_report& report) { note(report); };
    top = spawn_supervisor(system, options);
    watch();
    jobs.run();
  }

  void watch() {
    top->attach_functor([this](const caf::error& reason) {
      ended = "ended";
      why = reason_text(system, reason);
      how = exit_kind_of(reason);
    });
  }

  void note(const supervision_report& report) {
    reports.push_back(report);
    facts.push_back(report.child + " " + std::string(to_string(report.fact)));
  }

  template <class Message>
  void tell(const std::string& id, Message message) {
    caf::anon_send(actors.at(id), std::move(message));
    jobs.run();
  }

  /// The answer to a request, as a word: of a child's actor, "actor"; of a refusal, its sentence.
  template <class Message>
  std::string ask(Message message) {
    auto answer = std::make_shared<std::string>("none");
    system.spawn([this, message, answer](caf::event_based_actor* self) {
      self->request(top, caf::infinite, message)
          .then([answer](const caf::actor& actor) { *answer = actor ? "actor" : "nobody"; },
                [this, answer](caf::error& refusal) {
                  *answer = refusal == caf::sec::unexpected_response ? "done"
                                                                     : reason_text(system, refusal);
                });
    });
    jobs.run();
    return *answer;
  }

  supervisor_status status() {
    supervisor_status answer;
    system.spawn([this, &answer](caf::event_based_actor* self) {
      self->request(top, caf::infinite, get_supervisor_status{})
          .then([&answer](const supervisor_status& now) { answer = now; });
    });
    jobs.run();
    return answer;
  }

  void stop() {
    caf::anon_send_exit(top, caf::exit_reason::user_shutdown);
    jobs.run();
  }

  void advance(duration by) {
    constexpr auto small = std::chrono::milliseconds(100);
    for (duration gone{0}; gone < by; gone += small) {
      jobs.advance_time(small);
      jobs.run();
    }
  }

  words take() { return std::exchange(heard, {}); }
  bool has(const std::string& fact) {
    return std::find(facts.begin(), facts.end(), fact) != facts.end();
  }

  caf::actor_system_config config;
  caf::actor_system system;
  caf::scheduler::test_coordinator& jobs;
  caf::actor top;
  words heard;
  words facts;
  std::vector<supervision_report> reports;
  std::map<std::string, caf::actor> actors;
  std::map<std::string, int> failing_starts;
  std::set<std::string> deaf;
  std::string ended, why;
  exit_kind how{};
};

}  // namespace holdfast::testing
