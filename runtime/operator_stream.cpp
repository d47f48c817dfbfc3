#include <holdfast/core/error.hpp>
#include <holdfast/runtime/operator_stream.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace holdfast {
namespace {

sockaddr_un address_of(const operator_address& address) {
  sockaddr_un raw{};
  raw.sun_family = AF_UNIX;
  std::memcpy(raw.sun_path, address.path().c_str(), address.path().size() + 1);
  return raw;
}

sockets::descriptor open_socket() {
  return sockets::descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

}  // namespace

std::optional<std::string> line_stream::read_line() {
  std::size_t searched = 0;
  for (;;) {
    auto end = unread_.find('\n', searched);
    if (end != std::string::npos) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    searched = unread_.size();
    if (unread_.size() > line_bytes_max_)
      return std::nullopt;
    char chunk[65536];
    auto got = ::recv(socket_.get(), chunk, sizeof chunk, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return std::nullopt;
    unread_.append(chunk, static_cast<std::size_t>(got));
  }
}

bool line_stream::write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void line_stream::shut_down() {
  ::shutdown(socket_.get(), SHUT_RDWR);
}

operator_address::operator_address(const std::filesystem::path& directory)
    : directory_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
  if (!directory_)
    throw error(errc::bad_config, "the data directory " + directory.string()
                                      + " cannot be used: " + std::strerror(errno));
  path_ = (directory / "operator.sock").string();
  if (path_.size() >= sizeof(sockaddr_un::sun_path))
    path_ = "/proc/self/fd/" + std::to_string(directory_.get()) + "/operator.sock";
}

sockets::descriptor listen_at(const operator_address& address) {
  auto socket = open_socket();
  auto raw = address_of(address);
  ::unlink(address.path().c_str());
  // The file takes its mode from the socket, so it is owner-only from its first moment.
  if (!socket || ::fchmod(socket.get(), 0600) != 0
      || ::bind(socket.get(), reinterpret_cast<sockaddr*>(&raw), sizeof raw) != 0
      || ::chmod(address.path().c_str(), 0600) != 0 || ::listen(socket.get(), 64) != 0)
    return {};
  return socket;
}

sockets::descriptor connect_to(const operator_address& address) {
  auto socket = open_socket();
  auto raw = address_of(address);
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&raw), sizeof raw) != 0)
    return {};
  return socket;
}

bool is_own_peer(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0
         && (peer.uid == ::geteuid() || peer.uid == 0);
}

}  // namespace holdfast
