#include "tests/benchmark/bare_pair.hpp"

#include "tests/benchmark/bare_store.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace bench {
namespace {

/// Read from the socket at one time: what one commit of the target can hold.
constexpr std::size_t buffer_bytes = 1024 * bare_record_bytes;

class pair_target {
public:
  pair_target(bare_wire& wire, const std::filesystem::path& data, std::size_t room_bytes,
              std::size_t record_bytes)
      : wire_(wire), store_(data, room_bytes), record_bytes_(record_bytes),
        buffer_(std::max(buffer_bytes, record_bytes)) {}

  void run() {
    for (;;) {
      auto arrived = receive(removed_ == executed_);
      store_.begin();
      for (auto key = removed_; key < executed_; ++key)
        store_.erase(key);
      for (std::size_t i = 0; i < arrived; ++i)
        store_.put(stored_ + i, {buffer_.data() + i * record_bytes_, record_bytes_});
      store_.commit();
      if (removed_ != executed_)
        wire_.write({reinterpret_cast<const char*>(&executed_), sizeof executed_});
      removed_ = executed_;
      execute(arrived);
    }
  }

private:
  /// Whole records that are there now; waits for one when there is nothing else to do.
  std::size_t receive(bool waits) {
    while (filled_ < record_bytes_) {
      auto count = wire_.read_some(buffer_.data() + filled_, buffer_.size() - filled_, waits);
      if (count == 0)
        return 0;
      filled_ += count;
    }
    return filled_ / record_bytes_;
  }

  void execute(std::size_t arrived) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < arrived * record_bytes_; ++i)
      sum += static_cast<unsigned char>(buffer_[i]);
    sum_ = sum;
    executed_ = stored_ = stored_ + arrived;
    auto used = arrived * record_bytes_;
    std::memmove(buffer_.data(), buffer_.data() + used, filled_ - used);
    filled_ -= used;
  }

  bare_wire& wire_;
  bare_store store_;
  std::size_t record_bytes_;
  std::vector<char> buffer_;
  std::size_t filled_ = 0;
  std::uint64_t stored_ = 0, executed_ = 0, removed_ = 0;
  volatile std::uint64_t sum_ = 0;
};

class pair_source {
public:
  pair_source(const std::string& address, const std::filesystem::path& data,
              std::size_t record_bytes)
      : wire_(address), store_(data), content_(record_bytes, 'x') {
    auto use = static_cast<char>(bare_use::pair);
    wire_.write({&use, 1});
    std::uint64_t bytes = record_bytes;
    wire_.write({reinterpret_cast<const char*>(&bytes), sizeof bytes});
  }

  /// One commit: what was answered goes, `count` new records come. Then they are sent.
  void queue(std::size_t count) {
    store_.begin();
    for (; removed_ < answered_; ++removed_)
      store_.erase(removed_);
    for (std::size_t i = 0; i < count; ++i)
      store_.put(queued_++, content_);
    store_.commit();
    batch_.resize(count * content_.size(), 'x');
    wire_.write(batch_);
  }

  void await_answer() {
    wire_.read(reinterpret_cast<char*>(&answered_), sizeof answered_);
    char later[sizeof answered_];
    while (wire_.read_some(later, sizeof later, false) == sizeof later)
      std::memcpy(&answered_, later, sizeof later);
  }

  std::uint64_t answered() const { return answered_; }
  std::size_t outstanding() const { return queued_ - answered_; }

private:
  bare_wire wire_;
  bare_store store_;
  std::string content_, batch_;
  std::uint64_t queued_ = 0, answered_ = 0, removed_ = 0;
};

}  // namespace

void serve_pair(bare_wire& wire, const std::filesystem::path& data, std::size_t room_bytes) {
  std::uint64_t bytes = 0;
  if (wire.read(reinterpret_cast<char*>(&bytes), sizeof bytes))
    pair_target(wire, data, room_bytes, bytes).run();
}

double bare_pair_rate(const std::string& address, const std::filesystem::path& data,
                      std::size_t window, double seconds, std::size_t record_bytes) {
  pair_source source(address, data, record_bytes);
  stopwatch watch;
  while (watch.seconds() < seconds) {
    // In halves, so that both sides have something to do at the same time.
    if (auto room = window - source.outstanding(); room >= (window + 1) / 2)
      source.queue((window + 1) / 2);
    else
      source.await_answer();
  }
  return static_cast<double>(source.answered()) / watch.seconds();
}

std::vector<double> bare_pair_latencies(const std::string& address,
                                        const std::filesystem::path& data, double seconds) {
  pair_source source(address, data, bare_record_bytes);
  std::vector<double> found;
  for (stopwatch all; all.seconds() < seconds;) {
    stopwatch one;
    source.queue(1);
    source.await_answer();
    found.push_back(one.microseconds());
  }
  return found;
}

}  // namespace bench
