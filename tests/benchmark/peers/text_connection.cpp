#include "tests/benchmark/peers/text_connection.hpp"

#include "tests/benchmark/peers/contender.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace bench::peers {

text_connection::text_connection(int port)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int at_once = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  if (connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    close(socket_);
    throw std::runtime_error("nobody takes connections at port " + std::to_string(port));
  }
}

text_connection::~text_connection() {
  close(socket_);
}

void text_connection::flush() {
  for (std::size_t sent = 0; sent < unsent_.size();) {
    auto count = send(socket_, unsent_.data() + sent, unsent_.size() - sent, MSG_NOSIGNAL);
    if (count <= 0)
      throw std::runtime_error("the server closed the connection");
    sent += static_cast<std::size_t>(count);
  }
  unsent_.clear();
}

std::string_view text_connection::line() {
  for (std::size_t searched = used_;;) {
    auto end = read_.find("\r\n", searched);
    if (end != read_.npos) {
      auto found = std::string_view(read_).substr(used_, end - used_);
      used_ = end + 2;
      return found;
    }
    searched = read_.size() - used_;
    read_more();
    searched = searched > 0 ? searched - 1 : 0;
  }
}

std::string_view text_connection::bytes(std::size_t count) {
  while (read_.size() - used_ < count)
    read_more();
  auto found = std::string_view(read_).substr(used_, count);
  used_ += count;
  return found;
}

bool text_connection::has_more(bool waits) {
  if (used_ < read_.size())
    return true;
  pollfd ready{socket_, POLLIN, 0};
  return poll(&ready, 1, waits ? static_cast<int>(patience.count()) : 0) > 0;
}

void text_connection::read_more() {
  constexpr std::size_t most = 64 << 10;
  read_.erase(0, used_);
  used_ = 0;
  auto before = read_.size();
  read_.resize(before + most);
  auto count = recv(socket_, read_.data() + before, most, 0);
  read_.resize(before + static_cast<std::size_t>(count > 0 ? count : 0));
  if (count <= 0)
    throw std::runtime_error("the server closed the connection");
}

}  // namespace bench::peers
