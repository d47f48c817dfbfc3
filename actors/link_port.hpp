#pragma once

#include <holdfast/actors/environment.hpp>
#include <holdfast/core/clock.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/persistence/journal.hpp>
#include <holdfast/persistence/ledger.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace holdfast {

struct link_hello;

/// How this node introduces itself, with a fresh challenge.
link_hello hello_of(const environment& env);

/// What the pieces of a link (lane_sender, lane_receiver ...) see of the actor around them. All of it belongs to one
/// session: after its end writes go nowhere, timers do not fire and posted work is dropped, so that nothing of a session is
/// heard after its `peer_down` (L2). On the link's thread, unless it says otherwise.
class link_port {
public:
  struct commit_kind {
    holdfast::growth growth = holdfast::growth::shrinks;
    std::size_t bytes = 0;
    bool is_lazy = false;
  };

  virtual ~link_port() = default;

  virtual environment& env() = 0;
  virtual const std::string& peer() const = 0;
  virtual node_time now() const = 0;

  std::unique_ptr<journal_reader> read() { return env().store->read(); }

  virtual std::uint64_t nonce() const = 0;
  virtual void write(std::string frame) = 0;

  /// Written and not yet known to have left.
  virtual std::size_t unsent_bytes() const = 0;

  /// One transaction; `apply` runs on the persistence actor, possibly more than once, and must not touch the pieces;
  /// `then` runs here, after it is durable or with why it is not. A session does not end before its commits have (lazy
  /// ones excepted, whose `then` is dropped).
  virtual void commit(commit_kind kind, std::function<void(ledger&)> apply,
                      std::function<void(const error*)> then) = 0;

  virtual void after(duration delay, std::function<void()> work) = 0;

  /// A function for other threads, good for any time: runs `work` here if the session still lives.
  virtual std::function<void(std::function<void()> work)> poster() = 0;

  /// Ends the session.
  virtual void give_up(errc reason, const std::string& text) = 0;

  /// What an operator should know while the session goes on; none: all is well again.
  virtual void show(errc reason, const std::string& text) = 0;

  virtual void update(const std::function<void(peer_status&)>& change) = 0;
};

}  // namespace holdfast
