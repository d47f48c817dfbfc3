#include <holdfast/actors/environment.hpp>
#include <holdfast/actors/group_writer.hpp>
#include <holdfast/actors/persistence_actor.hpp>
#include <holdfast/core/limits.hpp>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace holdfast {

/// Ends the collection of a group. Posted behind what has arrived.
struct flush_group {
  bool is_delayed = false;  ///< it comes from the clock, for those that may wait
};

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::flush_group)

namespace holdfast {
namespace {

/// How long an operation that nobody waits for may wait for others.
constexpr auto lazy_wait = std::chrono::milliseconds(20);

class group_committer {
public:
  group_committer(caf::event_based_actor* self, environment& env) : self_(self), env_(env) {}

  void add(std::shared_ptr<journal_operation> operation) {
    bytes_ += operation->bytes();
    bool is_lazy = operation->is_lazy();
    group_.push_back(std::move(operation));
    if (bytes_ >= limits::group_bytes_max || group_.size() >= limits::group_operations_max) {
      flush();
    } else if (!is_lazy && !is_flush_posted_) {
      is_flush_posted_ = true;
      env_.writer->expect_group(true);
      self_->send(self_, flush_group{});
    } else if (is_lazy && !is_flush_posted_ && !is_flush_delayed_) {
      is_flush_delayed_ = true;
      self_->delayed_send(self_, lazy_wait, flush_group{true});
    }
  }

  /// A delayed word stays on its way while commits are made anyway: to arm the clock in each would cost a wake-up each.
  void flush(const flush_group& word) {
    if (word.is_delayed)
      is_flush_delayed_ = false;
    else
      is_flush_posted_ = false;
    flush();
  }

private:
  void flush() {
    bytes_ = 0;
    if (auto group = std::exchange(group_, {}); !group.empty())
      env_.writer->commit(group);
    env_.writer->expect_group(is_flush_posted_);
  }

  caf::event_based_actor* self_;
  environment& env_;
  group_writer::operations group_;
  std::size_t bytes_ = 0;
  bool is_flush_posted_ = false;
  bool is_flush_delayed_ = false;
};

caf::behavior persistence_behavior(caf::event_based_actor* self, environment* env) {
  end_node_on_exception(self, *env, "persistence actor");
  auto committer = std::make_shared<group_committer>(self, *env);
  return {
      [committer](const commit_request& request) { committer->add(request.operation); },
      [committer](const flush_group& word) { committer->flush(word); },
  };
}

}  // namespace

caf::actor spawn_persistence_actor(caf::actor_system& system, environment& env) {
  env.writer = std::make_shared<group_writer>(env);
  return env.is_simulated ? system.spawn(persistence_behavior, &env)
                          : system.spawn<caf::detached>(persistence_behavior, &env);
}

}  // namespace holdfast
