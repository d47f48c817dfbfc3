#include "tests/benchmark/peers/load.hpp"

#include "tests/benchmark/stopwatch.hpp"

#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace bench::peers {
namespace {

/// What was published and not consumed is given up then.
constexpr double drain_max = 30;

/// What the two threads of a load share.
class open_messages {
public:
  /// Waits for room; false when the consumer has failed.
  bool wait_for_room(std::size_t batch) {
    std::unique_lock guard(mutex_);
    changed_.wait(guard, [&] { return failure_ || open_ + batch <= window; });
    open_ += failure_ ? 0 : batch;
    return !failure_;
  }
  void consumed(std::size_t count) {
    std::lock_guard guard(mutex_);
    open_ -= std::min(open_, count);
    changed_.notify_all();
  }
  void fail(std::exception_ptr why) {
    std::lock_guard guard(mutex_);
    failure_ = std::move(why);
    changed_.notify_all();
  }
  void publishing_ends() {
    std::lock_guard guard(mutex_);
    is_ending_ = true;
  }
  bool is_over() {
    std::lock_guard guard(mutex_);
    return is_ending_ && open_ == 0;
  }
  bool is_ending() {
    std::lock_guard guard(mutex_);
    return is_ending_;
  }
  void rethrow() const {
    if (failure_)
      std::rethrow_exception(failure_);
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t open_ = 0;
  bool is_ending_ = false;
  std::exception_ptr failure_;
};

void consume_all(consumer& from, open_messages& shared) try {
  double waited = 0;
  for (stopwatch idle; !shared.is_over();) {
    auto count = from.consume();
    if (count > 0)
      idle = {};
    shared.consumed(count);
    waited = idle.seconds();
    if (shared.is_ending() && waited > drain_max)
      throw std::runtime_error("messages that were confirmed do not come out again");
  }
} catch (...) {
  shared.fail(std::current_exception());
}

std::size_t publish_all(producer& to, open_messages& shared, std::size_t batch, double seconds) {
  std::size_t count = 0;
  for (stopwatch watch; watch.seconds() < seconds && shared.wait_for_room(batch); count += batch)
    to.publish(batch);
  return count;
}

}  // namespace

double throughput(broker& under, std::size_t batch, double seconds) {
  auto to = under.make_producer();
  auto from = under.make_consumer();
  open_messages shared;
  stopwatch watch;
  std::thread consuming([&] { consume_all(*from, shared); });
  std::size_t count = 0;
  try {
    count = publish_all(*to, shared, batch, seconds);
  } catch (...) {
    shared.fail(std::current_exception());
  }
  shared.publishing_ends();
  consuming.join();
  shared.rethrow();
  return static_cast<double>(count) / watch.seconds();
}

std::vector<double> latencies(broker& under, double seconds) {
  auto to = under.make_producer();
  auto from = under.make_consumer();
  std::vector<double> found;
  for (stopwatch all; all.seconds() < seconds;) {
    stopwatch one;
    to->publish(1);
    while (from->consume() == 0)
      if (one.seconds() > drain_max)
        throw std::runtime_error("a message that was confirmed does not come out again");
    found.push_back(one.microseconds());
  }
  return found;
}

}  // namespace bench::peers
