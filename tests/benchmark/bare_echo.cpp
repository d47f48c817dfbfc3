#include "tests/benchmark/bare_echo.hpp"

#include "tests/benchmark/bare_pair.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <stdexcept>

namespace bench {

ping_pong::ping_pong(const std::string& address) : wire_(address) {
  auto use = static_cast<char>(bare_use::ping_pong);
  wire_.write({&use, 1});
}

void ping_pong::once() {
  char message[bare_record_bytes] = {};
  wire_.write({message, sizeof message});
  if (!wire_.read(message, sizeof message))
    throw std::runtime_error("the bare peer is gone");
}

std::vector<double> times_of(double seconds, const std::function<void()>& once) {
  std::vector<double> found;
  for (stopwatch all; all.seconds() < seconds;) {
    stopwatch one;
    once();
    found.push_back(one.microseconds());
  }
  return found;
}

double bare_echo_rate(const std::string& address, std::size_t window, double seconds) {
  bare_wire wire(address);
  auto use = static_cast<char>(bare_use::echo);
  wire.write({&use, 1});
  const std::string all(window * bare_record_bytes, 'x');
  std::vector<char> block(all.size());
  wire.write(all);
  std::uint64_t came = 0, answered = 0;
  stopwatch watch;
  while (watch.seconds() < seconds) {
    came += wire.read_some(block.data(), block.size(), true);
    auto now = came / bare_record_bytes;
    wire.write({all.data(), (now - answered) * bare_record_bytes});
    answered = now;
  }
  return static_cast<double>(answered) / watch.seconds();
}

}  // namespace bench
