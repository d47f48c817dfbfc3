#include <holdfast/core/error.hpp>
#include <holdfast/runtime/cluster_wire.hpp>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <deque>
#include <functional>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <vector>

namespace holdfast {
namespace {

using steady = poll_set::steady;

/// On the way in one direction; a sender that sends more is held up, as by a network.
constexpr std::size_t held_bytes_max = 4u << 20;

/// Of a packet, as the losses of the link count them.
constexpr double packet_bytes = 1448;

/// A retransmission waits for so long, and twice as long each time.
constexpr auto stall_min = std::chrono::milliseconds(200);
constexpr int stalls_max = 8;

void without_delay(int socket) {
  int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Closing such a socket sends RST.
void end_hard(int socket) {
  linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/// A socket that connects, or an empty one when the address refuses at once.
sockets::descriptor begin_connect(const std::string& address) {
  auto at = sockets::parse_address(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(at.host.c_str(), at.port.c_str(), &hints, &found) != 0)
    return {};
  sockets::descriptor socket(
      ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  bool is_begun =
      socket
      && (::connect(socket.get(), found->ai_addr, found->ai_addrlen) == 0 || errno == EINPROGRESS);
  ::freeaddrinfo(found);
  return is_begun ? std::move(socket) : sockets::descriptor();
}

sockets::descriptor listen_on_loopback(std::string& address) {
  sockets::descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* as_any = reinterpret_cast<sockaddr*>(&at);
  if (!socket || ::bind(socket.get(), as_any, sizeof at) != 0 || ::listen(socket.get(), 16) != 0
      || ::getsockname(socket.get(), as_any, &size) != 0)
    throw error(errc::bad_config, std::string("no port of loopback is left for a link: ")
                                      + std::strerror(errno) + "; make the cluster smaller");
  address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  return socket;
}

}  // namespace

/// One connection of the dialer, and ours to the target for it.
struct cluster_wire::route {
  struct piece {
    steady::time_point due;
    std::string bytes;
    std::size_t sent = 0;
  };
  /// What goes one way.
  struct stream {
    int from, to;
    std::deque<piece> pieces{};
    std::size_t held = 0;
    bool has_ended = false;  ///< the sender has closed its end
    bool is_done = false;    ///< and so have we, behind the last byte
  };

  route(sockets::descriptor near_end, sockets::descriptor far_end)
      : near(std::move(near_end)),
        far(std::move(far_end)), streams{{{near.get(), far.get()}, {far.get(), near.get()}}} {}

  void reset() {
    end_hard(near.get());
    end_hard(far.get());
    is_over = true;
  }

  void end_connect() {
    int failure = 0;
    socklen_t size = sizeof failure;
    ::getsockopt(far.get(), SOL_SOCKET, SO_ERROR, &failure, &size);
    if (failure != 0)
      return reset();
    without_delay(far.get());
    is_connected = true;
  }

  void read(stream& way, const std::function<duration(std::size_t)>& travel) {
    std::array<char, 65536> buffer;
    auto got = ::recv(way.from, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (got < 0)
      return reset();
    if (got == 0) {
      way.has_ended = true;
      return;
    }
    auto size = static_cast<std::size_t>(got);
    auto due = steady::now() + std::chrono::duration_cast<steady::duration>(travel(size));
    if (!way.pieces.empty())
      due = std::max(due, way.pieces.back().due);
    way.pieces.push_back({due, std::string(buffer.data(), size)});
    way.held += size;
  }

  void write(stream& way) {
    auto now = steady::now();
    while (!way.pieces.empty() && way.pieces.front().due <= now) {
      auto& first = way.pieces.front();
      auto sent = ::send(way.to, first.bytes.data() + first.sent, first.bytes.size() - first.sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
      if (sent < 0)
        return reset();
      first.sent += static_cast<std::size_t>(sent);
      if (first.sent < first.bytes.size())
        continue;
      way.held -= first.bytes.size();
      way.pieces.pop_front();
    }
    if (!way.pieces.empty() || !way.has_ended || way.is_done)
      return;
    way.is_done = true;
    sockets::end_writing(way.to);
    is_over = streams[0].is_done && streams[1].is_done;
  }

  sockets::descriptor near, far;
  std::array<stream, 2> streams;
  bool is_connected = false;
  bool is_over = false;
};

cluster_wire::cluster_wire(std::string dialer, std::string target)
    : dialer_(std::move(dialer)), target_(std::move(target)),
      listener_(listen_on_loopback(address_)), chance_(system_random().next()) {}

cluster_wire::~cluster_wire() = default;

duration cluster_wire::stall(std::size_t bytes, double loss) {
  if (loss <= 0)
    return {};
  std::uniform_real_distribution<double> draw;
  auto packets = std::ceil(static_cast<double>(bytes) / packet_bytes);
  auto lost = 1 - std::pow(1 - loss, packets);  // one of them, the first time
  duration time{};
  for (int i = 0; i < stalls_max && draw(chance_) < (i == 0 ? lost : loss); ++i)
    time += stall_min * (1 << i);
  return time;
}

void cluster_wire::open_route(sockets::descriptor near) {
  without_delay(near.get());
  auto far = target_address_.empty() ? sockets::descriptor() : begin_connect(target_address_);
  if (far)
    routes_.push_back(std::make_unique<route>(std::move(near), std::move(far)));
  else
    end_hard(near.get());
}

void cluster_wire::take_all() {
  for (;;) {
    sockets::descriptor near(
        ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!near)
      return;
    open_route(std::move(near));
  }
}

void cluster_wire::watch(poll_set& turn) {
  std::erase_if(routes_, [](auto& each) { return each->is_over; });
  if (!is_cut())  // a cut link lets nobody in: who dials waits, as for an answer that never comes
    turn.add(listener_.get(), POLLIN, [this] { take_all(); });
  auto now = steady::now();
  for (auto& each : routes_) {
    auto* on = each.get();
    if (!on->is_connected) {
      turn.add(on->far.get(), POLLOUT, [on] { on->end_connect(); });
      continue;
    }
    for (std::size_t i = 0; i < 2; ++i) {
      auto* way = &on->streams[i];
      auto* conditions = &ways_[i];
      if (conditions->is_cut)
        continue;
      if (!way->has_ended && way->held < held_bytes_max)
        turn.add(way->from, POLLIN, [this, on, way, conditions] {
          if (on->is_over)
            return;
          on->read(*way, [&](std::size_t bytes) {
            return conditions->delay + stall(bytes, conditions->loss);
          });
          if (!on->is_over)
            on->write(*way);
        });
      if (!way->pieces.empty() && way->pieces.front().due > now)
        turn.wake_at(way->pieces.front().due);
      else if (!way->pieces.empty() || (way->has_ended && !way->is_done))
        turn.add(way->to, POLLOUT, [on, way] {
          if (!on->is_over)
            on->write(*way);
        });
    }
  }
}

}  // namespace holdfast
