#include <holdfast/actors/environment.hpp>
#include <holdfast/runtime/actor_handlers.hpp>

#include <utility>

namespace holdfast {
namespace {

class asker {
public:
  asker(caf::event_based_actor* self, caf::actor executor, caf::actor handler,
        std::string method_name)
      : self_(self), handler_(std::move(handler)), method_(std::move(method_name)) {
    self_->monitor(handler_);
    self_->monitor(executor);
    self_->set_down_handler([this, node_of = executor.address()](const caf::down_msg& down) {
      if (down.source == node_of)
        node_ended();
      else
        handler_ended(down.reason);
    });
  }

  void ask(const actor_question& question) {
    if (ended_) {
      question.reply({}, *ended_);
      return;
    }
    auto number = ++last_;
    open_.emplace(number, question.reply);
    question.put(self_, handler_, number);
  }

  void answered(const actor_answer& answer) {
    auto i = open_.find(answer.number);
    if (i == open_.end())
      return;  // answered when the handler ended
    auto reply = std::move(i->second);
    open_.erase(i);
    reply(answer.value, answer.failure);
  }

private:
  /// An actor that lives in the node's own system would keep that from ending.
  void node_ended() {
    if (&handler_.home_system() == &self_->system())
      self_->send_exit(handler_, caf::exit_reason::user_shutdown);
    handler_ended({});
    self_->quit();
  }

  void handler_ended(const caf::error& reason) {
    ended_ =
        "the actor that serves " + method_ + " ended: " + text_of_reply(self_->system(), reason);
    for (auto& [number, reply] : std::exchange(open_, {}))
      reply({}, *ended_);
  }

  caf::event_based_actor* self_;
  caf::actor handler_;
  std::string method_;
  std::map<std::uint64_t, served_method::reply_callback> open_;
  std::uint64_t last_ = 0;
  std::optional<std::string> ended_;
};

}  // namespace

caf::actor spawn_asker(node& host, caf::actor handler, std::string method_name) {
  return host.system().spawn(
      [executor = host.parts().executor, handler = std::move(handler),
       method_name = std::move(method_name)](caf::event_based_actor* self) -> caf::behavior {
        auto state = std::make_shared<asker>(self, executor, handler, method_name);
        return {
            [state](const actor_question& question) { state->ask(question); },
            [state](const actor_answer& answer) { state->answered(answer); },
        };
      });
}

std::string text_of_reply(caf::actor_system& system, const caf::error& reason) {
  if (!reason)
    return "it ended in good order";
  return system.render(reason);
}

}  // namespace holdfast
