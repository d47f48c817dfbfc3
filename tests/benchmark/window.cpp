#include "tests/benchmark/window.hpp"

#include "tests/benchmark/stopwatch.hpp"

#include <chrono>
#include <deque>
#include <thread>

namespace bench {
namespace {

using namespace std::chrono_literals;

/// Between two looks. A small window is empty soon.
std::chrono::microseconds pause_of(std::size_t window) {
  return window < 500 ? 10us : 50us;
}

}  // namespace

double windowed_rate(double seconds, std::size_t window,
                     const std::function<holdfast::queue_ticket()>& queue,
                     const std::function<std::uint64_t(std::uint64_t on_disk)>& open) {
  std::deque<holdfast::queue_ticket> on_their_way;
  std::uint64_t count = 0;
  stopwatch watch;
  while (watch.seconds() < seconds) {
    while (!on_their_way.empty() && on_their_way.front().is_ready())
      on_their_way.pop_front();
    auto outstanding = on_their_way.size() + open(count - on_their_way.size());
    if (outstanding >= window) {
      std::this_thread::sleep_for(pause_of(window));
      continue;
    }
    for (; outstanding < window; ++outstanding, ++count)
      on_their_way.push_back(queue());
  }
  for (auto& ticket : on_their_way)
    ticket.get();
  while (open(count) > 0)
    std::this_thread::sleep_for(pause_of(window));
  return static_cast<double>(count) / watch.seconds();
}

}  // namespace bench
