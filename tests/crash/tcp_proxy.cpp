#include "tests/crash/tcp_proxy.hpp"

#include "tests/crash/processes.hpp"

#include <array>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace holdfast::crash {
namespace {

/// False when the connection is over. A reader that does not read holds the other side up, as a network would.
bool pass_on(int from, int to) {
  std::array<char, 65536> buffer{};
  auto got = ::recv(from, buffer.data(), buffer.size(), 0);
  for (ssize_t sent = 0; sent < got;) {
    auto more =
        ::send(to, buffer.data() + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
    if (more <= 0)
      return false;
    sent += more;
  }
  return got > 0;
}

void let_wait(int socket) {
  ::fcntl(socket, F_SETFL, 0);
}

/// Closing such a socket sends RST.
void close_hard(int socket) {
  linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

tcp_proxy::tcp_proxy(const std::string& listen, std::string target)
    : target_(std::move(target)), listener_(listen), acceptor_([this] {
        listener_.accept_all([this](sockets::descriptor accepted, const std::string&) {
          take(std::move(accepted));
        });
      }) {}

tcp_proxy::~tcp_proxy() {
  listener_.stop();
  acceptor_.join();
  cut(how::close);
}

void tcp_proxy::take(sockets::descriptor near) {
  try {
    auto far = sockets::connect_to(target_, patience);
    let_wait(near.get());
    let_wait(far.get());
    std::lock_guard guard(mutex_);
    auto& made = routes_.emplace_back();
    made.near = std::move(near);
    made.far = std::move(far);
    made.wake = sockets::descriptor(::eventfd(0, EFD_CLOEXEC));
    made.carrier = std::thread([&made] { carry(made); });
  } catch (const error&) {
    // Nobody listens behind it: the dialer's connection is closed, and it dials again.
  }
}

void tcp_proxy::carry(route& between) {
  std::array<pollfd, 3> watched{{{between.near.get(), POLLIN, 0},
                                 {between.far.get(), POLLIN, 0},
                                 {between.wake.get(), POLLIN, 0}}};
  for (bool is_told = false; !is_told;) {
    if (::poll(watched.data(), watched.size(), -1) < 0)
      continue;
    is_told = watched[2].revents != 0;
    if (watched[0].revents != 0 && !pass_on(between.near.get(), between.far.get()))
      break;
    if (watched[1].revents != 0 && !pass_on(between.far.get(), between.near.get()))
      break;
  }
  if (between.way == how::reset) {
    close_hard(between.near.get());
    close_hard(between.far.get());
  }
  between.near = {};
  between.far = {};
}

std::size_t tcp_proxy::cut(how way) {
  std::list<route> cut;
  {
    std::lock_guard guard(mutex_);
    cut.swap(routes_);
  }
  for (auto& each : cut) {
    each.way = way;
    ::eventfd_write(each.wake.get(), 1);
    each.carrier.join();
  }
  return cut.size();
}

}  // namespace holdfast::crash
