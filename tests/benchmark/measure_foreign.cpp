#include "tests/benchmark/bare_wire.hpp"
#include "tests/benchmark/measurements.hpp"
#include "tests/benchmark/stopwatch.hpp"

#include <holdfast/runtime/foreign_codec.hpp>
#include <holdfast/runtime/foreign_frames.hpp>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using namespace std::chrono_literals;

std::string frame_of(std::string method, holdfast::array params, holdfast::foreign_body body) {
  std::string frame;
  holdfast::append_foreign_frame(
      frame, holdfast::encode_foreign({std::move(method), std::move(params), {}, body}));
  return frame;
}

/// A foreign node that has been welcomed: from then on it only writes.
void introduce(bare_wire& wire, holdfast::foreign_body body) {
  wire.write(frame_of("holdfast.hello", {holdfast::dict{{"name", "bench-foreign"}}}, body));
  unsigned char length[4] = {};
  if (!wire.read(reinterpret_cast<char*>(length), sizeof length))
    throw std::runtime_error("the gateway closed the connection");
  std::string answer((length[2] << 8) | length[3], 0);
  if (!wire.read(answer.data(), answer.size())
      || answer.find("holdfast.welcome") == std::string::npos)
    throw std::runtime_error("the gateway does not welcome the benchmark: " + answer);
}

/// The messages are encoded beforehand: what is measured is the gateway.
double rate_of_foreign(bench_rig& rig, holdfast::foreign_body body) {
  bare_wire wire(rig.nodes.foreign_address());
  introduce(wire, body);
  auto one = frame_of(std::string(message.name()), {argument}, body);
  constexpr std::uint64_t batch = 128;
  std::string messages;
  for (std::uint64_t i = 0; i < batch; ++i)
    messages += one;
  auto target = rig.nodes.target();
  auto before = target.call(messages_taken).value();
  std::uint64_t sent = 0;
  stopwatch watch;
  for (; watch.seconds() < rig.seconds; sent += batch)
    wire.write(messages);
  while (target.call(messages_taken).value() - before < sent)
    std::this_thread::sleep_for(50us);
  return static_cast<double>(sent) / watch.seconds();
}

}  // namespace

void measure_foreign(bench_rig& rig) {
  auto native = rate_of_sends(rig.nodes, rig.seconds);
  auto json = rate_of_foreign(rig, holdfast::foreign_body::json);
  auto xml = rate_of_foreign(rig, holdfast::foreign_body::xml);
  rig.found.add("foreign messages, JSON", "/s", "native send", {json, native});
  rig.found.add("foreign messages, XML-RPC", "/s", "native send", {xml, native});
}

}  // namespace bench
