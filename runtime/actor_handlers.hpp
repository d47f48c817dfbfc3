#pragma once

#include <holdfast/runtime/node.hpp>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

/// Methods that an actor of the program's own answers:
///
///     caf::actor counter = node.system().spawn(count_behavior);
///     node.serve(count_pages, counter);
///
/// The actor is asked with the method's arguments as one message; what it replies is the method's result, and only that
/// enters the call's transaction. An error reply, another type, or the actor's end is a failed attempt. Argument types of
/// one's own need CAF_ALLOW_UNSAFE_MESSAGE_TYPE. An actor that was spawned in the node's system is told to end when the node
/// stops; one of another system must outlive the node.
namespace holdfast {

/// One question, to be put by the actor that asks.
struct actor_question {
  std::function<void(caf::event_based_actor*, const caf::actor&, std::uint64_t number)> put;
  served_method::reply_callback reply;
};

/// The reply to question `number`.
struct actor_answer {
  std::uint64_t number = 0;
  std::string value;
  std::optional<std::string> failure;
};

/// Puts questions to `handler` one after the other, watches it, and answers each question once.
caf::actor spawn_asker(node& host, caf::actor handler, std::string method_name);

/// What an actor's error reply says to an operator.
std::string text_of_reply(caf::actor_system& system, const caf::error& reason);

template <class R, class... A>
void serve_through(node& host, const method<R(A...)>& m, const caf::actor& handler) {
  auto facts = detail::facts_of<R, A...>(std::string(m.name()), m.params());
  auto served = detail::bare_method(facts);
  auto asker = spawn_asker(host, handler, facts.name);
  served.ask = [facts = std::move(facts), asker](const call_header& header, std::string payload,
                                                 served_method::reply_callback reply) {
    auto kind = header.payload;
    auto given = std::make_shared<std::tuple<A...>>(
        detail::read_arguments<A...>(facts, header, kind, payload));
    actor_question question;
    question.reply = std::move(reply);
    question.put = [given, kind](caf::event_based_actor* self, const caf::actor& to,
                                 std::uint64_t number) {
      auto asked = std::apply(
          [&](A&... each) { return self->request(to, caf::infinite, std::move(each)...); }, *given);
      auto fail = [self, number](caf::error& reason) {
        self->send(self, actor_answer{number, {}, text_of_reply(self->system(), reason)});
      };
      if constexpr (std::is_void_v<R>)
        asked.then(
            [self, number, kind] {
              self->send(self, actor_answer{number, detail::write_nothing(kind), {}});
            },
            fail);
      else
        asked.then(
            [self, number, kind](const R& result) {
              self->send(self, actor_answer{number, detail::write_result<R>(kind, result), {}});
            },
            fail);
    };
    caf::anon_send(asker, std::move(question));
  };
  host.serve(std::move(served));
}

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actor_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::actor_answer)
