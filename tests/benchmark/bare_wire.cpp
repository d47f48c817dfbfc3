#include "tests/benchmark/bare_wire.hpp"

#include "tests/benchmark/bare_pair.hpp"

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

void at_once(int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

void ping_pong(bare_wire& wire) {
  char message[bare_record_bytes];
  while (wire.read(message, sizeof message))
    wire.write({message, sizeof message});
}

/// Sends back whatever has come.
void echo(bare_wire& wire) {
  std::vector<char> block(1 << 16);
  for (;;)
    wire.write({block.data(), wire.read_some(block.data(), block.size(), true)});
}

/// Answers with one byte when the peer says, by a zero byte, that it has sent all.
void sink(bare_wire& wire) {
  std::vector<char> block(1 << 16);
  for (;;) {
    auto count = wire.read_some(block.data(), block.size(), true);
    if (block[count - 1] == 0)
      wire.write("x");
  }
}

void serve(int fd, const std::string& data) try {
  bare_wire wire(fd);
  char use = 0;
  wire.read(&use, 1);
  switch (static_cast<bare_use>(use)) {
  case bare_use::ping_pong: ping_pong(wire); return;
  case bare_use::sink: sink(wire); return;
  case bare_use::echo: echo(wire); return;
  case bare_use::pair: serve_pair(wire, data, std::size_t{64} << 20); return;
  case bare_use::small_pair: serve_pair(wire, data, 0); return;
  }
} catch (const std::exception&) {
  // The peer closed: this connection's measurement is over.
}

}  // namespace

bare_wire::bare_wire(int fd) : fd_(fd) {
  at_once(fd_);
}

bare_wire::bare_wire(const std::string& address)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto at = loopback(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
  if (fd_ < 0 || connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error("cannot connect to " + address);
  at_once(fd_);
}

bare_wire::~bare_wire() {
  close(fd_);
}

void bare_wire::write(std::string_view bytes) {
  while (!bytes.empty()) {
    auto count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0)
      throw std::runtime_error("the bare peer is gone");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool bare_wire::read(char* into, std::size_t bytes) {
  for (std::size_t done = 0; done < bytes;) {
    auto count = recv(fd_, into + done, bytes - done, 0);
    if (count <= 0)
      return false;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

std::size_t bare_wire::read_some(char* into, std::size_t bytes, bool waits) {
  auto count = recv(fd_, into, bytes, waits ? 0 : MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return 0;
  if (count <= 0)
    throw std::runtime_error("the bare peer is gone");
  return static_cast<std::size_t>(count);
}

int serve_bare(const std::string& data) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto at = loopback(0);
  socklen_t size = sizeof at;
  if (bind(listener, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listener, 128) != 0
      || getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return 1;
  std::printf("127.0.0.1:%d\n", ntohs(at.sin_port));
  std::fflush(stdout);
  for (int number = 0;; ++number) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0)
      std::thread(serve, fd, data + "/" + std::to_string(number)).detach();
  }
}

}  // namespace bench
