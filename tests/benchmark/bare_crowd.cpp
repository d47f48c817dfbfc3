#include "tests/benchmark/bare_pair.hpp"
#include "tests/benchmark/bare_store.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <poll.h>
#include <string>
#include <vector>

namespace bench {
namespace {

/// One target as the source sees it.
struct crowd_target {
  explicit crowd_target(const std::string& address) : wire(address) {
    auto use = static_cast<char>(bare_use::small_pair);
    wire.write({&use, 1});
    std::uint64_t bytes = bare_record_bytes;
    wire.write({reinterpret_cast<const char*>(&bytes), sizeof bytes});
  }

  bare_wire wire;
  std::deque<std::uint64_t> outstanding;
  std::uint64_t answered = 0;
  std::string batch;
};

class crowd_source {
public:
  crowd_source(const std::string& address, const std::filesystem::path& data, std::size_t targets)
      : store_(data) {
    for (std::size_t i = 0; i < targets; ++i) {
      targets_.push_back(std::make_unique<crowd_target>(address));
      polled_.push_back({targets_.back()->wire.file(), POLLIN, 0});
    }
  }

  std::size_t outstanding() const { return queued_ - ended_; }
  std::uint64_t ended() const { return ended_; }

  /// One commit: what was answered goes, `count` new records come. Then they are sent, to one target after the other.
  void queue(std::size_t count) {
    store_.begin();
    for (auto key : answered_)
      store_.erase(key);
    answered_.clear();
    for (std::size_t i = 0; i < count; ++i) {
      auto& target = *targets_[queued_ % targets_.size()];
      store_.put(queued_, content_);
      target.outstanding.push_back(queued_++);
      target.batch += content_;
    }
    store_.commit();
    for (auto& target : targets_) {
      target->wire.write(target->batch);
      target->batch.clear();
    }
  }

  void await_answers() {
    poll(polled_.data(), polled_.size(), -1);
    for (std::size_t i = 0; i < polled_.size(); ++i)
      if (polled_[i].revents != 0)
        take_answer(*targets_[i]);
  }

private:
  void take_answer(crowd_target& target) {
    std::uint64_t answered = 0;
    target.wire.read(reinterpret_cast<char*>(&answered), sizeof answered);
    for (; target.answered < answered; ++target.answered, ++ended_) {
      answered_.push_back(target.outstanding.front());
      target.outstanding.pop_front();
    }
  }

  bare_store store_;
  std::vector<std::unique_ptr<crowd_target>> targets_;
  std::vector<pollfd> polled_;
  const std::string content_ = std::string(bare_record_bytes, 'x');
  std::vector<std::uint64_t> answered_;
  std::uint64_t queued_ = 0, ended_ = 0;
};

}  // namespace

double bare_crowd_rate(const std::string& address, const std::filesystem::path& data,
                       std::size_t targets, std::size_t window, double seconds) {
  crowd_source source(address, data, targets);
  source.queue(window);  // every target has opened its store when the watch starts
  while (source.outstanding() > 0)
    source.await_answers();
  auto before = source.ended();
  stopwatch watch;
  while (watch.seconds() < seconds) {
    if (auto room = window - source.outstanding(); room >= (window + 1) / 2)
      source.queue((window + 1) / 2);
    else
      source.await_answers();
  }
  return static_cast<double>(source.ended() - before) / watch.seconds();
}

}  // namespace bench
