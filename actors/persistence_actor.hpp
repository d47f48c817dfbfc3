#pragma once

#include <holdfast/core/error.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace holdfast {

struct environment;

/// One thing to be made durable. Whoever builds it learns through `done` that it is.
class journal_operation {
public:
  /// `bytes` is about what it writes. A lazy operation may wait a little for a commit that is made anyway.
  explicit journal_operation(growth kind, std::size_t bytes = 0, bool is_lazy = false)
      : kind_(kind), bytes_(bytes), is_lazy_(is_lazy) {}
  virtual ~journal_operation() = default;

  growth kind() const { return kind_; }
  std::size_t bytes() const { return bytes_; }
  bool is_lazy() const { return is_lazy_; }

  /// Changes rows through the ledger. May run more than once; what it finds out for `done` it overwrites each time.
  /// If it throws, the others of its group are committed without it.
  virtual void apply(ledger& books) = 0;

  /// After the commit (J1), or with why it was refused: nothing of it was written then. On the persistence actor's
  /// thread; short; sends messages or wakes a waiting thread.
  virtual void done(const error* refusal) noexcept = 0;

private:
  growth kind_;
  std::size_t bytes_;
  bool is_lazy_;
};

/// An operation of two callables: `apply(ledger&, Result&)` fills a result that begins empty at each run, and
/// `done(Result&, const error*)` gets it.
template <class Result, class Apply, class Done>
std::shared_ptr<journal_operation> make_operation(growth kind, std::size_t bytes, bool is_lazy,
                                                  Apply apply, Done done) {
  class operation final : public journal_operation {
  public:
    operation(growth kind, std::size_t bytes, bool is_lazy, Apply apply, Done done)
        : journal_operation(kind, bytes, is_lazy), apply_(std::move(apply)),
          done_(std::move(done)) {}
    void apply(ledger& books) override {
      result_ = Result{};
      apply_(books, result_);
    }
    void done(const error* refusal) noexcept override { done_(result_, refusal); }

  private:
    Apply apply_;
    Done done_;
    Result result_{};
  };
  return std::make_shared<operation>(kind, bytes, is_lazy, std::move(apply), std::move(done));
}

/// The message that brings an operation to the persistence actor.
struct commit_request {
  std::shared_ptr<journal_operation> operation;
};

/// The one writer of a node's journal. Everything that arrives while one commit is being flushed forms the next group
/// (limits::group_*), so that a lonely operation waits for nothing but its own flush and a crowd shares one.
/// Operations take effect in the order of their arrival. When the disk is full those that grow the store are refused with
/// errc::disk_full and the others go on. A failed flush ends the process: environment::on_fatal.
/// Detached in production, because flushes block; scheduled in simulation.
caf::actor spawn_persistence_actor(caf::actor_system& system, environment& env);

}  // namespace holdfast

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(holdfast::commit_request)
