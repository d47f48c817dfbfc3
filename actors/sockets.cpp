#include <holdfast/actors/sockets.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>

namespace holdfast::sockets {

namespace {

constexpr int backlog = 128;
constexpr int pause_ms = 50;  // after the system ran out of descriptors or memory

std::string why(int number) {
  return std::generic_category().message(number);
}

using address_list = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

address_list look_up(const endpoint& at, bool is_passive) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (is_passive ? AI_PASSIVE : 0);
  addrinfo* found = nullptr;
  auto result = ::getaddrinfo(at.host.c_str(), at.port.c_str(), &hints, &found);
  if (result != 0)
    throw error(is_passive ? errc::bad_config : errc::link_lost,
                "the host '" + at.host + "' cannot be resolved: "
                    + (result == EAI_SYSTEM ? why(errno) : std::string(::gai_strerror(result))));
  return {found, ::freeaddrinfo};
}

std::string text_of(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getnameinfo(address, size, host.data(), host.size(), port.data(), port.size(),
                    NI_NUMERICHOST | NI_NUMERICSERV)
      != 0)
    return "unknown address";
  auto is_v6 = address->sa_family == AF_INET6;
  return (is_v6 ? "[" : "") + std::string(host.data()) + (is_v6 ? "]:" : ":") + port.data();
}

void set_flag(int socket, int level, int name) {
  int on = 1;
  ::setsockopt(socket, level, name, &on, sizeof on);
}

// Waits for a non-blocking connect. The timer is the deadline of all attempts together.
int wait_connected(int socket, int timer) {
  std::array<pollfd, 2> waits{pollfd{socket, POLLOUT, 0}, pollfd{timer, POLLIN, 0}};
  while (::poll(waits.data(), waits.size(), -1) < 0)
    if (errno != EINTR)
      return errno;
  if (waits[0].revents == 0)
    return ETIMEDOUT;
  int failure = 0;
  socklen_t size = sizeof failure;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &size) != 0)
    return errno;
  return failure;
}

descriptor timer_for(duration within) {
  descriptor timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  itimerspec when{};
  auto ns = std::max<std::int64_t>(within.count(), 1);
  when.it_value.tv_sec = ns / 1'000'000'000;
  when.it_value.tv_nsec = ns % 1'000'000'000;
  if (!timer || ::timerfd_settime(timer.get(), 0, &when, nullptr) != 0)
    throw error(errc::link_lost, "no timer for a dial: " + why(errno));
  return timer;
}

}  // namespace

descriptor::~descriptor() {
  if (number_ >= 0)
    ::close(number_);
}

endpoint parse_address(std::string_view address) {
  auto bad = [&](const char* what) {
    return error(errc::bad_config, "the address '" + std::string(address) + "' " + what
                                       + "; write HOST:PORT, as in 127.0.0.1:7101 or [::1]:7101");
  };
  auto colon = address.rfind(':');
  if (colon == std::string_view::npos)
    throw bad("has no port");
  auto host = address.substr(0, colon);
  auto port = address.substr(colon + 1);
  if (host.size() > 1 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    throw bad("has an IPv6 host without brackets");
  if (host.empty())
    throw bad("has no host");
  std::uint16_t number = 0;
  auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || failure != std::errc{} || end != port.data() + port.size())
    throw bad("has a port that is no number from 0 to 65535");
  return {std::string(host), std::string(port)};
}

listener::listener(const std::string& address) {
  auto list = look_up(parse_address(address), true);
  auto& first = *list;
  socket_ = descriptor(
      ::socket(first.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, first.ai_protocol));
  wake_ = descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!socket_ || !wake_)
    throw error(errc::bad_config, "cannot listen on " + address + ": " + why(errno));
  set_flag(socket_.get(), SOL_SOCKET, SO_REUSEADDR);
  if (first.ai_family == AF_INET6)
    set_flag(socket_.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (::bind(socket_.get(), first.ai_addr, first.ai_addrlen) != 0
      || ::listen(socket_.get(), backlog) != 0) {
    auto reason = errno;
    std::string remedy = "choose an address of this machine";
    if (reason == EADDRINUSE)
      remedy = "another process has it; choose another port or stop that process";
    else if (reason == EACCES)
      remedy = "choose a port above 1023";
    throw error(errc::bad_config,
                "cannot listen on " + address + ": " + why(reason) + "; " + remedy);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  auto* as_any = reinterpret_cast<sockaddr*>(&bound);
  if (::getsockname(socket_.get(), as_any, &size) != 0)
    throw error(errc::bad_config, "cannot listen on " + address + ": " + why(errno));
  address_ = text_of(as_any, size);
}

void listener::stop() {
  std::uint64_t one = 1;
  [[maybe_unused]] auto written = ::write(wake_.get(), &one, sizeof one);
}

bool listener::pause_or_stop() {
  pollfd wait{wake_.get(), POLLIN, 0};
  return ::poll(&wait, 1, pause_ms) > 0;
}

void listener::accept_all(function_ref<void(descriptor, std::string)> take) {
  for (;;) {
    std::array<pollfd, 2> waits{pollfd{socket_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR)
      return;
    if (waits[1].revents != 0) {
      socket_ = descriptor();
      return;
    }
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* as_any = reinterpret_cast<sockaddr*>(&from);
    descriptor accepted(::accept4(socket_.get(), as_any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (accepted)
      take(std::move(accepted), text_of(as_any, size));
    else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED && pause_or_stop())
      return;
  }
}

descriptor connect_to(const std::string& address, duration within) {
  auto timer = timer_for(within);
  auto list = look_up(parse_address(address), false);
  int reason = 0;
  bool is_refused = true;
  for (auto* at = list.get(); at; at = at->ai_next) {
    descriptor socket(
        ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, at->ai_protocol));
    if (!socket) {
      reason = errno;
      is_refused = false;
      continue;
    }
    set_flag(socket.get(), IPPROTO_TCP, TCP_NODELAY);
    reason = ::connect(socket.get(), at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (reason == EINPROGRESS || reason == EINTR)
      reason = wait_connected(socket.get(), timer.get());
    if (reason == 0)
      return socket;
    is_refused &= reason == ECONNREFUSED;
  }
  auto text = "cannot connect to " + address + ": " + why(reason);
  if (is_refused && reason == ECONNREFUSED)
    throw nobody_listens(errc::link_lost, text);
  throw error(errc::link_lost, text);
}

descriptor duplicate(int socket) {
  return descriptor(::fcntl(socket, F_DUPFD_CLOEXEC, 0));
}

std::size_t send_some(int socket, std::string_view bytes) {
  if (bytes.empty())
    return 0;
  auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool has_unread(int socket) {
  int bytes = 0;
  return ::ioctl(socket, FIONREAD, &bytes) == 0 && bytes > 0;
}

void end_writing(int socket) {
  ::shutdown(socket, SHUT_WR);
}

void cut(int socket) {
  ::shutdown(socket, SHUT_RDWR);
}

}  // namespace holdfast::sockets
