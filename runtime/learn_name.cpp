#include <holdfast/actors/handshake.hpp>
#include <holdfast/actors/sockets.hpp>
#include <holdfast/core/error.hpp>
#include <holdfast/core/limits.hpp>
#include <holdfast/persistence/identity.hpp>
#include <holdfast/runtime/learn_name.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <poll.h>
#include <sys/socket.h>
#include <thread>
#include <vector>

namespace holdfast {
namespace {

link_hello hello_of(const node_options& asking) {
  link_hello mine;
  mine.cluster = asking.settings.cluster;
  mine.name = asking.name;
  for (auto& each : mine.id.bytes)
    each = static_cast<std::uint8_t>(system_random().next());
  mine.incarnation = 1;
  mine.start_nonce = 1;
  mine.challenge = {system_random().next(), system_random().next()};
  mine.heartbeat_interval = asking.settings.heartbeat_interval;
  mine.silence_max = asking.settings.silence_max;
  mine.window_bytes = asking.settings.window_bytes;
  mine.send_bytes = asking.settings.send_bytes;
  mine.record_bytes_max = limits::record_bytes_max;
  return mine;
}

using steady = std::chrono::steady_clock;

/// Two nodes that are started together: the other one listens soon.
constexpr auto retry_pause = std::chrono::milliseconds(100);

/// Throws errc::link_lost while nobody listens there.
std::string ask_once(const std::string& address, const node_options& asking,
                     steady::time_point until) {
  auto left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(until - steady::now()); };
  auto socket = sockets::connect_to(address, left());
  handshake shake(link_role::dialer, hello_of(asking), "no secret is needed to hear a name");
  auto hello = shake.send_hello();
  if (::send(socket.get(), hello.data(), hello.size(), MSG_NOSIGNAL)
      != static_cast<ssize_t>(hello.size()))
    throw error(errc::link_lost, "the connection broke");
  frame_reader reader;
  for (;;) {
    pollfd event{socket.get(), POLLIN, 0};
    std::array<char, 4096> buffer{};
    if (left().count() <= 0 || ::poll(&event, 1, static_cast<int>(left().count())) <= 0)
      throw error(errc::link_lost, "it is silent");
    auto got = ::recv(socket.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0)
      throw error(errc::link_lost, "it closed the connection");
    std::vector<frame> frames;
    reader.take({buffer.data(), static_cast<std::size_t>(got)}, frames);
    for (auto& each : frames) {
      std::string unsent;
      if (shake.take(each, unsent) == handshake::happened::refused)
        throw error(shake.refused().code, shake.refused().text);
      if (shake.has_peer())
        return shake.peer().name;
    }
  }
}

}  // namespace

std::string learn_name(const std::string& address, const node_options& asking, duration within) {
  auto until = steady::now() + std::chrono::duration_cast<steady::duration>(within);
  for (;;) {
    try {
      return ask_once(address, asking, until);
    } catch (const error& problem) {
      if (problem.code() != errc::link_lost)
        throw;
      if (steady::now() + retry_pause > until)
        throw error(errc::unreachable,
                    "no node answers at " + address + " (" + problem.what() + ")");
    }
    std::this_thread::sleep_for(retry_pause);
  }
}

}  // namespace holdfast
