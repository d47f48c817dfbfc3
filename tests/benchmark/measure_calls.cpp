#include "tests/benchmark/bare_echo.hpp"
#include "tests/benchmark/bare_pair.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <chrono>
#include <functional>
#include <thread>
#include <vector>

namespace bench {
namespace {

using namespace std::chrono_literals;

constexpr unsigned callers = 64;

/// `make` gives each thread what it does over and over.
double rate_of_threads(double seconds, const std::function<std::function<void()>()>& make) {
  std::vector<std::uint64_t> counts(callers);
  std::vector<std::thread> threads;
  stopwatch all;
  for (auto& count : counts)
    threads.emplace_back([&count, seconds, once = make()] {
      for (stopwatch watch; watch.seconds() < seconds; ++count)
        once();
    });
  std::uint64_t sum = 0;
  for (unsigned i = 0; i < callers; ++i) {
    threads[i].join();
    sum += counts[i];
  }
  return static_cast<double>(sum) / all.seconds();
}

double bare_stream_rate(const std::string& address, double seconds) {
  bare_wire wire(address);
  auto use = static_cast<char>(bare_use::sink);
  wire.write({&use, 1});
  constexpr std::size_t batch = 512;
  std::string messages(batch * bare_record_bytes, 'x');
  std::uint64_t count = 0;
  stopwatch watch;
  for (; watch.seconds() < seconds; count += batch)
    wire.write(messages);
  messages.back() = 0;
  wire.write(messages);
  char answer = 0;
  wire.read(&answer, 1);
  return static_cast<double>(count + batch) / watch.seconds();
}

}  // namespace

double rate_of_sends(node_pair& nodes, double seconds) {
  auto target = nodes.target();
  auto before = target.call(messages_taken).value();
  std::uint64_t sent = 0;
  stopwatch watch;
  while (watch.seconds() < seconds) {
    if (target.send(message, argument))
      ++sent;
    else
      std::this_thread::sleep_for(50us);
  }
  while (target.call(messages_taken).value() - before < sent)
    std::this_thread::sleep_for(50us);
  return static_cast<double>(sent) / watch.seconds();
}

void measure_calls(bench_rig& rig) {
  auto target = rig.nodes.target();
  auto call = [target] { target.call(echo, argument).value(); };
  auto ours = times_of(rig.seconds, call);
  ping_pong bare_wire(rig.bare_address);
  auto bare = times_of(rig.seconds, [&] { bare_wire.once(); });
  rig.found.add("call, one at a time, p50", "us", "TCP ping-pong",
                {percentile(ours, 0.5), percentile(bare, 0.5)});
  rig.found.add("call, one at a time, p99", "us", "TCP ping-pong",
                {percentile(ours, 0.99), percentile(bare, 0.99)});
  auto rate = [&](const std::vector<double>& times) {
    return static_cast<double>(times.size()) / rig.seconds;
  };
  rig.found.add("call, one at a time", "/s", "TCP ping-pong", {rate(ours), rate(bare)});

  auto our_rate = rate_of_threads(rig.seconds, [&]() -> std::function<void()> { return call; });
  auto bare_rate = rate_of_threads(rig.seconds, [&]() -> std::function<void()> {
    return [wire = std::make_shared<ping_pong>(rig.bare_address)] { wire->once(); };
  });
  rig.found.add("call, from 64 threads", "/s", "TCP ping-pong, 64 connections",
                {our_rate, bare_rate});
}

void measure_messages(bench_rig& rig) {
  rig.found.add(
      "send", "/s", "TCP, writes of 64 KiB",
      {rate_of_sends(rig.nodes, rig.seconds), bare_stream_rate(rig.bare_address, rig.seconds)});
}

}  // namespace bench
